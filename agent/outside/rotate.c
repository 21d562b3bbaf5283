#include "agent/outside/rotate.h"

#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY)

/* O_NONBLOCK is for pipes: to open one that nobody reads is an error, not a wait. */
int rotate_open(const char *name)
{
	return open(name, FLAGS | O_NONBLOCK, 0640);
}

struct names {
	struct text from, to;
};

static bool set(struct text *t, const char *name, unsigned number)
{
	t->len = 0;
	text_addf(t, number ? "%s.%u" : "%s", name, number);
	return !t->failed;
}

/* Those that are missing are no failure: there have not been as many yet. */
static bool shift(struct names *n, const char *name, unsigned keep)
{
	for (unsigned i = keep - 1; i > 0; i--)
		if (!set(&n->from, name, i) || !set(&n->to, name, i + 1) ||
		    (rename(n->from.s, n->to.s) && errno != ENOENT))
			return false;
	return set(&n->from, name, 1) && (!link(name, n->from.s) || errno == ENOENT);
}

/* The new file is there under another name before anything is moved, and takes its place in one
 * step: at no time is there none. */
int rotate_file(const char *name, unsigned keep, struct flume_err *err)
{
	struct names n = {0};
	struct text fresh = {0};
	int fd = -1;
	text_addf(&fresh, "%s.new", name);
	if (!fresh.failed)
		fd = open(fresh.s, FLAGS | O_TRUNC, 0640);
	if (fd >= 0) {
		if (keep == 1 && set(&n.from, name, 1))
			(void)unlink(n.from.s);
		if (!shift(&n, name, keep) || rename(fresh.s, name)) {
			int error = errno;
			close(fd);
			(void)unlink(fresh.s);
			errno = error;
			fd = -1;
		}
	}
	bool failed = fresh.failed || n.from.failed || n.to.failed;
	if (fd < 0)
		fd = failed ? flume_fail(err, FLUME_NOMEM, "out of memory")
			    : flume_fail(err, FLUME_IO, "%s cannot be rotated: %s", name,
					 strerror(errno));
	text_fini(&fresh);
	text_fini(&n.from);
	text_fini(&n.to);
	return fd;
}
