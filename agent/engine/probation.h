/*
 * probation.h - what live traffic says of a generation that was just swapped in.  Pure.
 */
#ifndef FLUME_AGENT_ENGINE_PROBATION_H
#define FLUME_AGENT_ENGINE_PROBATION_H

#include "agent/engine/tally.h"

struct probation_limits {
	int64_t duration_ns;  /* 0: there is no probation                          */
	int64_t min_requests; /* fewer calls are no verdict                        */
	int64_t max_rate;     /* failures per call, in parts of RATE_WHOLE    */
};

enum probation_verdict {
	PROBATION_WAIT,
	PROBATION_PROVEN,
	PROBATION_INCONCLUSIVE, /* too few calls: the schema stays, nothing is proven */
	PROBATION_ROLL_BACK,
};

/* What is known of the rate before: what the release before did in its time or, where those are
 * too few calls to compare with, what was known before that. */
struct tally probation_before(const struct probation_limits *, struct tally release,
			      struct tally older);

/* `before` is what is known of the rate before.  Fewer than min_requests calls are not compared
 * with: then the limit decides alone. */
enum probation_verdict probation_judge(const struct probation_limits *, struct tally before,
				       struct tally now, int64_t elapsed_ns);

/* "12 of 40 calls failed, 30%; allowed is 10%, and the 2.5% of the generation before"; without
 * the end when that is not known. */
void probation_explain(const struct probation_limits *, struct tally before, struct tally now,
		       char *out, unsigned long size);

#endif
