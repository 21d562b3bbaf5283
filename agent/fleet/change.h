/*
 * change.h - one change of a document in etcd, and the record of who made it: written together, or
 * not at all.
 *
 * Lives on the loop's thread.  Where this agent may not write records the document is written alone.
 */
#ifndef FLUME_AGENT_FLEET_CHANGE_H
#define FLUME_AGENT_FLEET_CHANGE_H

#include "agent/etcd/etcd.h"

struct fleet_change;

struct fleet_change_of {                    /* copied, but for the text */
	const char *prefix, *folder, *name; /* "/flume/", "schemas/", "checkout" */
	const struct etcd_kv *seen;         /* as it was read; NULL: it was not there */
	const char *text;                   /* to be put, lent; NULL: it is deleted */
	size_t len;
	const char *who, *node; /* "10.0.0.7 via node-1", "node-1" */
};

/* Written at `revision`; or `err` says why not: FLUME_CONFLICT, it is not what was seen any more;
 * FLUME_IO or FLUME_TIMED_OUT, it may have been written all the same.  The handle is void. */
typedef void fleet_change_fn(void *arg, int64_t revision, const struct flume_err *err);
/* NULL when out of memory. */
struct fleet_change *fleet_change_new(struct etcd *, const struct fleet_change_of *,
				      fleet_change_fn *, void *arg);
/* Without a call.  NULL is fine; returns NULL. */
struct fleet_change *fleet_change_cancel(struct fleet_change *);

#endif
