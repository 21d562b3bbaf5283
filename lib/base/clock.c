/*
 * The real clock, behind the same three slots that a test fills with its own.
 *
 * A call with a deadline is looked at before each step.  The system keeps the time of its last tick where
 * it can be read for nothing; it is never ahead, and behind by a tick, or by what somebody else had the
 * processor for.  So only when a deadline is near is it worth to ask exactly.
 */
#include "lib/base/clock.h"

#include "lib/base/cancel.h"

#include <time.h>

#define NEAR_NS INT64_C(20000000) /* two ticks of the slowest kernel */

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t real_now(void *arg)
{
	(void)arg;
	return read_clock(CLOCK_MONOTONIC);
}

bool clock_has_come(const struct flume_clock *clock, int64_t at_ns)
{
	if (clock->now_ns == real_now && at_ns > NEAR_NS &&
	    read_clock(CLOCK_MONOTONIC_COARSE) < at_ns - NEAR_NS)
		return false;
	return clock->now_ns(clock->arg) >= at_ns;
}

static int real_sleep(void *arg, int64_t until_ns, flume_cancel *cancel)
{
	(void)arg;
	return cancel_sleep(until_ns, cancel);
}

const struct flume_clock *flume_clock_real(void)
{
	static const struct flume_clock real = {real_now, real_sleep, NULL};
	return &real;
}
