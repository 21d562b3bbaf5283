/*
 * status.h - this node's status in etcd: the page of the board at PREFIXnodes/NODE, under a
 * lease.
 *
 * Lives on the loop's thread.  The key is there as long as the node lives; it is written again
 * when the page has changed, at once but not with each of several changes, and after a lease
 * was lost.  What cannot be written is tried again.
 */
#ifndef FLUME_AGENT_FLEET_STATUS_H
#define FLUME_AGENT_FLEET_STATUS_H

#include "agent/engine/board.h"
#include "agent/etcd/etcd.h"
#include "agent/loop/loop.h"

struct fleet_status;

struct fleet_status_options {
	const char *prefix, *node;
	/* etcd answered at `revision`, and had been beyond it: it was wiped or restored, some
	 * time after `since` (of loop_now).  May be NULL. */
	void (*went_back)(void *arg, int64_t revision, int64_t since);
	void *arg;
};

/* 0 or FLUME_NOMEM. */
int fleet_status_new(struct fleet_status **out, struct loop *, struct etcd *, struct board *,
		     const struct fleet_status_options *, struct flume_err *err);
/* There is a new page.  Takes a fleet_status, so that engine_on_status can have it. */
void fleet_status_changed(void *);
/* Revokes the lease, so that the key goes with the node: turns the loop until etcd has
 * answered, but no longer than `within_ns`.  NULL is fine; returns NULL. */
struct fleet_status *fleet_status_free(struct fleet_status *, int64_t within_ns);

#endif
