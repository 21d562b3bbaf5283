/* Rates are compared by multiplying out, so that no limit is met or missed by a rounding. */
#include "agent/engine/probation.h"

#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static bool is_above_limit(const struct probation_limits *limits, struct tally now)
{
	return (wide)now.failures * PROBATION_WHOLE > (wide)now.calls * (wide)limits->max_rate;
}

static bool is_enough(const struct probation_limits *limits, struct tally t)
{
	return t.calls > 0 && t.calls >= (uint64_t)limits->min_requests;
}

static bool is_above_before(struct tally before, struct tally now)
{
	return (wide)now.failures * before.calls > (wide)before.failures * now.calls;
}

struct tally probation_before(const struct probation_limits *limits, struct tally release,
			      struct tally older)
{
	return is_enough(limits, release) || older.calls < release.calls ? release : older;
}

enum probation_verdict probation_judge(const struct probation_limits *limits,
				       struct tally before, struct tally now,
				       int64_t elapsed_ns)
{
	bool enough = is_enough(limits, now);
	bool worse = !is_enough(limits, before) || is_above_before(before, now);
	if (enough && is_above_limit(limits, now) && worse)
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
	char than[64] = "";
	if (is_enough(limits, before))
		snprintf(than, sizeof than, ", and the %.4g%% of the generation before",
			 percent(before));
	snprintf(out, size, "%llu of %llu calls failed, %.4g%%; allowed is %.4g%%%s",
		 (unsigned long long)now.failures, (unsigned long long)now.calls, percent(now),
		 100.0 * (double)limits->max_rate / (double)PROBATION_WHOLE, than);
}
