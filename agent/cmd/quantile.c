#include "agent/cmd/quantile.h"

#include <stddef.h>

/* Below QUANTILE_STEPS each number has a place of its own; above, so many share each power of two. */
static size_t place(uint64_t ns)
{
	unsigned shift = 0;
	while (ns >= (uint64_t)2 * QUANTILE_STEPS << shift)
		shift++;
	return (size_t)shift * QUANTILE_STEPS + (size_t)(ns >> shift);
}

/* The largest that belongs there. */
static uint64_t largest(size_t place)
{
	if (place < (size_t)2 * QUANTILE_STEPS)
		return place;
	unsigned shift = (unsigned)(place / QUANTILE_STEPS) - 1;
	return ((uint64_t)(place % QUANTILE_STEPS + QUANTILE_STEPS + 1) << shift) - 1;
}

void quantile_add(struct quantile *q, int64_t ns)
{
	q->n++;
	q->counts[place(ns > 0 ? (uint64_t)ns : 0)]++;
}

int64_t quantile_get(const struct quantile *q, unsigned of_1000)
{
	uint64_t seen = 0, wanted = (q->n * of_1000 + 999) / 1000;
	for (size_t i = 0; q->n && i < sizeof q->counts / sizeof *q->counts; i++) {
		seen += q->counts[i];
		if (seen >= wanted && seen)
			return (int64_t)largest(i);
	}
	return 0;
}
