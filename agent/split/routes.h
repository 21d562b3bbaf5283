/*
 * routes.h - what a schema and a switch that it names expect of each other.
 *
 * A route of a `switch` node that asks an `ab` must be one of the variants (`unreachable-route`), and
 * so must what a `flag` asks for (`unknown-variant`).  A switch that is not known is expected to come,
 * and nothing is wrong.
 */
#ifndef FLUME_AGENT_SPLIT_ROUTES_H
#define FLUME_AGENT_SPLIT_ROUTES_H

#include "agent/split/ab.h"

/* The switch of that name, lent until the check returns, or NULL. */
typedef const struct ab_switch *ab_find_fn(void *arg, const char *name);

/* What is wrong with the schema.  `shared` is the `components` of the node, or NULL.  0; FLUME_REJECTED with
 * findings in the schema; or FLUME_NOMEM. */
int ab_check_schema(const flume_schema *, const flume_value *shared, ab_find_fn *, void *arg,
		    flume_report *);
/* The same from the other side: what is wrong with the switch, for the schema `id` that runs.  Findings
 * are in the switch. */
int ab_check_switch(const struct ab_switch *, const char *id, const flume_schema *,
		    const flume_value *shared, flume_report *);

/* Calls `fn` for the switch of each `ab` and `flag` that the schema or the node declares, as often as they
 * do.  Ends with what `fn` returns when that is not 0. */
int ab_each_name(const flume_schema *, const flume_value *shared,
		 int (*fn)(void *arg, const char *name), void *arg);

#endif
