/*
 * tally.h - how often a pipeline was called: counters for each processor, so that callers on
 * different ones do not wait for each other.
 *
 * The counters of many pipelines share the lines of the cache of one processor, and those of one
 * pipeline lie as far apart.
 */
#ifndef FLUME_BUILD_TALLY_H
#define FLUME_BUILD_TALLY_H

#include "lib/connector/hub.h"

#include <sched.h>

struct tally {
	atomic_uint_least64_t calls, failures;
};

#define TALLY_ROW 16 /* of so many pipelines, for one processor */

/* Counters at nothing: those of the first processor; `place` in its row.  NULL when out of memory.
 * The lock of the hub is held. */
struct tally *tally_take(struct hub *, uint8_t *out_place);
void tally_give(struct hub *, struct tally *, uint8_t place);

static inline struct tally *tally_of(struct tally *first, unsigned processor)
{
	return first + (size_t)processor * TALLY_ROW;
}

/* Of the processor that this runs on. */
static inline struct tally *tally_here(struct tally *first, const struct hub *hub)
{
	return tally_of(first, (unsigned)sched_getcpu() & (hub->stripes - 1));
}

/* Of all processors; never more failures than calls. */
struct tally_sum {
	uint64_t calls, failures;
} tally_sum(struct tally *first, const struct hub *);

#endif
