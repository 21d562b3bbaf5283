/*
 * shelf.h - the switches that run, for the threads that answer HTTP.
 *
 * The loop puts up a new view whenever something changed; readers take the one that is there.  Views
 * are immutable and counted, the shelf has a lock of a few instructions.
 */
#ifndef FLUME_AGENT_SWITCHES_SHELF_H
#define FLUME_AGENT_SWITCHES_SHELF_H

#include "agent/engine/facts.h"
#include "agent/split/switchboard.h"

struct shelf;

struct shelf_item {
	struct ab_switch *sw; /* its name is that of the item */
	struct switch_slot *slot;
	struct facts facts;
	uint64_t generation;
	bool front; /* documents may be sent to it */
};

struct shelf_view {          /* by name */
	size_t n, refs;      /* refs under the shelf's lock */
	uint32_t generation; /* of the switchboard, which is like this */
	struct shelf_item items[];
};

struct shelf *shelf_new(void); /* with nothing on it; NULL when out of memory */
struct shelf *shelf_free(struct shelf *);

/* Room for `n` items; NULL when out of memory.  What is not put up is freed with shelf_drop. */
struct shelf_view *shelf_make(size_t n);
void shelf_drop(struct shelf_view *);
/* Takes the view, whose items hold a reference each. */
void shelf_put(struct shelf *, struct shelf_view *);

/* Any thread: lent until shelf_release, which comes before shelf_free; never NULL. */
const struct shelf_view *shelf_take(struct shelf *);
void shelf_release(struct shelf *, const struct shelf_view *);
/* NULL when none runs of that name. */
const struct shelf_item *shelf_find(const struct shelf_view *, const char *name);

#endif
