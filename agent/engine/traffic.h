/*
 * traffic.h - which of the live documents go to a candidate that is not swapped in: as well as to
 * what runs (a shadow), or in its place (a live canary).
 *
 * The loop opens and closes shares.  The threads that serve documents enter one by the name of the
 * schema; while nothing is open for any schema, to ask costs one load.  What was entered stays good
 * until it is left, whether it is closed meanwhile or not.
 */
#ifndef FLUME_AGENT_ENGINE_TRAFFIC_H
#define FLUME_AGENT_ENGINE_TRAFFIC_H

#include "agent/document/document.h"
#include "lib/flume.h"

struct traffic;
struct share; /* of the documents of one schema; counted */

/* ---- on the loop ---- */

struct traffic *traffic_new(void); /* NULL when out of memory */
/* When all is closed.  Waits a moment for what still runs; what does not come back keeps what it
 * needs.  Returns NULL. */
struct traffic *traffic_free(struct traffic *);

/* Everything is copied, or counted. */
struct share_terms {
	const char *name; /* of the schema */
	flume_pipeline *candidate;
	flume_pipeline *running;
	uint32_t share; /* of SPLIT_WHOLE */
	/* Of a shadow: */
	const flume_value *except; /* paths that may differ; NULL: none                   */
	double max_ratio;          /* of the times that both take; 0: any                 */
	/* Of a live canary: */
	const char *by; /* path of the key that decides; NULL: the whole document */
};

/* A schema has one share at a time.  0; FLUME_FAILED when a path is none; FLUME_NOMEM, also when
 * there is no thread to be had. */
int traffic_open_shadow(struct traffic *, const struct share_terms *, struct share **out,
			struct flume_err *err);
int traffic_open_live(struct traffic *, const struct share_terms *, struct share **out,
		      struct flume_err *err);
/* Cancels what a shadow runs.  NULL is fine; returns NULL. */
struct share *traffic_close(struct share *);

struct share_counts {       /* since it was opened */
	uint64_t documents; /* that were offered */
	/* Of a shadow: */
	uint64_t compared, differed, slower;
	uint64_t skipped; /* the queue was full, or what runs gave no answer to compare with */
	int64_t stuck_ns; /* how long the call that runs now is beyond its time; 0: it is not */
	char first[200];  /* how the first that differed did, without its values; "" */
	/* Of a live canary, as the pipelines count: */
	uint64_t candidate_calls, candidate_failures, running_calls, running_failures;
};
void share_read(struct share *, struct share_counts *out);
/* What it was opened with; lent. */
flume_pipeline *share_running(const struct share *);

/* ---- any thread ---- */

/* NULL: nothing is open for this schema. */
struct share *traffic_enter(struct traffic *, const char *name);
struct share *traffic_leave(struct share *); /* NULL is fine; returns NULL */
/* May the call of a document that it serves take long? */
bool share_may_block(const struct share *);
/* The candidate, if it is to serve this document; `body` is how it was written.  Lent; NULL: what
 * runs serves it. */
flume_pipeline *share_pick(const struct share *, const struct document *, const char *body,
			   size_t len);
/* A document has been served; a shadow may want it too.  Copies the body, or counts it as skipped;
 * never waits. */
void share_offer(struct share *, const char *body, size_t len);

#endif
