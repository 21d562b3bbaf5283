#include "agent/engine/probation.h"

#include <stdio.h>

static bool is_enough(const struct probation_limits *limits, struct tally t)
{
	return tally_is_enough(t, limits->min_requests);
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
	bool worse = !is_enough(limits, before) || tally_is_worse(now, before);
	if (enough && tally_exceeds(now, limits->max_rate) && worse)
		return PROBATION_ROLL_BACK;
	if (elapsed_ns < limits->duration_ns)
		return PROBATION_WAIT;
	return enough ? PROBATION_PROVEN : PROBATION_INCONCLUSIVE;
}

void probation_explain(const struct probation_limits *limits, struct tally before,
		       struct tally now, char *out, unsigned long size)
{
	char than[64] = "";
	if (is_enough(limits, before))
		snprintf(than, sizeof than, ", and the %.4g%% of the generation before",
			 tally_percent(before));
	snprintf(out, size, "%llu of %llu calls failed, %.4g%%; allowed is %.4g%%%s",
		 (unsigned long long)now.failures, (unsigned long long)now.calls,
		 tally_percent(now), rate_percent(limits->max_rate), than);
}
