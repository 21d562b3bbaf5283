/* spin.h - waiting for another core without sleeping, for some microseconds at most. */
#ifndef FLUME_BASE_SPIN_H
#define FLUME_BASE_SPIN_H

#include "lib/flume.h"

static inline void spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* True once `waits` no longer holds; false when it still does after so long.  The clock is not
 * looked at before some turns were made, for what takes less must not pay for it. */
static inline bool spin_while(bool (*waits)(void *arg), void *arg, int64_t ns)
{
	const struct flume_clock *clock = flume_clock_real();
	int64_t until = 0, now = 0;
	do {
		for (int i = 0; i < 32; i++) {
			if (!waits(arg))
				return true;
			spin_pause();
		}
		now = clock->now_ns(clock->arg);
		if (!until)
			until = now + ns;
	} while (now < until);
	return false;
}

#endif
