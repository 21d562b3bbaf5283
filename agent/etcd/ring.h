/*
 * ring.h - which endpoint is next: the others in their order, and one that has failed not for a
 * while.  Pure.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_RING_H
#define FLUME_AGENT_ETCD_RING_H

#include <stddef.h>
#include <stdint.h>

enum { ETCD_RING_MOST = 64 };

struct etcd_ring {
	size_t n; /* 1 .. ETCD_RING_MOST */
	size_t current;
	struct {
		int64_t avoid_until;
		unsigned strikes;
	} places[ETCD_RING_MOST];
};

/* The first at or behind `from` that need not be avoided and is not in `except` (a bit each);
 * else the one that need not be first.  With all excepted: `from`. */
size_t etcd_ring_next(const struct etcd_ring *, size_t from, uint64_t except, int64_t now);
/* To be avoided, longer each time; if it was the current one, another is. */
void etcd_ring_failed(struct etcd_ring *, size_t i, int64_t now, uint32_t random);
void etcd_ring_worked(struct etcd_ring *, size_t i);

#endif
