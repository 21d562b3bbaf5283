/*
 * killpoint.c - a library to preload: the process dies when it touches a folder the n-th time.
 *
 *   KILLPOINT_DIR  the folder, absolute and without links; what is done elsewhere is not
 * counted KILLPOINT      "rename:2": SIGKILL instead of the second rename.  Also write, fsync,
 * unlink, truncate.  A write puts half of its bytes down first, as a power cut may.
 *   KILLPOINT_LOG  a file that gets a line for each thing counted, so a test learns how far n
 * goes
 *
 * Like the power, it does not ask which thread it was and runs nothing at the end.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *name;
	atomic_int seen;
	int fatal; /* 0: never */
} points[] = {{"write", 0, 0},
	      {"fsync", 0, 0},
	      {"rename", 0, 0},
	      {"unlink", 0, 0},
	      {"truncate", 0, 0}};
enum point { WRITE, FSYNC, RENAME, UNLINK, TRUNCATE };

static char folder[PATH_MAX];
static int log_fd = -1;

static struct {
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*pwrite)(int, const void *, size_t, off_t);
	int (*fsync)(int);
	int (*fdatasync)(int);
	int (*syncfs)(int);
	int (*rename)(const char *, const char *);
	int (*renameat)(int, const char *, int, const char *);
	int (*unlink)(const char *);
	int (*unlinkat)(int, const char *, int);
	int (*ftruncate)(int, off_t);
} real;

/* dlsym gives an object pointer, and ISO C wants it copied into a function pointer this way. */
#define FIND(f) (*(void **)&real.f = dlsym(RTLD_NEXT, #f))

__attribute__((constructor)) static void begin(void)
{
	FIND(write);
	FIND(pwrite);
	FIND(fsync);
	FIND(fdatasync);
	FIND(syncfs);
	FIND(rename);
	FIND(renameat);
	FIND(unlink);
	FIND(unlinkat);
	FIND(ftruncate);
	const char *where = getenv("KILLPOINT_DIR");
	const char *what = getenv("KILLPOINT");
	const char *log = getenv("KILLPOINT_LOG");
	if (where)
		snprintf(folder, sizeof folder, "%s", where);
	if (log)
		log_fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	for (size_t i = 0; what && i < sizeof points / sizeof *points; i++) {
		size_t n = strlen(points[i].name);
		if (!strncmp(what, points[i].name, n) && what[n] == ':')
			points[i].fatal = (int)strtol(what + n + 1, NULL, 10);
	}
}

static bool inside(const char *path)
{
	size_t n = strlen(folder);
	return n && !strncmp(path, folder, n) && (path[n] == '/' || !path[n]);
}

static bool link_inside(const char *link)
{
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return inside(path);
}

static bool fd_inside(int fd)
{
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return folder[0] && fd != log_fd && link_inside(link);
}

static bool path_inside(int dir, const char *path)
{
	if (path[0] == '/')
		return inside(path);
	return dir == AT_FDCWD ? link_inside("/proc/self/cwd") : fd_inside(dir);
}

/* Counts; true when this is the one to die at. */
static bool reached(enum point which)
{
	int n = atomic_fetch_add(&points[which].seen, 1) + 1;
	char line[64];
	int len = snprintf(line, sizeof line, "%s:%d\n", points[which].name, n);
	if (log_fd >= 0 && real.write(log_fd, line, (size_t)len) < 0)
		abort();
	return n == points[which].fatal;
}

static void die_at(enum point which)
{
	if (reached(which))
		raise(SIGKILL);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	if (fd_inside(fd) && reached(WRITE)) {
		ssize_t ignored = real.write(fd, buf, n / 2);
		(void)ignored;
		raise(SIGKILL);
	}
	return real.write(fd, buf, n);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	if (fd_inside(fd))
		die_at(WRITE);
	return real.pwrite(fd, buf, n, offset);
}

int fsync(int fd)
{
	if (fd_inside(fd))
		die_at(FSYNC);
	return real.fsync(fd);
}

int fdatasync(int fildes)
{
	if (fd_inside(fildes))
		die_at(FSYNC);
	return real.fdatasync(fildes);
}

int syncfs(int fd)
{
	if (fd_inside(fd))
		die_at(FSYNC);
	return real.syncfs(fd);
}

int rename(const char *old, const char *new)
{
	if (path_inside(AT_FDCWD, new))
		die_at(RENAME);
	return real.rename(old, new);
}

int renameat(int oldfd, const char *old, int newfd, const char *new)
{
	if (path_inside(newfd, new))
		die_at(RENAME);
	return real.renameat(oldfd, old, newfd, new);
}

int unlink(const char *name)
{
	if (path_inside(AT_FDCWD, name))
		die_at(UNLINK);
	return real.unlink(name);
}

int unlinkat(int fd, const char *name, int flag)
{
	if (path_inside(fd, name))
		die_at(UNLINK);
	return real.unlinkat(fd, name, flag);
}

int ftruncate(int fd, off_t length)
{
	if (fd_inside(fd))
		die_at(TRUNCATE);
	return real.ftruncate(fd, length);
}
