/*
 * tryout.h - one candidate's canary cases on a thread of their own, as far as the thread knows.
 *
 * For trial.c alone.  Thread and loop share a tryout, and all of them share a desk; both are
 * counted, and the last one frees.
 */
#ifndef FLUME_AGENT_ENGINE_TRYOUT_H
#define FLUME_AGENT_ENGINE_TRYOUT_H

#include "agent/engine/trial.h"

#include <pthread.h>

struct desk {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	size_t refs, threads, lost; /* of the threads: let go by the loop           */
	int wake;                   /* an eventfd; -1 when nobody listens any more */
};

/* NULL when out of memory; `wake` is -1 when there is no descriptor to be had. */
struct desk *desk_new(void);
struct desk *desk_unref(struct desk *);
/* Nobody listens any more.  Waits until the threads have ended, but not beyond `until_ns`. */
void desk_close(struct desk *, int64_t until_ns);

struct candidate {
	char *id;
	flume_schema *schema;
	flume_pipeline *pipeline;
};

struct tryout {
	struct desk *desk;
	struct candidate *list;
	size_t n;
	struct trial_limits limits;
	flume_cancel *cancel;
	int64_t started_at; /* on the loop */
	/* Under the desk's lock: */
	size_t refs;
	bool begun, ended, lost;
	size_t at;                  /* the candidate whose turn it is */
	char what[160];             /* the case that runs ... */
	int64_t begun_at, limit_ns; /* ... since when, and for how long it may */
	struct flume_err err;       /* once ended: its code is the verdict */
};

/* NULL when out of memory. */
struct tryout *tryout_new(struct desk *, flume_change *, const struct trial_limits *);
struct tryout *tryout_unref(struct tryout *);
/* Are fewer threads lost than that? */
bool tryout_may_start(struct tryout *, size_t most_lost);
/* Starts the thread.  False when there is none to be had. */
bool tryout_start(struct tryout *);
/* Cancels; if the thread still runs it is lost. */
void tryout_let_go(struct tryout *);
/* True when there is a verdict: its own, that its case is `grace_ns` overdue, or that the cases
 * took too long together.  The path of an error is as trial_done_fn has it. */
bool tryout_has_verdict(struct tryout *, int64_t grace_ns, struct flume_err *out);

#endif
