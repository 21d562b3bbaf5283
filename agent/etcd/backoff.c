#include "agent/etcd/backoff.h"

int64_t etcd_backoff_next(struct etcd_backoff *b, uint32_t random)
{
	int64_t bound = b->bound ? b->bound : b->least;
	b->bound = bound > b->most / 2 ? b->most : bound * 2;
	/* bound * random / 2^32 without overflow */
	return (bound >> 32) * random +
	       (int64_t)(((uint64_t)(bound & UINT32_MAX) * random) >> 32);
}

void etcd_backoff_reset(struct etcd_backoff *b)
{
	b->bound = 0;
}
