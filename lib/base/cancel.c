/*
 * Giving up on a call, and sleeping in a way that notices it.
 *
 * A sleeper waits on the token's own condition, so a request wakes it at once; without a token
 * there is nobody to wake it and the kernel sleeps for us.  Locks are taken from the followed to
 * its followers.
 */
#include "lib/base/cancel.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000LL

void cancel_init(flume_cancel *cancel)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cancel->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&cancel->lock, NULL);
	atomic_init(&cancel->requested, false);
	cancel->followers = cancel->followed = NULL;
}

void cancel_fini(flume_cancel *cancel)
{
	pthread_cond_destroy(&cancel->wake);
	pthread_mutex_destroy(&cancel->lock);
}

flume_cancel *flume_cancel_new(void)
{
	flume_cancel *cancel = malloc(sizeof *cancel);
	if (cancel)
		cancel_init(cancel);
	return cancel;
}

flume_cancel *flume_cancel_free(flume_cancel *cancel)
{
	if (cancel)
		cancel_fini(cancel);
	free(cancel);
	return NULL;
}

/* Holds the lock all the way down, so that no follower goes away meanwhile. */
void flume_cancel_request(flume_cancel *cancel)
{
	if (!cancel)
		return;
	pthread_mutex_lock(&cancel->lock);
	atomic_store(&cancel->requested, true);
	pthread_cond_broadcast(&cancel->wake);
	for (flume_cancel *it = cancel->followers; it; it = it->next)
		flume_cancel_request(it);
	pthread_mutex_unlock(&cancel->lock);
}

bool flume_cancel_requested(const flume_cancel *cancel)
{
	return cancel && atomic_load_explicit(&cancel->requested, memory_order_acquire);
}

void cancel_follow(flume_cancel *cancel, flume_cancel *other)
{
	if (!other)
		return;
	cancel->followed = other;
	pthread_mutex_lock(&other->lock);
	cancel->next = other->followers;
	cancel->link = &other->followers;
	if (cancel->next)
		cancel->next->link = &cancel->next;
	other->followers = cancel;
	if (atomic_load(&other->requested))
		flume_cancel_request(cancel);
	pthread_mutex_unlock(&other->lock);
}

void cancel_unfollow(flume_cancel *cancel)
{
	flume_cancel *other = cancel->followed;
	if (!other)
		return;
	pthread_mutex_lock(&other->lock);
	*cancel->link = cancel->next;
	if (cancel->next)
		cancel->next->link = cancel->link;
	pthread_mutex_unlock(&other->lock);
	cancel->followed = NULL;
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

void cancel_wait(flume_cancel *cancel)
{
	pthread_mutex_lock(&cancel->lock);
	while (!atomic_load(&cancel->requested))
		pthread_cond_wait(&cancel->wake, &cancel->lock);
	pthread_mutex_unlock(&cancel->lock);
}
