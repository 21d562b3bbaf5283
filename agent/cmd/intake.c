/*
 * What is read is searched for its last newline alone; where the lines are is for those to find who
 * work on them.  Reading does not wait to fill a block, so a conversation works as a file does.
 */
#include "agent/cmd/intake.h"

#include "lib/flume.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_room(struct block_in *b, size_t cap)
{
	if (b->cap >= cap)
		return FLUME_OK;
	char *s = realloc(b->s, cap);
	if (!s)
		return FLUME_NOMEM;
	b->s = s;
	b->cap = cap;
	return FLUME_OK;
}

void block_in_fini(struct block_in *b)
{
	free(b->s);
	*b = (struct block_in){0};
}

/* Regular files are always ready, and some kinds of waiting refuse them. */
static bool may_wait(struct intake *in)
{
	struct stat is;
	if (!in->known)
		in->waits = fstat(in->fd, &is) != 0 || !S_ISREG(is.st_mode);
	in->known = true;
	return in->waits;
}

/* False when it was woken. */
static bool wait_for_more(struct intake *in)
{
	struct pollfd fds[] = {{.fd = in->wake, .events = POLLIN},
			       {.fd = in->fd, .events = POLLIN}};
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return !fds[0].revents;
}

/* Bytes read, 0 at the end, or FLUME_IO. */
static ssize_t read_some(struct intake *in, char *to, size_t room)
{
	ssize_t n;
	do {
		if (may_wait(in) && !wait_for_more(in)) {
			in->woken = true;
			return 0;
		}
		n = read(in->fd, to, room);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n >= 0)
		return n;
	in->error = errno;
	return FLUME_IO;
}

/* Passes over what belongs to a line that was too long. */
static void skip(struct intake *in, struct block_in *b)
{
	char *newline = memchr(b->s, '\n', b->len);
	in->skipping = !newline;
	b->len = newline ? b->len - (size_t)(newline + 1 - b->s) : 0;
	if (newline)
		memmove(b->s, newline + 1, b->len);
}

/* Keeps what is behind the first `len` bytes for the next block. */
static int keep_rest(struct intake *in, struct block_in *b, size_t len)
{
	if (make_room(&in->rest, b->len - len))
		return FLUME_NOMEM;
	in->rest.len = b->len - len;
	if (in->rest.len)
		memcpy(in->rest.s, b->s + len, in->rest.len);
	b->len = len;
	return INTAKE_LINES;
}

static int begin(struct intake *in, struct block_in *b)
{
	b->len = 0;
	if (make_room(b, in->size > 2 * in->rest.len ? in->size : 2 * in->rest.len))
		return FLUME_NOMEM;
	if (in->rest.len)
		memcpy(b->s, in->rest.s, in->rest.len);
	b->len = in->rest.len;
	in->rest.len = 0;
	return FLUME_OK;
}

int intake_read(struct intake *in, struct block_in *b)
{
	int code = begin(in, b);
	size_t searched = 0;
	while (!code) {
		if (b->cap == b->len && make_room(b, 2 * b->cap))
			return FLUME_NOMEM;
		ssize_t n = in->done ? 0 : read_some(in, b->s + b->len, b->cap - b->len);
		if (n < 0)
			return (int)n;
		in->done = n == 0;
		if (in->done)
			return b->len && !in->woken ? INTAKE_LINES : INTAKE_END;
		b->len += (size_t)n;
		if (in->skipping)
			skip(in, b);
		char *newline = memrchr(b->s + searched, '\n', b->len - searched);
		if (newline)
			return keep_rest(in, b, (size_t)(newline + 1 - b->s));
		searched = b->len;
		if (b->len > in->most + 1) {
			in->skipping = true;
			b->len = in->most + 2;
			return INTAKE_LINES;
		}
	}
	return code;
}

void intake_fini(struct intake *in)
{
	block_in_fini(&in->rest);
}
