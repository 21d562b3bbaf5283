/*
 * A write may take seconds on a busy disk, and for ever on one that hangs.  So what loop and
 * thread share is freed by the thread, which may be the last to leave, if it ever comes back.  It
 * allocates nothing.
 */
#include "agent/engine/disk.h"

#include <pthread.h>
#include <signal.h>
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
	struct disk_job *todo, *done;
	int wake;
	bool leaving; /* the loop is gone, or goes */
};

struct disk {
	struct loop *loop;
	struct loop_fd *watch;
	struct shared *shared;
	bool threaded, busy;
	disk_done_fn *fn;
	void *arg;
};

struct disk_job *disk_job_free(struct disk_job *job)
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

static void carry_out(struct disk_job *job)
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
	disk_job_free(d->todo);
	disk_job_free(d->done);
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
		struct disk_job *job = d->todo;
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

static bool begin_thread(struct shared *d)
{
	pthread_t thread;
	pthread_attr_t how;
	sigset_t all, before;
	pthread_attr_init(&how);
	pthread_attr_setstacksize(&how, STACK);
	pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool good = !pthread_create(&thread, &how, work, d);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&how);
	return good;
}

/* ---- on the loop ---- */

static void finish(struct disk *disk, struct disk_job *job)
{
	disk->busy = false;
	disk->fn(disk->arg, job);
}

static struct disk_job *take_done(struct shared *d)
{
	struct disk_job *job = d->done;
	d->done = NULL;
	return job;
}

static void on_wake(int fd, uint32_t events, void *arg)
{
	struct disk *disk = arg;
	uint64_t n;
	(void)events;
	if (read(fd, &n, sizeof n) < 0)
		return;
	pthread_mutex_lock(&disk->shared->lock);
	struct disk_job *job = take_done(disk->shared);
	pthread_mutex_unlock(&disk->shared->lock);
	if (job)
		finish(disk, job);
}

struct disk *disk_new(struct loop *loop, disk_done_fn *fn, void *arg)
{
	struct disk *disk = calloc(1, sizeof *disk);
	if (!disk)
		return NULL;
	*disk = (struct disk){.loop = loop, .shared = shared_new(), .fn = fn, .arg = arg};
	if (disk->shared)
		disk->watch = loop_fd_add(loop, disk->shared->wake, EPOLLIN, on_wake, disk);
	return disk->watch ? disk : disk_free(disk);
}

void disk_start(struct disk *disk, struct disk_job *job)
{
	disk->busy = true;
	if (!disk->threaded)
		disk->threaded = begin_thread(disk->shared);
	if (!disk->threaded) {
		carry_out(job);
		finish(disk, job);
		return;
	}
	pthread_mutex_lock(&disk->shared->lock);
	disk->shared->todo = job;
	pthread_cond_broadcast(&disk->shared->moved);
	pthread_mutex_unlock(&disk->shared->lock);
}

bool disk_is_busy(const struct disk *disk)
{
	return disk->busy;
}

bool disk_wait(struct disk *disk, int64_t until_ns)
{
	const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
	struct shared *d = disk->shared;
	int rc = 0;
	if (!disk->busy)
		return true;
	pthread_mutex_lock(&d->lock);
	while (!d->done && !rc)
		rc = pthread_cond_timedwait(&d->moved, &d->lock, &until);
	struct disk_job *job = take_done(d);
	pthread_mutex_unlock(&d->lock);
	if (job)
		finish(disk, job);
	return job;
}

struct disk *disk_free(struct disk *disk)
{
	if (!disk)
		return NULL;
	loop_fd_remove(disk->watch);
	if (disk->threaded) {
		pthread_mutex_lock(&disk->shared->lock);
		disk->shared->leaving = true;
		pthread_cond_broadcast(&disk->shared->moved);
		pthread_mutex_unlock(&disk->shared->lock);
	} else if (disk->shared) {
		shared_free(disk->shared);
	}
	free(disk);
	return NULL;
}
