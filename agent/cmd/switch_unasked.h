/* switch_unasked.h - inside agent/cmd: a word to the author of a switch that decides nothing. */
#ifndef FLUME_AGENT_CMD_SWITCH_UNASKED_H
#define FLUME_AGENT_CMD_SWITCH_UNASKED_H

#include "agent/cmd/files.h"
#include "agent/switches/judge.h"

/* To stderr, with what was meant when it was misspelt; nothing, when it decides something.  `schemas` are
 * those of the world, with others; whatever is wrong with the switch was told before. */
void switch_tell_unasked(const char *what, const struct ab_switch *, const struct judge_world *,
			 const struct files *schemas);

#endif
