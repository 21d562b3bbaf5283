#include "agent/engine/file.h"

#include "lib/base/map.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct flume_err *err, const char *folder, const char *name)
{
	int why = errno;
	return flume_fail(err, why == ENOENT ? FLUME_NOT_FOUND : FLUME_IO, "%s/%s: %s", folder,
			  name, strerror(why));
}

static int open_folder(const char *folder, struct flume_err *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(err, folder, "") : fd;
}

static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int rc = fsync(fd);
	int why = errno;
	close(fd);
	errno = why;
	return rc;
}

/* What a new folder holds outlives a power failure only when the folder does. */
static int make(const char *path, char *slash)
{
	if (mkdir(path, 0777))
		return errno == EEXIST ? 0 : -1;
	if (!slash)
		return sync_folder(".");
	if (slash == path)
		return sync_folder("/");
	*slash = '\0';
	int rc = sync_folder(path);
	*slash = '/';
	return rc;
}

static int make_all(char *path)
{
	int rc = 0;
	char *before = *path == '/' ? path : NULL;
	for (char *slash = path; !rc && (slash = strchr(slash + 1, '/')); before = slash) {
		*slash = '\0';
		rc = make(path, before);
		*slash = '/';
	}
	return rc ? rc : make(path, before);
}

int file_make_folder(const char *folder, struct flume_err *err)
{
	char *path = strdup(folder);
	if (!path)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = make_all(path);
	int why = errno;
	free(path);
	return rc ? flume_fail(err, FLUME_IO, "%s: %s", folder, strerror(why)) : 0;
}

/* ---- writing ---- */

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_aside(int folder, const char *name, const char *bytes, size_t len,
		       bool durable)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0666);
	if (fd < 0)
		return -1;
	int rc = write_all(fd, bytes, len) || (durable && fsync(fd)) ? -1 : 0;
	int why = errno;
	if (close(fd) && !rc) {
		rc = -1;
		why = errno;
	}
	errno = why;
	return rc;
}

static int replace(int folder, const char *aside, const char *name, const char *bytes,
		   size_t len, bool durable)
{
	if (!write_aside(folder, aside, bytes, len, durable) &&
	    !renameat(folder, aside, folder, name) && (!durable || !fsync(folder)))
		return 0;
	int why = errno;
	unlinkat(folder, aside, 0);
	errno = why;
	return -1;
}

int file_write(const char *folder, const char *name, const char *bytes, size_t len,
	       bool durable, struct flume_err *err)
{
	struct text aside = {0};
	text_addf(&aside, ".%s", name);
	int fd = aside.failed ? flume_fail(err, FLUME_NOMEM, "out of memory")
			      : open_folder(folder, err);
	int rc = fd < 0 ? fd : 0;
	if (!rc && replace(fd, aside.s, name, bytes, len, durable))
		rc = fail(err, folder, name);
	if (fd >= 0)
		close(fd);
	text_fini(&aside);
	return rc;
}

int file_remove(const char *folder, const char *name, bool durable, struct flume_err *err)
{
	int fd = open_folder(folder, err);
	if (fd < 0)
		return fd;
	int rc = 0;
	if (unlinkat(fd, name, 0) ? errno != ENOENT : durable && fsync(fd))
		rc = fail(err, folder, name);
	close(fd);
	return rc;
}

/* ---- reading ---- */

static int read_all(int fd, size_t most, struct text *into)
{
	char piece[16384];
	ssize_t n;
	while (into->len <= most && (n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno != EINTR)
			return FLUME_IO;
		if (n > 0)
			text_add_n(into, piece, (size_t)n);
		if (into->failed)
			return FLUME_NOMEM;
	}
	return into->len > most ? FLUME_LIMITED : 0;
}

int file_read(const char *folder, const char *name, size_t most, char **out, size_t *out_len,
	      struct flume_err *err)
{
	struct text bytes = {0};
	int at = open_folder(folder, err);
	if (at < 0)
		return at;
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	close(at);
	if (fd < 0)
		return fail(err, folder, name);
	int rc = read_all(fd, most, &bytes);
	if (rc == FLUME_IO)
		rc = fail(err, folder, name);
	else if (rc)
		flume_fail(err, rc, "%s/%s: %s", folder, name,
			   rc == FLUME_LIMITED ? "too large" : "out of memory");
	close(fd);
	if (rc) {
		text_fini(&bytes);
		return rc;
	}
	*out_len = bytes.len;
	*out = text_take(&bytes);
	return *out ? 0 : flume_fail(err, FLUME_NOMEM, "out of memory");
}

static int collect(DIR *stream, struct map *names)
{
	struct dirent *entry;
	while ((entry = readdir(stream))) {
		const char *name = entry->d_name;
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (*name == '.')
			unlinkat(dirfd(stream), name, 0);
		else if (map_add(names, name, names))
			return FLUME_NOMEM;
	}
	return 0;
}

int file_list(const char *folder, char ***out, struct flume_err *err)
{
	struct map names = {0};
	DIR *stream = opendir(folder);
	if (!stream)
		return fail(err, folder, "");
	int rc = collect(stream, &names);
	/* The process before may have died between rename and fsync. */
	(void)fsync(dirfd(stream));
	closedir(stream);
	char **list = rc ? NULL : map_dup_names(&names);
	map_fini(&names);
	if (!list)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*out = list;
	return 0;
}
