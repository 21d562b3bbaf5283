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

/* Some turns, a microsecond or two: true once `waits` no longer holds. */
static inline bool spin_turns(bool (*waits)(void *arg), void *arg)
{
	for (int i = 0; i < 32; i++) {
		if (!waits(arg))
			return true;
		spin_pause();
	}
	return false;
}

static inline int64_t spin_now(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

/* The same for so long, and some turns more: what takes less must not pay for the clock. */
static inline bool spin_while(bool (*waits)(void *arg), void *arg, int64_t ns)
{
	if (spin_turns(waits, arg))
		return true;
	int64_t until = spin_now() + ns;
	while (spin_now() < until)
		if (spin_turns(waits, arg))
			return true;
	return false;
}

#endif
