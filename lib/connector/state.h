/*
 * state.h - what a step remembers from call to call, and keeps when its schema is set again.
 *
 * A state has a seat: the schema its node stands in, the connector, and the place of the node
 * there.  Who builds a step for a seat whose state is alive gets that one, so two generations
 * share it while calls are in flight on both.  The references are those of pipelines: a state
 * dies with the last one that uses it.
 */
#ifndef FLUME_CONNECTOR_STATE_H
#define FLUME_CONNECTOR_STATE_H

#include "lib/connector/hub.h"

struct state;
struct step;

/* One row per connector that remembers; its address is part of a seat.  Both functions run on
 * threads that set schemas, and `adopt` with a lock held: none of them may run code of others. */
struct state_kind {
	size_t size; /* of the connector's own struct, which begins with its struct state */
	/* Goes by the parameters of this step from now on.  For a new state, which is cleared,
	 * and each time a step of it begins to serve.  NULL: it has none. */
	void (*adopt)(struct state *, const struct step *, int64_t now_ns);
	/* What is lost with it, "an open circuit-breaker"; NULL: nothing worth a word. */
	const char *(*says)(const struct state *, int64_t now_ns);
};

struct seat {
	const struct state_kind *kind;
	const char *schema_id; /* "": of a pipeline outside the store, which shares nothing */
	const char *place;     /* the name of the node, or its path */
	size_t nth;            /* among the nodes of that place     */
};

int seat_compare(const struct seat *, const struct seat *);

/* The first member of a connector's own, which has its lines of the cache to itself. */
struct state {
	struct seat seat;
	pthread_mutex_t lock; /* the connector's own, for what is rare */
	size_t refs;          /* under the lock of the hub             */
};

/* A reference to the one that has this seat, or to a new one, which adopts the step; NULL when
 * out of memory.  The texts of the seat are copied. */
struct state *state_ref(struct hub *, const struct seat *, const struct step *, int64_t now_ns);
void state_unref(struct hub *, struct state *);

#endif
