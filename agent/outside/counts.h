/*
 * counts.h - what became of the documents that channels were given: for /metrics, and for the log at
 * a bounded rate.
 *
 * A document that a channel was given ends in exactly one of sent, failed and lost.
 */
#ifndef FLUME_AGENT_OUTSIDE_COUNTS_H
#define FLUME_AGENT_OUTSIDE_COUNTS_H

#include "agent/metric/metric.h"
#include "lib/base/text.h"
#include "lib/flume.h"

#include <stdatomic.h>

enum counts_told {
	TOLD_RETRY,  /* it has to try again                     */
	TOLD_FAILED, /* it did not take documents               */
	TOLD_LOST,   /* it lost documents                       */
	TOLD_FILE,   /* it cannot do something with its file    */
	COUNTS_TOLD
};

struct counts {
	const char *kind;
	char name[129];
	atomic_uint_fast64_t sent;   /* left the process                             */
	atomic_uint_fast64_t failed; /* were not taken, and the call that sent was told */
	atomic_uint_fast64_t lost;   /* were taken, and could not be delivered          */
	atomic_uint_fast64_t retries;
	atomic_size_t waiting, waiting_bytes; /* in a queue                     */
	atomic_size_t most, most_bytes;       /* that may wait; 0: there is none */
	struct {
		atomic_int_fast64_t at_ns;
		atomic_uint_fast64_t untold;
	} told[COUNTS_TOLD];
	struct counts *next, **link;
};

/* Shows it from now on, until counts_hide. */
void counts_show(struct counts *, const char *kind, const char *name);
void counts_hide(struct counts *);

static inline void counts_add(atomic_uint_fast64_t *counter, size_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Says in the log what happened to `n` documents, and why, and in which call, unless that is NULL; of
 * each channel at most one line of a sort in ten seconds, which tells how many were passed over. */
void counts_tell(struct counts *, enum counts_told, const struct flume_call *, const char *why,
		 size_t n);

extern const struct metric counts_metrics[];
/* Prometheus text of all channels that are shown. */
void counts_write(struct text *);

#endif
