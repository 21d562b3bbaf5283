/* threads.h - threads that cannot be started when a test says so, and waiting for a state. */
#ifndef FLUME_TESTS_UNIT_THREADS_H
#define FLUME_TESTS_UNIT_THREADS_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

/* Returns when something is so. */
#define UNTIL(what)     \
	while (!(what)) \
	sched_yield()

/* The library starts its threads with the default attributes: nobody has room for such a stack.
 */
static inline void no_threads(bool none)
{
	static pthread_attr_t before;
	pthread_attr_t attr;
	pthread_getattr_default_np(&attr);
	if (none) {
		before = attr;
		pthread_attr_setstacksize(&attr, (size_t)1 << 46);
		pthread_setattr_default_np(&attr);
	} else {
		pthread_setattr_default_np(&before);
	}
}

#endif
