/*
 * live.h - what a share of live traffic says of a candidate that serves it, beside what runs and
 * serves the rest meanwhile.  Pure.
 */
#ifndef FLUME_AGENT_ENGINE_LIVE_H
#define FLUME_AGENT_ENGINE_LIVE_H

#include "agent/engine/tally.h"

#include <stddef.h>

struct live_limits {
	int64_t duration_ns;
	int64_t min_requests; /* fewer calls are no verdict, and not compared with  */
	int64_t max_rate;     /* failures per call, in parts of RATE_WHOLE     */
	bool waits;           /* without a verdict at the end: go on                */
};

enum live_verdict {
	LIVE_WAIT,
	LIVE_GOOD,
	LIVE_NO_VERDICT, /* too few calls, and nothing against it: the change goes on */
	LIVE_BAD,
};

/* `candidate` and `running` are the calls since the stage began.  Too few calls of which too many
 * failed are no verdict either, but with those nothing goes on: it waits for more. */
enum live_verdict live_judge(const struct live_limits *, struct tally candidate,
			     struct tally running, int64_t elapsed_ns);
/* "12 of 40 calls failed, 30%; allowed is 10%, and the 2.5% of what runs meanwhile". */
void live_explain(const struct live_limits *, struct tally candidate, struct tally running,
		  char *out, size_t size);

#endif
