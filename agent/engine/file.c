#include "agent/engine/file.h"

#include "lib/base/map.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

static int try_folder(const char *folder)
{
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_folder(const char *folder, struct flume_err *err)
{
	int fd = try_folder(folder);
	return fd < 0 ? fail(err, folder, "") : fd;
}

/* Also when it could not be opened: then errno says why. */
static int sync_and_close(int fd)
{
	if (fd < 0)
		return -1;
	int rc = fsync(fd);
	int why = errno;
	close(fd);
	errno = why;
	return rc;
}

static int sync_folder(const char *folder)
{
	return sync_and_close(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
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
	char path[PATH_MAX];
	if (!memccpy(path, folder, '\0', sizeof path))
		errno = ENAMETOOLONG;
	else if (!make_all(path))
		return 0;
	return flume_fail(err, FLUME_IO, "%s: %s", folder, strerror(errno));
}

/* Where something is to be written: made when it is gone. */
static int open_or_make(const char *folder, bool *out_made, struct flume_err *err)
{
	int fd = try_folder(folder);
	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? fail(err, folder, "") : fd;
	int rc = file_make_folder(folder, err);
	if (rc)
		return rc;
	*out_made = true;
	return open_folder(folder, err);
}

/* ---- writing ---- */

#define ASIDE_SIZE (FILE_NAME_MOST + 1)

static void name_aside(char out[ASIDE_SIZE], const char *name)
{
	snprintf(out, ASIDE_SIZE, ".%s", name);
}

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
	bool made = false;
	char aside[ASIDE_SIZE];
	name_aside(aside, name);
	int fd = open_or_make(folder, &made, err);
	if (fd < 0)
		return fd;
	int rc = replace(fd, aside, name, bytes, len, durable) ? fail(err, folder, name) : 0;
	close(fd);
	return rc;
}

int file_remove(const char *folder, const char *name, bool durable, struct flume_err *err)
{
	int fd = try_folder(folder);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(err, folder, "");
	int rc = 0;
	if (unlinkat(fd, name, 0) ? errno != ENOENT : durable && fsync(fd))
		rc = fail(err, folder, name);
	close(fd);
	return rc;
}

/* ---- many at once ---- */

/* Each fsync waits for the disk by itself.  syncfs waits once, though also for what others have
 * written there; a few files are not worth that.  It tells of errors since Linux 5.8. */
#define FEW 8

static int put_aside(int folder, const struct file_item *item)
{
	char aside[ASIDE_SIZE];
	name_aside(aside, item->name);
	return item->bytes ? write_aside(folder, aside, item->bytes, item->len, false) : 0;
}

static int sync_aside(int folder, const struct file_item *item)
{
	char aside[ASIDE_SIZE];
	if (!item->bytes)
		return 0;
	name_aside(aside, item->name);
	return sync_and_close(openat(folder, aside, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

static void name_before(char out[ASIDE_SIZE], const char *name, unsigned back)
{
	snprintf(out, ASIDE_SIZE, back ? "%s@%u" : "%s", name, back);
}

static int missing_is_fine(int rc)
{
	return rc && errno == ENOENT ? 0 : rc;
}

/* The oldest first, so that what is left when it is killed is still in order. */
static int remove_all(int folder, const struct file_item *item)
{
	char name[ASIDE_SIZE];
	for (unsigned back = item->keep + 1; back-- > 0;) {
		name_before(name, item->name, back);
		if (missing_is_fine(unlinkat(folder, name, 0)))
			return -1;
	}
	return 0;
}

static int move_back(int folder, const struct file_item *item)
{
	char from[ASIDE_SIZE], to[ASIDE_SIZE];
	for (unsigned back = item->in_place ? 0 : item->keep; back > 0; back--) {
		name_before(from, item->name, back - 1);
		name_before(to, item->name, back);
		if (missing_is_fine(renameat(folder, from, folder, to)))
			return -1;
	}
	return 0;
}

static int put_in_place(int folder, const struct file_item *item)
{
	char aside[ASIDE_SIZE];
	if (!item->bytes)
		return remove_all(folder, item);
	name_aside(aside, item->name);
	return move_back(folder, item) ? -1 : renameat(folder, aside, folder, item->name);
}

/* Those that could be written, all of them. */
static int sync_all(int folder, const struct file_item *items, size_t n)
{
	int rc = 0;
	if (n > FEW)
		return syncfs(folder);
	for (size_t i = 0; i < n && !rc; i++)
		rc = sync_aside(folder, &items[i]);
	return rc;
}

typedef int step_fn(int folder, const struct file_item *);

/* Returns how many it could be done for; `*out_why` of the next. */
static size_t each(step_fn *step, int folder, const struct file_item *items, size_t n,
		   int *out_why)
{
	for (size_t i = 0; i < n; i++) {
		if (!step(folder, &items[i]))
			continue;
		*out_why = errno;
		return i;
	}
	return n;
}

static void clear_aside(int folder, const struct file_item *items, size_t n)
{
	char aside[ASIDE_SIZE];
	for (size_t i = 0; i < n; i++) {
		name_aside(aside, items[i].name);
		unlinkat(folder, aside, 0);
	}
}

static size_t commit(int folder, const struct file_item *items, size_t n, int *out_why)
{
	size_t done = each(put_aside, folder, items, n, out_why);
	size_t tried = done < n ? done + 1 : n;
	if (sync_all(folder, items, done)) {
		*out_why = errno;
		done = 0;
	}
	done = each(put_in_place, folder, items, done, out_why);
	if (done < n)
		clear_aside(folder, items + done, tried - done);
	if (done && fsync(folder)) {
		*out_why = errno;
		return 0;
	}
	return done;
}

int file_commit(const char *folder, const struct file_item *items, size_t n, size_t *out_done,
		bool *out_made, struct flume_err *err)
{
	int why = 0;
	*out_done = 0;
	*out_made = false;
	int fd = open_or_make(folder, out_made, err);
	if (fd < 0)
		return fd;
	*out_done = commit(fd, items, n, &why);
	close(fd);
	if (*out_done == n)
		return 0;
	errno = why;
	fail(err, folder, items[*out_done].name);
	return FLUME_IO;
}

int file_probe(const char *folder, bool *out_made, struct flume_err *err)
{
	static const char name[] = ".probe";
	*out_made = false;
	int fd = open_or_make(folder, out_made, err);
	if (fd < 0)
		return fd;
	int rc = write_aside(fd, name, name, sizeof name, false) ? fail(err, folder, name) : 0;
	unlinkat(fd, name, 0);
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
