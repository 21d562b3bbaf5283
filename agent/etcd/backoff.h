/*
 * backoff.h - how long to wait before the next try: anything from nothing to a bound that
 * doubles with each failure ("full jitter"), so that a fleet that failed together does not come
 * back together.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_BACKOFF_H
#define FLUME_AGENT_ETCD_BACKOFF_H

#include <stdint.h>

struct etcd_backoff {
	int64_t least, most; /* of the bound; ns, 0 < least <= most */
	int64_t bound;       /* of the next pause; 0: least         */
};

/* The next pause, for a random number from the whole range of its type. */
int64_t etcd_backoff_next(struct etcd_backoff *, uint32_t random);
/* After success. */
void etcd_backoff_reset(struct etcd_backoff *);

#endif
