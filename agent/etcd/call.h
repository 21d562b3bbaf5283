/*
 * call.h - a question with one answer, put to one endpoint after another.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_CALL_H
#define FLUME_AGENT_ETCD_CALL_H

#include "agent/etcd/failure.h"
#include "agent/etcd/post.h"
#include "lib/base/text.h"

enum { ETCD_AGAIN = 1 }; /* of `read` and `failed`: ask once more, with the new body */

struct etcd_call;

struct etcd_call_options {
	const char *path;
	struct text *body; /* taken, even on failure; a failed one fails the call */
	int timeout_ms;
	int first_ms;     /* until the first byte; 0: no such limit         */
	bool write;       /* must not happen twice                          */
	bool long_answer; /* which should not be in the way of others      */
	bool anonymous;   /* goes without the token                         */
	bool pinned;      /* to this endpoint, and no other                 */
	size_t endpoint;  /* if pinned                                      */
	/* Read a success into the result; 0, ETCD_AGAIN or a negative code. */
	int (*read)(struct etcd_call *, const json_t *reply, struct etcd_result *, void *state);
	/* May be NULL.  Another way after a failure?  ETCD_AGAIN or 0.  What etcd said, or NULL. */
	int (*failed)(struct etcd_call *, const struct etcd_failure *, int code,
		      struct etcd_result *, void *state);
	void *state; /* taken, even on failure */
	void (*free_state)(void *state);
	etcd_done_fn *done;
	void *arg;
};

/* NULL when out of memory. */
struct etcd_call *etcd_call_new(struct etcd *, const struct etcd_call_options *);
/* Before ETCD_AGAIN; takes the text.  FLUME_NOMEM when it has failed. */
int etcd_call_ask(struct etcd_call *, struct text *body);

#endif
