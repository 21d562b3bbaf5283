/*
 * What was swapped out is let go after a grace period, when nobody can still be about to call
 * it.  A grace period costs more than building a small schema, so a burst of sets shares one:
 * the first set in a while waits for its own, those that follow within moments wait together.
 *
 * A step inside a brief call cannot wait for its own end; what it swaps out stays on the list
 * for the next one.
 */
#include "lib/factory/factory.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#define MOST 16 /* swapped out and not let go */

void retire(flume_factory *factory, struct retiring *it)
{
	if (!it)
		return;
	it->next = factory->retired.first;
	factory->retired.first = it;
	factory->retired.n++;
}

void retire_slot(flume_factory *factory, struct slot *slot)
{
	flume_pipeline *served = (flume_pipeline *)live_swap(&slot->live, NULL);
	retire(factory, served ? &served->retiring : NULL);
}

/* A few milliseconds long. */
int64_t retire_moment(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool retire_waits(flume_factory *factory, int64_t moment)
{
	bool burst = moment == factory->retired.moment && factory->retired.n < MOST;
	factory->retired.moment = moment;
	return burst;
}

static flume_pipeline *around(struct retiring *it)
{
	return (flume_pipeline *)((char *)it - offsetof(flume_pipeline, retiring));
}

void flume_factory_settle(flume_factory *factory)
{
	if (live_entered())
		return;
	factory_lock(factory);
	struct retiring *it = factory->retired.first;
	factory->retired.first = NULL;
	factory->retired.n = 0;
	factory_unlock(factory);
	if (!it)
		return;
	live_settle();
	for (struct retiring *next; it; it = next) {
		flume_pipeline *pipeline = it->pipeline ? it->pipeline : around(it);
		next = it->next;
		if (it->pipeline)
			free(it);
		pipeline_release(pipeline);
	}
}
