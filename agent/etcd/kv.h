/*
 * kv.h - what several kinds of calls have in common, and the one read that only the watch needs.
 * For this room.
 */
#ifndef FLUME_AGENT_ETCD_KV_H
#define FLUME_AGENT_ETCD_KV_H

#include "agent/etcd/call.h"

/* {"key":...,"value":...}, with its lease unless that is 0 */
void etcd_add_put(struct text *, const char *key, const char *value, size_t len, int64_t lease);
/* A call that must not happen twice.  Takes the body. */
typedef int etcd_read_fn(struct etcd_call *, const json_t *, struct etcd_result *, void *);
struct etcd_call *etcd_write_call(struct etcd *, const char *path, struct text *body,
				  etcd_read_fn *, etcd_done_fn *, void *arg);

/* What a transaction answers; a fuzzer calls it too. */
etcd_read_fn etcd_read_txn;

/* Where the store is, where the prefix is, how many keys it has: result.revision, .count, and
 * in kvs (without its value) the key that was changed last, if that was after `after`.  Asks
 * this endpoint alone. */
struct etcd_call *etcd_probe(struct etcd *, size_t endpoint, const char *prefix,
			     const char *end, int64_t after, int within_ms, etcd_done_fn *,
			     void *arg);

#endif
