/*
 * tap.h - live documents, for whoever wants to look: a sample of the calls of one pipeline, without what
 * nobody shall see.
 *
 * While nobody looks, a call costs the reading of one counter.  While somebody does, it never waits: what
 * is chosen is copied to where the listener fetches it, and where that is not possible at once, or full,
 * it is lost and counted.  All that takes time is done by the listener.
 */
#ifndef FLUME_AGENT_TAP_H
#define FLUME_AGENT_TAP_H

#include "lib/base/text.h"
#include "lib/flume.h"

#include <stdatomic.h>
#include <stdbool.h>

struct document;

#define TAPS_MOST 8     /* listeners at the same time */
#define TAP_SHOWN 65536 /* bytes of a document; of a longer one only the length is told */

/* ---- the node's side ---- */

struct taps {
	atomic_uint open; /* listeners */
	struct taps_inner *inner;
};

/* `redact` are paths that no listener sees (NULL at the end; may be NULL).  0, FLUME_INVALID ("'a[': ...")
 * or FLUME_NOMEM; all zero is one that nobody can listen to. */
int taps_init(struct taps *, const char *const *redact, struct flume_err *err);
/* In place of the paths so far, for who listens already as well.  The same codes, and then nothing
 * has changed. */
int taps_redact(struct taps *, const char *const *redact, struct flume_err *err);
/* Every listener hears that it is over, and no more come.  Any thread. */
void taps_end(struct taps *);
void taps_fini(struct taps *); /* when no listener is left */

struct tap_call {         /* that has ended; texts are lent */
	const char *name; /* of the pipeline, as it was asked for */
	const char *version;
	const char *request; /* its id */
	uint64_t generation; /* 0: a candidate's */
	int result;
	const struct flume_err *err; /* of a failed one */
	int64_t took_ns;
	const char *input;
	size_t input_len;
	const struct document *output; /* looked at when the result is 0 */
};

static inline bool taps_wanted(const struct taps *t)
{
	return atomic_load_explicit(&t->open, memory_order_relaxed);
}
/* Any thread; see above. */
void taps_offer(struct taps *, const struct tap_call *);

/* ---- a listener's side ---- */

enum tap_outcome { TAP_OK = 1 << 0, TAP_DROPPED = 1 << 1, TAP_FAILED = 1 << 2, TAP_ANY = 7 };

struct tap_wish {
	const char *name;
	double share;       /* of the calls, above 0 and at most 1 */
	double rate;        /* calls a second at the most, above 0 */
	uint64_t count;     /* end after so many; 0: never */
	unsigned outcomes;  /* enum tap_outcome */
	const char *redact; /* more paths, with commas between; NULL: none */
	bool input, output; /* what to show */
	/* There is something to take.  Any thread, with no lock that tap_take wants; once until the next
	 * tap_take. */
	void (*wake)(void *arg);
	void *arg;
};

struct tap;
/* 0, FLUME_INVALID (a path), FLUME_LIMITED (TAPS_MOST listen), FLUME_CANCELLED (it is over) or
 * FLUME_NOMEM. */
int tap_open(struct tap **out, struct taps *, const struct tap_wish *, struct flume_err *err);
/* Adds a line of JSON for each call that was chosen since the last time, and one that says how many
 * were lost, {"tap":{...}}, when some were.  Returns false when it is over: that was all. */
bool tap_take(struct tap *, struct text *out);
/* `wake` is not running then, and will not.  NULL is fine; returns NULL. */
struct tap *tap_close(struct tap *);

#endif
