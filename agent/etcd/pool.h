/*
 * pool.h - the connections that posts share.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_POOL_H
#define FLUME_AGENT_ETCD_POOL_H

#include "agent/etcd/client.h"
#include "agent/etcd/tls.h"
#include "agent/web/multi.h"

struct etcd_pool {
	struct etcd *e;
	struct web_multi multi;
	struct etcd_posts readable; /* more lines have come for them */
	struct etcd_identity *identity;
	size_t users; /* posts, and who works on it at present */
	bool retired;
};

/* The pool for a new post, which is to give it back; one with the certificates of this moment.
 * `own`: for a connection that nobody else may take.  NULL with `err`: FLUME_IO or FLUME_INVALID
 * (certificates), FLUME_NOMEM. */
struct etcd_pool *etcd_pool_take(struct etcd *, bool own, struct flume_err *);
void etcd_pool_give(struct etcd_pool *);
/* Its connections are not to be trusted with another post. */
void etcd_pool_retire(struct etcd_pool *);
/* Without posts. */
void etcd_pool_fini(struct etcd *);

#endif
