/*
 * reload.h - inside agent/cmd: the agent's configuration file, read again while the agent runs.
 *
 * All on the loop.  What the rows call CONF_LIVE counts at once; the rest, the components and the plug-ins
 * wait for a restart, which is said.  A file that is not right changes nothing.
 */
#ifndef FLUME_AGENT_CMD_RELOAD_H
#define FLUME_AGENT_CMD_RELOAD_H

#include "agent/cmd/agent_options.h"
#include "agent/cmd/cmd.h"

struct engine_config;
struct loop;
struct reload;

struct reload_user {
	void *arg;
	/* Takes what is live out of these, and nothing else; copies it.  0; or a code with `err` filled,
	 * and then nothing has changed. */
	int (*change)(void *arg, const struct agent_options *, const struct agent_facts *,
		      struct flume_err *err);
	/* For the status and the metrics. */
	void (*say)(void *arg, const struct engine_config *);
	/* A reading begins, and is over. */
	void (*begin)(void *arg);
	void (*end)(void *arg);
};

/* `call` is what the agent was started with, and `facts` what followed; both outlive it.  Without a file there
 * is only the token to follow.  0 or FLUME_NOMEM. */
int reload_new(struct reload **out, struct loop *, const struct cmd_call *call,
	       const struct agent_facts *facts, const struct reload_user *);
/* Now, and it says so whether anything is new or not. */
void reload_now(struct reload *, const char *because);
/* NULL is fine; returns NULL. */
struct reload *reload_free(struct reload *);

#endif
