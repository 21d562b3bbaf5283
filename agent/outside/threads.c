#include "agent/outside/threads.h"

#include "lib/flume.h"

#include <signal.h>
#include <time.h>

int threads_start(pthread_t *out, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int bad = pthread_create(out, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return bad ? FLUME_NOMEM : FLUME_OK;
}

void threads_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &clock);
	pthread_condattr_destroy(&clock);
}

void threads_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ns)
{
	if (until_ns == INT64_MAX) {
		pthread_cond_wait(cond, lock);
		return;
	}
	struct timespec at = {.tv_sec = until_ns / 1000000000,
			      .tv_nsec = until_ns % 1000000000};
	pthread_cond_timedwait(cond, lock, &at);
}
