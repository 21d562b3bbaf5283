/* rules.h - inside agent/fleet: what each state and reason of a node means, and the way out of it. */
#ifndef FLUME_AGENT_FLEET_RULES_H
#define FLUME_AGENT_FLEET_RULES_H

#include "agent/fleet/judge.h"

struct fleet_rule {
	const char *state;
	const char *of;                /* a reason; where there is none, a stage; NULL: any */
	const char *decided;           /* what was decided, by which rule */
	const char *next;              /* what would change it; "": nothing has to */
	const char *command;           /* '@' stands for the name; "": none */
	const char *command_of_switch; /* the same; NULL: `command` */
};

/* Never NULL: what is not known has a rule as well.  Of "not-in-front" the reason is "name-taken", or
 * "": a variant has no schema. */
const struct fleet_rule *fleet_rule(const char *state, const char *reason, const char *stage);

#endif
