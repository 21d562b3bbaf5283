/*
 * jail.h - processes of the agent's own in which programs run that need not end by themselves.
 *
 * A jail is made when a program is to run and none is free, up to one per processor (two at least);
 * all of them go with the last user.  A run that is not over in time, or not waited for any more,
 * costs its jail.  Any thread.
 */
#ifndef FLUME_AGENT_OUTSIDE_JAIL_H
#define FLUME_AGENT_OUTSIDE_JAIL_H

#include "agent/outside/jail_wire.h"
#include "lib/base/text.h"
#include "lib/flume.h"

/* While anybody holds them, jails stay for the next run. */
void jail_hold(void);
void jail_release(void);

struct jail_job {
	uint64_t id; /* of the program, the same for the same text; never 0 */
	const char *program;
	enum jail_mode mode;
	const char *json; /* NULL after JAIL_COMPILE */
	size_t len;
	int64_t limit_ns;              /* of the run        */
	const struct flume_call *call; /* who waits; may be NULL */
};

/* 0, with what came of it; `out` takes the text.  FLUME_FAILED when the program took too long or took
 * its jail down, FLUME_TIMED_OUT or FLUME_CANCELLED when the call was over before, FLUME_NOMEM when
 * there can be no jail. */
int jail_run(const struct jail_job *, enum jail_outcome *outcome, struct text *out,
	     struct flume_err *err);

#endif
