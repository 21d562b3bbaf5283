/*
 * outcome.h - what became of a change, by what the live nodes say of themselves.  Pure.
 *
 * "running": all nodes run it, or have let go of what was deleted; "refused": one at least will not;
 * "held": none of those that will not said anything of its content, but an operator, or a breaker, holds
 * it there; "pending": some have not decided; "no-nodes": nobody is there.
 */
#ifndef FLUME_AGENT_FLEET_OUTCOME_H
#define FLUME_AGENT_FLEET_OUTCOME_H

#include "agent/fleet/record.h"
#include "agent/fleet/said.h"

struct outcome_of {
	const char *folder; /* "schemas/" or "switches/" */
	const char *name;
	const struct record_version *version; /* with the revision of the change */
};

/* One more node.  0 or FLUME_NOMEM. */
int outcome_add(struct record_outcome *, const struct outcome_of *, const struct fleet_said *);
void outcome_end(struct record_outcome *, int64_t now);

/* "running 5 of 5", "refused 1 of 5: node-2: rejected: canary: ...", "held 1 of 5: ...". */
#define OUTCOME_LINE (RECORD_WHY + 80)
void outcome_line(const struct record_outcome *, char out[OUTCOME_LINE]);

#endif
