/*
 * Giving up on a call, and sleeping in a way that notices it.
 *
 * A sleeper waits on the token's own condition, so a request wakes it at once; without a token
 * there is nobody to wake it and the kernel sleeps for us.
 */
#include "lib/base/cancel.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000LL

struct flume_cancel {
	atomic_bool requested;
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

flume_cancel *flume_cancel_new(void)
{
	flume_cancel *cancel = calloc(1, sizeof *cancel);
	if (!cancel)
		return NULL;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cancel->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&cancel->lock, NULL);
	return cancel;
}

flume_cancel *flume_cancel_free(flume_cancel *cancel)
{
	if (cancel) {
		pthread_cond_destroy(&cancel->wake);
		pthread_mutex_destroy(&cancel->lock);
		free(cancel);
	}
	return NULL;
}

void flume_cancel_request(flume_cancel *cancel)
{
	if (!cancel)
		return;
	pthread_mutex_lock(&cancel->lock);
	atomic_store(&cancel->requested, true);
	pthread_cond_broadcast(&cancel->wake);
	pthread_mutex_unlock(&cancel->lock);
}

bool flume_cancel_requested(const flume_cancel *cancel)
{
	return cancel && atomic_load_explicit(&cancel->requested, memory_order_acquire);
}

static struct timespec timespec_at(int64_t ns)
{
	if (ns < 0)
		ns = 0;
	return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

int cancel_sleep(int64_t until_ns, flume_cancel *cancel)
{
	struct timespec until = timespec_at(until_ns);
	if (!cancel) {
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
			;
		return FLUME_OK;
	}
	int rc = 0;
	pthread_mutex_lock(&cancel->lock);
	while (!atomic_load(&cancel->requested) && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&cancel->wake, &cancel->lock, &until);
	bool woken = atomic_load(&cancel->requested);
	pthread_mutex_unlock(&cancel->lock);
	return woken ? FLUME_CANCELLED : FLUME_OK;
}
