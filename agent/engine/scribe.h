/*
 * scribe.h - a thread that writes to the state folder, so that a slow disk stops nobody.
 *
 * One job at a time.  A job is a file_commit, or a file_probe when it has no items.  (Who runs the
 * engine in a world of his own puts another scribe.c in the place of this one, as of file.c.)
 */
#ifndef FLUME_AGENT_ENGINE_SCRIBE_H
#define FLUME_AGENT_ENGINE_SCRIBE_H

#include "agent/engine/file.h"
#include "agent/loop/loop.h"

struct scribe_job {
	char *folder;            /* free(3)                     */
	struct file_item *items; /* names and bytes are free(3) */
	size_t n;

	/* What became of it: */
	int rc;
	struct flume_err err;
	size_t done;
	bool made;
};

/* Frees what it has.  Returns NULL; NULL is fine. */
struct scribe_job *scribe_job_free(struct scribe_job *);

struct scribe;

/* On the loop's thread; the job is the callee's. */
typedef void scribe_done_fn(void *arg, struct scribe_job *);
/* The thread begins with the first job.  NULL when the system has no descriptor or memory to give. */
struct scribe *scribe_new(struct loop *, scribe_done_fn *, void *arg);
/* Takes the job, when the one before is done.  Where no thread can be had it is done at once, and
 * `done` is called before this returns. */
void scribe_start(struct scribe *, struct scribe_job *);
bool scribe_is_busy(const struct scribe *);
/* Waits for the job under way, and calls `done`; false when it is not done by then. */
bool scribe_wait(struct scribe *, int64_t until_ns);
/* A job under way is left to the thread, which ends after it; `done` is not called.  Returns
 * NULL; NULL is fine. */
struct scribe *scribe_free(struct scribe *);

#endif
