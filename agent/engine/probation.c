/* Rates are compared by multiplying out, so that no limit is met or missed by a rounding. */
#include "agent/engine/probation.h"

#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static bool is_above_limit(const struct probation_limits *limits, struct tally now)
{
	return (wide)now.failures * PROBATION_WHOLE > (wide)now.calls * (wide)limits->max_rate;
}

static bool is_above_before(struct tally before, struct tally now)
{
	return (wide)now.failures * before.calls > (wide)before.failures * now.calls ||
	       (!before.calls && now.failures);
}

enum probation_verdict probation_judge(const struct probation_limits *limits,
				       struct tally before, struct tally now,
				       int64_t elapsed_ns)
{
	bool enough = now.calls > 0 && now.calls >= (uint64_t)limits->min_requests;
	if (enough && is_above_limit(limits, now) && is_above_before(before, now))
		return PROBATION_ROLL_BACK;
	if (elapsed_ns < limits->duration_ns)
		return PROBATION_WAIT;
	return enough ? PROBATION_PROVEN : PROBATION_INCONCLUSIVE;
}

static double percent(struct tally t)
{
	return t.calls ? 100.0 * (double)t.failures / (double)t.calls : 0;
}

void probation_explain(const struct probation_limits *limits, struct tally before,
		       struct tally now, char *out, unsigned long size)
{
	snprintf(out, size,
		 "%llu of %llu calls failed, %.4g%%; allowed is %.4g%%, and the %.4g%% of the "
		 "generation before",
		 (unsigned long long)now.failures, (unsigned long long)now.calls, percent(now),
		 100.0 * (double)limits->max_rate / (double)PROBATION_WHOLE, percent(before));
}
