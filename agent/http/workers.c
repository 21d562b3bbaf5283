/*
 * A thread is started when a job finds no idle one, so an agent whose pipelines never block has
 * none.  Once there, they stay.
 */
#include "agent/http/workers.h"

#include "lib/flume.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	STAILQ_HEAD(, job) jobs;
	size_t waiting, most_waiting;
	unsigned idle, count, most;
	bool ending;
	pthread_t threads[];
};

static void *work(void *arg)
{
	struct workers *w = arg;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct job *job = STAILQ_FIRST(&w->jobs);
		if (job) {
			STAILQ_REMOVE_HEAD(&w->jobs, link);
			w->waiting--;
			pthread_mutex_unlock(&w->lock);
			job->run(job->arg);
			pthread_mutex_lock(&w->lock);
		} else if (w->ending) {
			break;
		} else {
			w->idle++;
			pthread_cond_wait(&w->wake, &w->lock);
			w->idle--;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct workers *workers_new(unsigned threads, size_t queue)
{
	struct workers *w = calloc(1, sizeof *w + threads * sizeof *w->threads);
	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	STAILQ_INIT(&w->jobs);
	w->most = threads;
	w->most_waiting = queue;
	return w;
}

struct workers *workers_free(struct workers *w)
{
	if (!w)
		return NULL;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

int workers_push(struct workers *w, struct job *job)
{
	int r = 0;
	pthread_mutex_lock(&w->lock);
	if (w->waiting >= w->idle && w->count < w->most &&
	    !pthread_create(&w->threads[w->count], NULL, work, w))
		w->count++;
	if (!w->count) {
		r = FLUME_NOMEM;
	} else if (w->waiting >= w->most_waiting + w->idle) {
		r = FLUME_LIMITED;
	} else {
		STAILQ_INSERT_TAIL(&w->jobs, job, link);
		w->waiting++;
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}
