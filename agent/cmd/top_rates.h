/* top_rates.h - inside agent/cmd: what happened between two samples.  Pure. */
#ifndef FLUME_AGENT_CMD_TOP_RATES_H
#define FLUME_AGENT_CMD_TOP_RATES_H

#include "agent/cmd/top_sample.h"

struct top_row {
	const struct top_counts *now; /* lent by the later sample */
	double rate, errors, dropped; /* a second */
	double p50, p99;              /* seconds; below 0: there was no call */
	double busy;                  /* calls under way, on average */
};

enum top_order { /* as --sort has them */
		 TOP_BY_NAME,
		 TOP_BY_RATE,
		 TOP_BY_ERRORS,
		 TOP_BY_DROPPED,
		 TOP_BY_P50,
		 TOP_BY_P99,
		 TOP_BY_BUSY,
		 TOP_ORDERS
};

/* One row for each pipeline of the later sample, free(3); NULL when out of memory.  A counter that
 * went back began anew in between. */
struct top_row *top_rates(const struct top_sample *before, const struct top_sample *now);
/* Names from a to z, figures from the largest on; `reverse` turns that round. */
void top_sort(struct top_row *, size_t n, enum top_order, bool reverse);

#endif
