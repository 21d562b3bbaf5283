/*
 * line.h - items as lines of JSON: what the channels stdout and file share.
 *
 * Lines are whole, whoever writes: threads take turns, and where the descriptor is a pipe that other
 * processes write to, lines of up to PIPE_BUF bytes do not mix with theirs.
 */
#ifndef FLUME_AGENT_OUTSIDE_LINE_H
#define FLUME_AGENT_OUTSIDE_LINE_H

#include "agent/outside/counts.h"
#include "lib/flume.h"

#include <pthread.h>
#include <stdbool.h>

struct line_out {
	int fd;
	/* Before and after a line is written, by who has the turn; NULL: nothing. */
	void (*before)(struct line_out *, size_t len);
	int (*after)(struct line_out *, size_t len, struct flume_err *);
	const char *name; /* for messages; lent */
	pthread_mutex_t lock;
	pthread_cond_t turn; /* busy became false; on CLOCK_MONOTONIC */
	bool busy;
	bool torn; /* the last line ended in the middle */
};

void line_init(struct line_out *, int fd, const char *name);
void line_fini(struct line_out *); /* leaves the descriptor open */

/* For who is not sending: nobody writes in between. */
void line_take_turn(struct line_out *);
void line_end_turn(struct line_out *);

/* Takes the item, a document, even on failure, and counts it.  Writes nothing in a canary call.
 * Waits for a slow reader, but no longer than the call lasts.  Returns 0, FLUME_TIMED_OUT,
 * FLUME_CANCELLED, FLUME_IO or FLUME_NOMEM. */
int line_send(const struct flume_call *, struct line_out *, struct counts *, void *item,
	      struct flume_err *err);

#endif
