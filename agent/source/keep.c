#include "agent/source/keep.h"

#include "agent/source/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const suffixes[] = {".json", ".yaml", ".yml"};
#define SUFFIXES (sizeof suffixes / sizeof *suffixes)

struct place { /* a file in the folder; the name of a schema has 128 bytes at the most */
	char file[NAME_MAX + 1];
};

static struct place place_of(const char *name, const char *suffix)
{
	struct place p;
	snprintf(p.file, sizeof p.file, "%s%s", name, suffix);
	return p;
}

static int fail(struct flume_err *err, const char *dir, const char *file)
{
	return flume_fail(err, FLUME_IO, "%s/%s: %s", dir, file, strerror(errno));
}

static int open_dir(const char *dir, struct flume_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? flume_fail(err, FLUME_IO, "%s: %s", dir, strerror(errno)) : fd;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) == 0;
}

/* A hidden file beside it, which whoever follows the folder does not look at. */
static bool write_beside(int dir, const char *file, const char *text, size_t len)
{
	int fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	bool good = write_all(fd, text, len);
	return close(fd) == 0 && good;
}

/* The suffix under which a schema of this format is kept: the one it has, if it may have it. */
static const char *suffix_for(int dir, const char *name, enum flume_format format)
{
	if (format == FLUME_JSON)
		return ".json";
	struct place yml = place_of(name, ".yml"), yaml = place_of(name, ".yaml");
	bool has_yml = !faccessat(dir, yml.file, F_OK, 0);
	bool has_yaml = !faccessat(dir, yaml.file, F_OK, 0);
	return has_yml && !has_yaml ? ".yml" : ".yaml";
}

/* How many there were, or -1. */
static int remove_all(int dir, const char *name, const char *but, struct place *out_failed)
{
	int removed = 0;
	for (size_t i = 0; i < SUFFIXES; i++) {
		struct place p = place_of(name, suffixes[i]);
		enum flume_format format;
		if (!slurp_stem(p.file, &format) || (but && !strcmp(suffixes[i], but)))
			continue;
		if (!unlinkat(dir, p.file, 0)) {
			removed++;
		} else if (errno != ENOENT) {
			*out_failed = p;
			return -1;
		}
	}
	return removed;
}

int keep_save(const char *dir, const char *name, const char *text, size_t len,
	      enum flume_format format, struct flume_err *err)
{
	int fd = open_dir(dir, err);
	if (fd < 0)
		return fd;
	const char *suffix = suffix_for(fd, name, format);
	struct place file = place_of(name, suffix), beside, failed;
	if (!slurp_stem(file.file, &format)) {
		close(fd);
		return flume_fail(err, FLUME_IO, "%s/%s would not be read again", dir,
				  file.file);
	}
	snprintf(beside.file, sizeof beside.file, ".%.200s.new", name);
	int code = 0;
	if (!write_beside(fd, beside.file, text, len) ||
	    renameat(fd, beside.file, fd, file.file)) {
		code = fail(err, dir, file.file);
		unlinkat(fd, beside.file, 0);
	} else if (remove_all(fd, name, suffix, &failed) < 0) {
		code = fail(err, dir, failed.file);
	}
	(void)fsync(fd);
	close(fd);
	return code;
}

int keep_remove(const char *dir, const char *name, struct flume_err *err)
{
	int fd = open_dir(dir, err);
	if (fd < 0)
		return fd;
	struct place failed;
	int removed = remove_all(fd, name, NULL, &failed);
	int code = removed > 0    ? 0
		   : removed == 0 ? flume_fail(err, FLUME_NOT_FOUND, "no file for '%s'", name)
				  : fail(err, dir, failed.file);
	(void)fsync(fd);
	close(fd);
	return code;
}
