/*
 * queue.h - lines of JSON that wait in memory for a thread of their own to carry them away.
 *
 * Who sends waits only while the queue is full, and no longer than the call lasts.  What is in the
 * queue is in memory alone: a crash loses it.  An orderly end gives the carrier some time for what is
 * left; the rest is counted as lost, and said.
 */
#ifndef FLUME_AGENT_OUTSIDE_QUEUE_H
#define FLUME_AGENT_OUTSIDE_QUEUE_H

#include "agent/outside/counts.h"
#include "lib/flume.h"

struct queue;

enum carried {
	CARRY_DONE,    /* all lines                                               */
	CARRY_LATER,   /* those from verdict.lines on have to be tried again      */
	CARRY_REFUSED, /* those from verdict.lines on are refused for good        */
};

struct load {
	const char *text; /* lines, each with its '\n' */
	size_t len, lines;
};

struct verdict {
	enum carried outcome;
	size_t lines;     /* carried, of a load that was carried in part */
	int64_t after_ns; /* try no sooner than in so long               */
	char why[256];
};

struct carrier {
	/* Runs on the queue's thread alone, may take its time, and ends soon once queue_ends says so
	 * (it should ask ten times a second). */
	void (*carry)(void *arg, struct queue *, const struct load *, struct verdict *);
	void (*free)(void *arg); /* when the thread has ended */
	void *arg;
};

struct queue_options {
	const char *kind, *name; /* lent until queue_free, as by flume_component */
	size_t documents, bytes; /* that may wait                                */
	size_t batch, batch_bytes;
	int64_t batch_age_ns; /* how long a line waits for others               */
	int64_t backoff_ns;   /* the longest pause between two tries            */
	unsigned attempts;    /* of one load; 0: for ever                       */
	int64_t flush_ns;     /* for what is left in the end                    */
};

/* Starts the thread.  Takes the carrier on success only.  0 or FLUME_NOMEM. */
int queue_new(struct queue **out, const struct queue_options *, const struct carrier *);
/* Nobody sends any more.  Gives what is left its time, joins the thread, frees the carrier. */
void queue_free(void *arg);

/* flume_send_fn: takes a document, even on failure.  0; FLUME_LIMITED when the queue was full until the
 * call's deadline; FLUME_CANCELLED; FLUME_FAILED for a document larger than the whole queue;
 * FLUME_NOMEM. */
int queue_send(const struct flume_call *, void *item, void *arg, struct flume_err *err);

/* For the carrier: is the time over, also that for what is left? */
bool queue_ends(struct queue *);

/* Pure: how long to wait before try number `attempt` (from 1).  Doubles from 100 ms up to `most_ns`;
 * `random`, from the whole range of its type, takes up to a half off, so that many do not come back
 * at once. */
int64_t queue_backoff(unsigned attempt, int64_t most_ns, uint32_t random);

#endif
