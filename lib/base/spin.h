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

static inline int64_t spin_now(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

/* True once `waits` no longer holds; false when it still does after so long. */
static inline bool spin_while(bool (*waits)(void *arg), void *arg, int64_t ns)
{
	int64_t until = spin_now() + ns;
	do {
		for (int i = 0; i < 32; i++) {
			if (!waits(arg))
				return true;
			spin_pause();
		}
	} while (spin_now() < until);
	return false;
}

#endif
