/*
 * sync.h - calls to etcd that wait for their answer, for commands that do one thing after
 * another.  They run a loop of their own; not for the agent.
 */
#ifndef FLUME_AGENT_ETCD_SYNC_H
#define FLUME_AGENT_ETCD_SYNC_H

#include "agent/etcd/etcd.h"

struct etcd_sync;

/* `within_ms` bounds every call, all endpoints included: FLUME_TIMED_OUT.  NULL with `err`
 * filled. */
struct etcd_sync *etcd_sync_new(const struct etcd_options *, int within_ms, struct flume_err *);
void etcd_sync_bound(struct etcd_sync *, int within_ms); /* another bound from now on */
struct etcd_sync *etcd_sync_free(struct etcd_sync *);    /* NULL is fine; returns NULL */

/* Like the functions without sync in etcd.h.  Return result->code.  `out` (may be NULL) is
 * written on success, and on FLUME_CONFLICT; etcd_result_fini it then. */
int etcd_sync_range(struct etcd_sync *, const struct etcd_query *, struct etcd_result *out,
		    struct flume_err *);
int etcd_sync_put(struct etcd_sync *, const char *key, const char *value, size_t len,
		  int64_t lease, struct etcd_result *out, struct flume_err *);
int etcd_sync_delete(struct etcd_sync *, const char *key, struct etcd_result *out,
		     struct flume_err *);
int etcd_sync_put_if(struct etcd_sync *, const char *key, const char *value, size_t len,
		     int64_t expected, int64_t lease, struct etcd_result *out,
		     struct flume_err *);
int etcd_sync_delete_if(struct etcd_sync *, const char *key, int64_t expected,
			struct etcd_result *out, struct flume_err *);
/* result->succeeded says which list was carried out. */
int etcd_sync_transact(struct etcd_sync *, const struct etcd_txn *, struct etcd_result *out,
		       struct flume_err *);

#endif
