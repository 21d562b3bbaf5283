#include "agent/etcd/ring.h"

#include "agent/etcd/backoff.h"

#include <stdbool.h>

static const int64_t second = 1000000000;

enum { DOUBLINGS = 5 }; /* of a second */

size_t etcd_ring_next(const struct etcd_ring *r, size_t from, uint64_t except, int64_t now)
{
	size_t best = from % r->n;
	bool any = false;
	for (size_t k = 0; k < r->n; k++) {
		size_t i = (from + k) % r->n;
		if (except >> i & 1)
			continue;
		if (r->places[i].avoid_until <= now)
			return i;
		if (!any || r->places[i].avoid_until < r->places[best].avoid_until)
			best = i;
		any = true;
	}
	return best;
}

void etcd_ring_failed(struct etcd_ring *r, size_t i, int64_t now, uint32_t random)
{
	unsigned strikes = r->places[i].strikes;
	struct etcd_backoff half = {.least = (second << strikes) / 2, .most = INT64_MAX / 2};
	r->places[i].avoid_until = now + half.least + etcd_backoff_next(&half, random);
	if (strikes < DOUBLINGS)
		r->places[i].strikes++;
	if (r->current == i)
		r->current = etcd_ring_next(r, i + 1, 0, now);
}

void etcd_ring_worked(struct etcd_ring *r, size_t i)
{
	r->places[i].avoid_until = 0;
	r->places[i].strikes = 0;
}
