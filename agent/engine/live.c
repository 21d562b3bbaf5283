#include "agent/engine/live.h"

#include <stdio.h>

#define UNDER_WAY 8 /* calls, at the most that is likely */

static bool is_enough(const struct live_limits *limits, struct tally t)
{
	return tally_is_enough(t, limits->min_requests);
}

/* A call counts when it begins and its failure when it ends, so without this those under way would
 * make what runs look better than it is. */
static struct tally without_those_under_way(struct tally t)
{
	uint64_t good = t.calls > t.failures ? t.calls - t.failures : 0;
	return (struct tally){t.calls - (good < UNDER_WAY ? good : UNDER_WAY), t.failures};
}

static bool is_bad(const struct live_limits *limits, struct tally candidate,
		   struct tally running)
{
	return tally_exceeds(candidate, limits->max_rate) &&
	       (!is_enough(limits, running) ||
		tally_is_worse(candidate, without_those_under_way(running)));
}

enum live_verdict live_judge(const struct live_limits *limits, struct tally candidate,
			     struct tally running, int64_t elapsed_ns)
{
	bool enough = is_enough(limits, candidate), bad = is_bad(limits, candidate, running);
	if (enough && bad)
		return LIVE_BAD;
	if (elapsed_ns < limits->duration_ns)
		return LIVE_WAIT;
	if (enough)
		return LIVE_GOOD;
	return bad || limits->waits ? LIVE_WAIT : LIVE_NO_VERDICT;
}

void live_explain(const struct live_limits *limits, struct tally candidate,
		  struct tally running, char *out, size_t size)
{
	char than[64] = "";
	if (is_enough(limits, running))
		snprintf(than, sizeof than, ", and the %.4g%% of what runs meanwhile",
			 tally_percent(running));
	snprintf(out, size, "%llu of %llu calls failed, %.4g%%; allowed is %.4g%%%s",
		 (unsigned long long)candidate.failures, (unsigned long long)candidate.calls,
		 tally_percent(candidate), rate_percent(limits->max_rate), than);
}
