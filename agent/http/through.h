/*
 * through.h - changes of schemas where etcd owns them: written there, and answered when this node
 * has decided on what it got back.
 *
 * Lives on the loop's thread.  Nothing here waits: a write is a few calls of etcd, then the look at
 * each new status of the node, and a timer.
 */
#ifndef FLUME_AGENT_HTTP_THROUGH_H
#define FLUME_AGENT_HTTP_THROUGH_H

#include "agent/http/inside.h"

/* NULL when out of memory. */
struct through *through_new(struct http *, struct etcd *, const char *prefix, const char *node);
/* Takes the request, which waits, and makes it ready with its answer. */
void through_push(struct through *, struct request *, enum edit_kind);
/* The node has a new status. */
void through_look(struct through *);
/* Answers all that are under way with 503.  NULL is fine; returns NULL. */
struct through *through_free(struct through *);

#endif
