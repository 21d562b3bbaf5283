/*
 * trial.h - canary cases off the loop: a thread for each candidate, and a limit that holds even
 * when the case does not.
 *
 * Belongs to the loop's thread.  So many trials run at a time, the others wait their turn.
 */
#ifndef FLUME_AGENT_ENGINE_TRIAL_H
#define FLUME_AGENT_ENGINE_TRIAL_H

#include "agent/loop/loop.h"
#include "lib/flume.h"

struct trials;
struct trial;

struct trials *trials_new(struct loop *, struct flume_err *err);
/* Cancels what runs and waits a moment for it.  What does not come back keeps what it needs.
 * No verdict is given any more.  Returns NULL. */
struct trials *trials_free(struct trials *);

struct trial_limits {
	int64_t case_ns; /* of a case, where the schema has no max_latency */
	int64_t all_ns;  /* of all cases together                          */
	/* What the change is to replace, for a schema that compares with it; counted, and may be
	 * NULL. */
	flume_pipeline *running;
	/* More cases for the schema of that id: see extra.h.  Lent; NULL: there are none.  May be
	 * NULL itself. */
	flume_schema *(*extra)(void *arg, const char *id);
	void *arg; /* of `extra`, which is called before trial_start returns */
};

/* Do the schemas of this change have any cases? */
bool trial_needed(flume_change *);

/* On the loop, after trial_start has returned; the trial is gone then.  `err` is NULL when
 * every case of every schema in the change passed; else FLUME_FAILED and which, or FLUME_NOMEM.
 * Its path is the id of the schema whose case it was, or "" when that is the one that is set.
 */
typedef void trial_done_fn(void *arg, const struct flume_err *err);

struct trial_calls {
	/* The thread is about to start: before trial_start returns, or when its turn has come.
	 * Neither starts nor cancels one.  May be NULL. */
	void (*begin)(void *arg);
	trial_done_fn *done;
	void *arg;
};
/* The change may be freed while the trial runs.  NULL when out of memory. */
struct trial *trial_start(struct trials *, flume_change *, const struct trial_limits *,
			  const struct trial_calls *);
/* Gives up: `done` will not run.  NULL is fine; returns NULL. */
struct trial *trial_cancel(struct trial *);

#endif
