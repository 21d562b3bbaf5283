/* agent_switches.h - inside agent/cmd: the switches of the agent, with what they come from and are kept
 * in. */
#ifndef FLUME_AGENT_CMD_AGENT_SWITCHES_H
#define FLUME_AGENT_CMD_AGENT_SWITCHES_H

#include "agent/cmd/agent_options.h"
#include "agent/http/http.h"
#include "agent/split/switchboard.h"
#include "agent/switches/switches.h"

struct agent_switches {            /* all zero is none yet */
	struct switchboard *board; /* outlives the factory */
	flume_value *components;   /* of the node */
	struct switches *all;
	char *folder;          /* DIR/switches; NULL: none */
	struct source *source; /* of that folder           */
};

/* What the factory needs.  0 or an exit code. */
int agent_switches_begin(struct agent_switches *, const struct agent_options *,
			 const struct conf *);
/* With an engine.  0 or a negative code. */
int agent_switches_open(struct agent_switches *, struct loop *, flume_factory *,
			struct engine *, const struct agent_options *, struct flume_err *err);
/* Follows the folder, if there is one. */
int agent_switches_follow(struct agent_switches *, struct loop *, const struct agent_options *,
			  struct flume_err *err);
/* Keeps in the folder what is set over HTTP. */
struct http_keeper agent_switches_keeper(struct agent_switches *);
/* Before the engine goes.  `in_use`: calls that did not end may still look at them. */
void agent_switches_end(struct agent_switches *, bool in_use);
/* After the factory. */
void agent_switches_fini(struct agent_switches *);

#endif
