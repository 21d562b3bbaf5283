/*
 * plan.h - what a seed has in store: the size of the fleet, the weather, and a list of what people
 * do and what befalls machines, each at its time.
 *
 * Each action draws from a stream of its own, so leaving one out moves no other: that is how a
 * failing seed is made short.
 */
#ifndef FLUME_SIM_PLAN_H
#define FLUME_SIM_PLAN_H

#include "tests/sim/nodes.h"

#define ACTIONS_MOST 96

struct action {
	int64_t at; /* after the start */
	unsigned kind;
	uint64_t dice;
	bool skipped;
};

struct plan {
	struct fleet_options fleet;
	struct action actions[ACTIONS_MOST];
	unsigned n;
	int64_t end; /* of all faults */
	bool old_dialect;
	int64_t progress_ns;
};

void plan_make(struct plan *, uint64_t seed);
void plan_begin(const struct plan *);
/* All is well again from now on. */
void plan_heal(void);
const char *action_text(unsigned kind);

#endif
