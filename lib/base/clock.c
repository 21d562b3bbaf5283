/* The real clock, behind the same three slots that a test fills with its own. */
#include "lib/base/cancel.h"

#include <time.h>

static int64_t real_now(void *arg)
{
	(void)arg;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
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
