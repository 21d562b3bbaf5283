/*
 * A start looks at what the agent before it left: a change that it was trying when it ended was what ended
 * it, and what nobody wants any more is cleared away.  While that agent is alive both are wrong, and the
 * notes by which a crash would be known are lost.  So nobody reads the folder before it is claimed.
 *
 * The lock is on the folder itself, which leaves no file behind.  One that was removed and made anew
 * while its agent runs is nobody's again.
 */
#include "agent/engine/claim.h"

#include "agent/engine/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int claim_folder(const char *folder, int *out, struct flume_err *err)
{
	/* Whoever writes to it says why it cannot be had. */
	(void)file_make_folder(folder, NULL);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		close(fd);
		return flume_fail(
			err, FLUME_IN_USE,
			"another agent runs on the state folder '%s': give each its own",
			folder);
	}
	*out = fd;
	return 0;
}
