/*
 * A write to a pipe that nobody reads waits, and then neither the deadline of the call nor the end
 * of the agent is noticed.  The descriptor may be shared with other processes, so it is not ours to
 * make non-blocking.  Instead it is asked before each write whether there is room, which for a pipe
 * means room for PIPE_BUF bytes, and no more than that is written at once.
 *
 * A line that had to be left in the middle is ended by the next one, so it spoils no other.
 */
#include "agent/outside/line.h"

#include "agent/document/document.h"
#include "agent/document/over.h"
#include "agent/outside/threads.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 20 /* between two looks at whether the call is over */

void line_init(struct line_out *out, int fd, const char *name)
{
	*out = (struct line_out){.fd = fd, .name = name};
	threads_cond_init(&out->turn);
	pthread_mutex_init(&out->lock, NULL);
}

void line_fini(struct line_out *out)
{
	pthread_cond_destroy(&out->turn);
	pthread_mutex_destroy(&out->lock);
}

/* ---- waiting ---- */

static int give_up(const struct flume_call *call, const struct line_out *out,
		   struct flume_err *err)
{
	bool cancelled = call && flume_cancel_requested(call->cancel);
	return flume_fail(err, cancelled ? FLUME_CANCELLED : FLUME_TIMED_OUT,
			  "%s: the reader is too slow", out->name);
}

static int take_turn(const struct flume_call *call, struct line_out *out, struct flume_err *err)
{
	int rc = 0;
	pthread_mutex_lock(&out->lock);
	while (out->busy && !rc) {
		const struct flume_clock *clock = flume_clock_real();
		threads_wait(&out->turn, &out->lock,
			     clock->now_ns(clock->arg) + LOOK_MS * INT64_C(1000000));
		if (out->busy && call_is_over(call))
			rc = give_up(call, out, err);
	}
	if (!rc)
		out->busy = true;
	pthread_mutex_unlock(&out->lock);
	return rc;
}

void line_take_turn(struct line_out *out)
{
	(void)take_turn(NULL, out, NULL);
}

void line_end_turn(struct line_out *out)
{
	pthread_mutex_lock(&out->lock);
	out->busy = false;
	pthread_cond_signal(&out->turn);
	pthread_mutex_unlock(&out->lock);
}

static int wait_for_room(const struct flume_call *call, const struct line_out *out,
			 struct flume_err *err)
{
	struct pollfd room = {.fd = out->fd, .events = POLLOUT};
	while (poll(&room, 1, LOOK_MS) <= 0)
		if (call_is_over(call))
			return give_up(call, out, err);
	return 0;
}

/* ---- writing ---- */

static bool never_waits(int fd)
{
	struct stat info;
	return !fstat(fd, &info) && S_ISREG(info.st_mode);
}

static int write_all(const struct flume_call *call, struct line_out *out, const char *s,
		     size_t len, struct flume_err *err)
{
	size_t most = len <= PIPE_BUF || never_waits(out->fd) ? len : PIPE_BUF;
	while (len) {
		int rc = wait_for_room(call, out, err);
		if (rc)
			return rc;
		ssize_t n = write(out->fd, s, len < most ? len : most);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return flume_fail(err, FLUME_IO, "%s: %s", out->name, strerror(errno));
		s += n;
		len -= (size_t)n;
		out->torn = s[-1] != '\n';
	}
	return FLUME_OK;
}

static int write_line(const struct flume_call *call, struct line_out *out, const char *line,
		      size_t len, struct flume_err *err)
{
	int rc = take_turn(call, out, err);
	if (rc)
		return rc;
	if (out->before)
		out->before(out, len);
	if (out->torn)
		rc = write_all(call, out, "\n", 1, err);
	if (!rc)
		rc = write_all(call, out, line, len, err);
	if (!rc && out->after)
		rc = out->after(out, len, err);
	line_end_turn(out);
	return rc;
}

static int send_item(const struct flume_call *call, struct line_out *out,
		     const struct document *document, struct flume_err *err)
{
	size_t len;
	char *line = document_dump(document, &len);
	if (!line)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	line[len] = '\n';
	int rc = write_line(call, out, line, len + 1, err);
	free(line);
	return rc;
}

int line_send(const struct flume_call *call, struct line_out *out, struct counts *counts,
	      void *item, struct flume_err *err)
{
	if (call && call->flags & FLUME_CALL_CANARY) {
		document_free(item);
		return FLUME_OK;
	}
	struct flume_err own = {0};
	int rc = send_item(call, out, item, &own);
	document_free(item);
	counts_add(rc ? &counts->failed : &counts->sent, 1);
	if (!rc)
		return FLUME_OK;
	counts_tell(counts, TOLD_FAILED, call, own.text, 1);
	return flume_fail(err, rc, "%s", own.text);
}
