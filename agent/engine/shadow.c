#include "agent/engine/shadow.h"

#include <stdio.h>

#define STUCK INT64_C(1000000000) /* granted to a call for coming back after its time */

static bool is_enough(const struct shadow_limits *limits, const struct shadow_tally *t)
{
	return tally_is_enough((struct tally){t->compared, t->differed}, limits->min_requests);
}

static bool differs(const struct shadow_limits *limits, const struct shadow_tally *t)
{
	const uint64_t least = (uint64_t)limits->min_requests;
	const struct tally at_best = {t->compared > least ? t->compared : least, t->differed};
	return tally_exceeds(at_best, limits->max_rate);
}

enum shadow_verdict shadow_judge(const struct shadow_limits *limits,
				 const struct shadow_tally *t, int64_t elapsed_ns)
{
	bool enough = is_enough(limits, t);
	if (t->stuck_ns > STUCK)
		return SHADOW_STUCK;
	if (differs(limits, t))
		return SHADOW_DIFFERS;
	if (enough && limits->max_ratio > 0 && t->slower > t->compared / 2)
		return SHADOW_SLOW;
	if (elapsed_ns < limits->duration_ns || (!enough && limits->waits))
		return SHADOW_WAIT;
	return enough ? SHADOW_GOOD : SHADOW_NO_VERDICT;
}

void shadow_explain(enum shadow_verdict verdict, const struct shadow_limits *limits,
		    const struct shadow_tally *t, const char *first, char *out, size_t size)
{
	const struct tally differences = {t->compared, t->differed};
	if (verdict == SHADOW_STUCK)
		snprintf(out, size, "a live document has not come back %.4g s after its time",
			 (double)t->stuck_ns / 1e9);
	else if (verdict == SHADOW_SLOW)
		snprintf(out, size,
			 "%llu of %llu live documents took more than %.4g times as long as now",
			 (unsigned long long)t->slower, (unsigned long long)t->compared,
			 limits->max_ratio);
	else
		snprintf(
			out, size,
			"%llu of %llu live documents ended otherwise than now, %.4g%%; allowed "
			"is %.4g%%; the first: %s",
			(unsigned long long)t->differed, (unsigned long long)t->compared,
			tally_percent(differences), rate_percent(limits->max_rate), first);
}
