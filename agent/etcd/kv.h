/*
 * kv.h - the one read that only the watch needs.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_KV_H
#define FLUME_AGENT_ETCD_KV_H

#include "agent/etcd/etcd.h"

/* Where the store is, where the prefix is, how many keys it has: result.revision, .count, and
 * in kvs (without its value) the key that was changed last, if that was after `after`.  Asks
 * this endpoint alone. */
struct etcd_call *etcd_probe(struct etcd *, size_t endpoint, const char *prefix,
			     const char *end, int64_t after, etcd_done_fn *, void *arg);

#endif
