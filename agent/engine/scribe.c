/*
 * A write may take seconds on a busy disk, and for ever on one that hangs.  So what loop and
 * thread share is freed by the thread, which may be the last to leave, if it ever comes back.  It
 * allocates nothing.
 */
#include "agent/engine/scribe.h"

#include "agent/loop/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STACK ((size_t)256 << 10)

struct shared { /* of both */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct scribe_job *todo, *done;
	int wake;
	bool leaving; /* the loop is gone, or goes */
};

struct scribe {
	struct loop *loop;
	struct loop_fd *watch;
	struct shared *shared;
	bool threaded, busy;
	scribe_done_fn *fn;
	void *arg;
};

struct scribe_job *scribe_job_free(struct scribe_job *job)
{
	if (!job)
		return NULL;
	for (size_t i = 0; i < job->n; i++) {
		free((void *)(uintptr_t)job->items[i].name);
		free((void *)(uintptr_t)job->items[i].bytes);
	}
	free(job->items);
	free(job->folder);
	free(job);
	return NULL;
}

static void carry_out(struct scribe_job *job)
{
	job->rc = job->n ? file_commit(job->folder, job->items, job->n, &job->done, &job->made,
				       &job->err)
			 : file_probe(job->folder, &job->made, &job->err);
}

/* ---- what both have ---- */

static struct shared *shared_new(void)
{
	struct shared *d = calloc(1, sizeof *d);
	pthread_condattr_t clock;
	if (!d)
		return NULL;
	d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->wake < 0) {
		free(d);
		return NULL;
	}
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&d->moved, &clock);
	pthread_condattr_destroy(&clock);
	return d;
}

static void shared_free(struct shared *d)
{
	scribe_job_free(d->todo);
	scribe_job_free(d->done);
	pthread_cond_destroy(&d->moved);
	pthread_mutex_destroy(&d->lock);
	close(d->wake);
	free(d);
}

static void *work(void *arg)
{
	struct shared *d = arg;
	const uint64_t one = 1;
	pthread_mutex_lock(&d->lock);
	while (!d->leaving) {
		if (!d->todo) {
			pthread_cond_wait(&d->moved, &d->lock);
			continue;
		}
		struct scribe_job *job = d->todo;
		d->todo = NULL;
		pthread_mutex_unlock(&d->lock);
		carry_out(job);
		pthread_mutex_lock(&d->lock);
		d->done = job;
		pthread_cond_broadcast(&d->moved);
		if (write(d->wake, &one, sizeof one) < 0)
			continue; /* it is full, so the loop wakes anyway */
	}
	pthread_mutex_unlock(&d->lock);
	shared_free(d);
	return NULL;
}

/* ---- on the loop ---- */

static void finish(struct scribe *scribe, struct scribe_job *job)
{
	scribe->busy = false;
	scribe->fn(scribe->arg, job);
}

static struct scribe_job *take_done(struct shared *d)
{
	struct scribe_job *job = d->done;
	d->done = NULL;
	return job;
}

static void on_wake(int fd, uint32_t events, void *arg)
{
	struct scribe *scribe = arg;
	uint64_t n;
	(void)events;
	if (read(fd, &n, sizeof n) < 0)
		return;
	pthread_mutex_lock(&scribe->shared->lock);
	struct scribe_job *job = take_done(scribe->shared);
	pthread_mutex_unlock(&scribe->shared->lock);
	if (job)
		finish(scribe, job);
}

struct scribe *scribe_new(struct loop *loop, scribe_done_fn *fn, void *arg)
{
	struct scribe *scribe = calloc(1, sizeof *scribe);
	if (!scribe)
		return NULL;
	*scribe = (struct scribe){.loop = loop, .shared = shared_new(), .fn = fn, .arg = arg};
	if (scribe->shared)
		scribe->watch =
			loop_fd_add(loop, scribe->shared->wake, EPOLLIN, on_wake, scribe);
	return scribe->watch ? scribe : scribe_free(scribe);
}

void scribe_start(struct scribe *scribe, struct scribe_job *job)
{
	scribe->busy = true;
	if (!scribe->threaded)
		scribe->threaded = !thread_start(work, scribe->shared, STACK);
	if (!scribe->threaded) {
		carry_out(job);
		finish(scribe, job);
		return;
	}
	pthread_mutex_lock(&scribe->shared->lock);
	scribe->shared->todo = job;
	pthread_cond_broadcast(&scribe->shared->moved);
	pthread_mutex_unlock(&scribe->shared->lock);
}

bool scribe_is_busy(const struct scribe *scribe)
{
	return scribe->busy;
}

bool scribe_wait(struct scribe *scribe, int64_t until_ns)
{
	const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
	struct shared *d = scribe->shared;
	int rc = 0;
	if (!scribe->busy)
		return true;
	pthread_mutex_lock(&d->lock);
	while (!d->done && !rc)
		rc = pthread_cond_timedwait(&d->moved, &d->lock, &until);
	struct scribe_job *job = take_done(d);
	pthread_mutex_unlock(&d->lock);
	if (job)
		finish(scribe, job);
	return job;
}

struct scribe *scribe_free(struct scribe *scribe)
{
	if (!scribe)
		return NULL;
	loop_fd_remove(scribe->watch);
	if (scribe->threaded) {
		pthread_mutex_lock(&scribe->shared->lock);
		scribe->shared->leaving = true;
		pthread_cond_broadcast(&scribe->shared->moved);
		pthread_mutex_unlock(&scribe->shared->lock);
	} else if (scribe->shared) {
		shared_free(scribe->shared);
	}
	free(scribe);
	return NULL;
}
