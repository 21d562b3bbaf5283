/*
 * switches.h - the A/B switches of a node: takes changes, decides by the same table as of schemas,
 * checks, swaps, and remembers.
 *
 * Lives on the loop's thread, above the engine, whose guest it is (guest.h).  What runs is put on the
 * switchboard, for the kinds `ab` and `flag`, and on a shelf (shelf.h), for HTTP.  A switch that is
 * refused leaves the one before in force.  There is no canary and no probation: a switch moves
 * documents between pipelines that are proven already.
 */
#ifndef FLUME_AGENT_SWITCHES_H
#define FLUME_AGENT_SWITCHES_H

#include "agent/engine/engine.h"
#include "agent/switches/shelf.h"
#include "lib/base/text.h"

struct switchboard;
struct switches;

struct switches_options {
	const char *state_dir; /* NULL: nothing is remembered */
	/* Conditions that the node's configuration declares, for all schemas; may be NULL.  Lent. */
	const flume_value *components;
};

/* What is given outlives it.  0 or FLUME_NOMEM. */
int switches_new(struct switches **out, struct loop *, flume_factory *, struct engine *,
		 struct switchboard *, const struct switches_options *, struct flume_err *err);
/* Writes what is not on disk yet, as far as a moment allows. */
void switches_save(struct switches *);
/* The same.  Before engine_free, and after those are gone who look at the shelf.  Returns NULL. */
struct switches *switches_free(struct switches *);

/* Puts in force what was here before, from the state folder.  Before engine_boot, for schemas that
 * ask switches.  Returns how many run. */
size_t switches_boot(struct switches *);

/* The sink to give to a source. */
struct sink switches_sink(struct switches *);

/* Of the node, "k=v", NULL at the end.  0, or FLUME_NOMEM and nothing changed. */
int switches_set_labels(struct switches *, const char *const *labels);

/* One change with an answer: `done` runs once, before this returns.  As engine_submit; there is no
 * ENGINE_SUPERSEDED. */
void switches_submit(struct switches *, const struct change *, engine_done_fn *, void *arg);

/* ---- any thread ---- */

/* What runs. */
struct shelf *switches_get_shelf(struct switches *);
struct switchboard *switches_get_board(struct switches *);

#endif
