/*
 * What is loaded is trusted like the agent itself, so it has to lie where nobody else can put it: in
 * a file of root or of the user the agent runs as, which not everybody may write, in a folder of
 * which the same is true.  A relative path would mean something else wherever the agent is started.
 */
#include "agent/plugin/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_owner(const struct stat *st, struct flume_err *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return flume_fail(err, FLUME_INVALID,
				  "belongs to user %u: expected root, or the user this runs as",
				  (unsigned)st->st_uid);
	if (st->st_mode & S_IWOTH)
		return flume_fail(err, FLUME_INVALID,
				  "may be written by everybody (mode %04o): expected 0755, or "
				  "less",
				  (unsigned)st->st_mode & 07777);
	return FLUME_OK;
}

/* A sticky folder, like /tmp, is fine: others cannot replace a file that is not theirs. */
static int check_folder(const char *path, struct flume_err *err)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!folder)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	bool open = stat(folder, &st) == 0 && (st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX);
	free(folder);
	return open ? flume_fail(err, FLUME_INVALID,
				 "lies in a folder that everybody may write (mode %04o)",
				 (unsigned)st.st_mode & 07777)
		    : FLUME_OK;
}

static int check_content(int fd, struct flume_err *err)
{
	unsigned char head[ELF_HEAD];
	ssize_t n = pread(fd, head, sizeof head, 0);
	int rc = n < 0 ? flume_fail(err, FLUME_IO, "cannot be read: %s", strerror(errno))
		       : plugin_elf_check(head, (size_t)n, err);
	return rc ? rc : plugin_elf_check_whole(fd, err);
}

int plugin_file_open(const char *path, struct flume_err *err)
{
	struct stat st;
	if (*path != '/')
		return flume_fail(err, FLUME_INVALID,
				  "is no absolute path: expected one that begins with '/'");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT
			       ? flume_fail(err, FLUME_NOT_FOUND, "there is no such file")
			       : flume_fail(err, FLUME_IO, "cannot be opened: %s",
					    strerror(errno));
	int rc = fstat(fd, &st) || !S_ISREG(st.st_mode)
			 ? flume_fail(err, FLUME_INVALID, "is not a file")
			 : check_owner(&st, err);
	if (!rc)
		rc = check_folder(path, err);
	if (!rc)
		rc = check_content(fd, err);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}
