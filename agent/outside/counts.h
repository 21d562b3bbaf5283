/*
 * counts.h - what became of the documents that channels were given: for /metrics, and for the log at
 * a bounded rate.
 *
 * A document that a channel was given ends in exactly one of sent, failed and lost.
 */
#ifndef FLUME_AGENT_OUTSIDE_COUNTS_H
#define FLUME_AGENT_OUTSIDE_COUNTS_H

#include "lib/base/text.h"
#include "lib/flume.h"

#include <stdatomic.h>

struct counts {
	const char *kind;
	char name[129];
	atomic_uint_fast64_t sent;   /* left the process                             */
	atomic_uint_fast64_t failed; /* were not taken, and the call that sent was told */
	atomic_uint_fast64_t lost;   /* were taken, and could not be delivered          */
	atomic_uint_fast64_t retries;
	atomic_size_t waiting, waiting_bytes; /* in a queue */
	/* counts_tell */
	atomic_int_fast64_t told_ns;
	atomic_uint_fast64_t untold;
	struct counts *next, **link;
};

/* Shows it from now on, until counts_hide. */
void counts_show(struct counts *, const char *kind, const char *name);
void counts_hide(struct counts *);

static inline void counts_add(atomic_uint_fast64_t *counter, size_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Says in the log that `n` documents were not delivered, or not yet, and why; at most one line in ten
 * seconds of each channel, which tells how many were passed over. */
void counts_tell(struct counts *, const char *what, const char *why, size_t n);

/* Prometheus text of all channels that are shown. */
void counts_write(struct text *);

#endif
