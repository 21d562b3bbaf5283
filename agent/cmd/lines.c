#include "agent/cmd/lines.h"

#include "lib/flume.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)65536)

/* ---- in ---- */

/* Room for one more piece behind what is there. */
static int make_room(struct lines_in *in)
{
	if (in->begin) {
		memmove(in->buffer, in->buffer + in->begin, in->end - in->begin);
		in->end -= in->begin;
		in->begin = 0;
	}
	if (in->cap - in->end >= PIECE)
		return 0;
	size_t cap = in->cap ? 2 * in->cap : 2 * PIECE;
	char *buffer = realloc(in->buffer, cap);
	if (!buffer)
		return FLUME_NOMEM;
	in->buffer = buffer;
	in->cap = cap;
	return 0;
}

static int read_more(struct lines_in *in)
{
	ssize_t n;
	int code = make_room(in);
	if (code)
		return code;
	if (in->waiting)
		in->waiting(in->arg);
	do {
		n = read(in->fd, in->buffer + in->end, PIECE);
		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = in->fd, .events = POLLIN}, 1, -1);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return FLUME_IO;
	in->done = n == 0;
	in->end += (size_t)n;
	in->bytes += (uint64_t)n;
	return 0;
}

/* Hands out `n` bytes and steps over them and `skip` more. */
static int hand_out(struct lines_in *in, size_t n, size_t skip, char **out, size_t *out_len)
{
	*out = in->buffer + in->begin;
	*out_len = n < in->most ? n : in->most;
	in->begin += n + skip;
	in->seen = 0;
	in->number++;
	return n > in->most ? LINE_TOO_LONG : LINE_READ;
}

/* Throws away up to the end of a line that was too long.  True when that end was seen. */
static bool skip_rest(struct lines_in *in)
{
	char *at = in->buffer + in->begin;
	char *newline = memchr(at, '\n', in->end - in->begin);
	in->begin = newline ? (size_t)(newline - in->buffer) + 1 : in->end;
	in->skipping = !newline;
	return newline;
}

int lines_next(struct lines_in *in, char **out, size_t *out_len)
{
	for (;;) {
		size_t n = in->end - in->begin;
		if (in->skipping && n)
			n = skip_rest(in) ? in->end - in->begin : 0;
		char *at = in->buffer + in->begin;
		char *newline = n > in->seen ? memchr(at + in->seen, '\n', n - in->seen) : NULL;
		if (newline)
			return hand_out(in, (size_t)(newline - at), 1, out, out_len);
		in->seen = n;
		if (n > in->most) {
			in->skipping = true;
			return hand_out(in, n, 0, out, out_len);
		}
		if (in->done)
			return n ? hand_out(in, n, 0, out, out_len) : 0;
		int code = read_more(in);
		if (code)
			return code;
	}
}

void lines_fini(struct lines_in *in)
{
	free(in->buffer);
	in->buffer = NULL;
}

/* ---- out ---- */

static void write_all(struct lines_out *out, const char *s, size_t n)
{
	while (n && !out->broken && !out->error) {
		ssize_t done = write(out->fd, s, n);
		if (done >= 0) {
			s += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){.fd = out->fd, .events = POLLOUT}, 1, -1);
		} else if (errno == EPIPE) {
			out->broken = true;
		} else if (errno != EINTR) {
			out->error = errno;
		}
	}
}

void lines_flush(struct lines_out *out)
{
	write_all(out, out->buffer, out->len);
	out->len = 0;
}

void lines_put(struct lines_out *out, const char *s, size_t n)
{
	if (sizeof out->buffer - out->len < n + 1)
		lines_flush(out);
	if (sizeof out->buffer < n + 1) {
		/* With its end: others may write to the same place before the next flush. */
		write_all(out, s, n);
		write_all(out, "\n", 1);
		return;
	}
	memcpy(out->buffer + out->len, s, n);
	out->len += n;
	out->buffer[out->len++] = '\n';
}
