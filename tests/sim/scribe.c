/*
 * Writes in virtual time; it stands in for agent/engine/scribe.c.  A job is done a while after it
 * was given, all at once, unless the node dies on the way; what the node does until then comes
 * before it.
 */
#include "agent/engine/scribe.h"

#include "tests/sim/nodes.h"
#include "tests/sim/sim.h"

#include <stdlib.h>

#define LONG 12 /* one in so many takes its time */

struct scribe {
	struct loop_timer *timer;
	struct scribe_job *job; /* NULL: none is under way */
	scribe_done_fn *fn;
	void *arg;
};

struct scribe_job *scribe_job_free(struct scribe_job *job)
{
	if (!job)
		return NULL;
	for (size_t i = 0; i < job->n; i++) {
		free((void *)(uintptr_t)job->items[i].name);
		free((void *)(uintptr_t)job->items[i].bytes);
	}
	free(job->items);
	free(job->folder);
	free(job);
	return NULL;
}

static void carry_out(struct scribe_job *job)
{
	job->rc = job->n ? file_commit(job->folder, job->items, job->n, &job->done, &job->made,
				       &job->err)
			 : file_probe(job->folder, &job->made, &job->err);
}

static void on_time(void *arg)
{
	struct scribe *scribe = arg;
	struct scribe_job *job = scribe->job;
	carry_out(job);
	scribe->job = NULL;
	scribe->fn(scribe->arg, job);
}

struct scribe *scribe_new(struct loop *loop, scribe_done_fn *fn, void *arg)
{
	struct scribe *scribe = calloc(1, sizeof *scribe);
	if (!scribe)
		return NULL;
	*scribe = (struct scribe){.fn = fn, .arg = arg};
	scribe->timer = loop_timer_new(loop, on_time, scribe);
	return scribe->timer ? scribe : scribe_free(scribe);
}

/* Mostly soon, now and then on a busy disk. */
void scribe_start(struct scribe *scribe, struct scribe_job *job)
{
	bool busy = chance_in(&sim.faults, LONG) && !nodes_are_calm();
	int64_t most = busy ? 20 * SIM_SECOND : 30 * SIM_MS;
	scribe->job = job;
	loop_timer_arm(scribe->timer, chance_span(&sim.faults, SIM_MS / 10, most));
}

bool scribe_is_busy(const struct scribe *scribe)
{
	return scribe->job;
}

bool scribe_wait(struct scribe *scribe, int64_t until_ns)
{
	(void)until_ns;
	loop_timer_disarm(scribe->timer);
	if (scribe->job)
		on_time(scribe);
	return true;
}

struct scribe *scribe_free(struct scribe *scribe)
{
	if (!scribe)
		return NULL;
	scribe_job_free(scribe->job);
	loop_timer_free(scribe->timer);
	free(scribe);
	return NULL;
}
