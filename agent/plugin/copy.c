/*
 * What is loaded stays mapped from its file, so whoever copies a new version over it, rather than put it
 * in its place, changes the code under the feet of the agent; a file that becomes shorter ends it.  A
 * copy of our own, in memory and without a name, is what was looked at, and stays that.
 *
 * A file that looks for others beside itself ($ORIGIN) has to be loaded from where it lies.
 */
#include "agent/plugin/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static bool copy_all(int to, int from, off_t size)
{
	off_t at = 0;
	while (at < size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(size - at));
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
	}
	return true;
}

static bool names_its_place(int fd, size_t size)
{
	const char *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return true;
	bool names = memmem(map, size, "$ORIGIN", 7) || memmem(map, size, "${ORIGIN}", 9);
	munmap((void *)(uintptr_t)map, size);
	return names;
}

int plugin_copy(int fd, const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	int copy = fstat(fd, &st) || st.st_size <= 0
			   ? -1
			   : memfd_create(slash ? slash + 1 : path, MFD_CLOEXEC);
	if (copy < 0)
		return -1;
	if (copy_all(copy, fd, st.st_size) && !names_its_place(copy, (size_t)st.st_size))
		return copy;
	close(copy);
	return -1;
}
