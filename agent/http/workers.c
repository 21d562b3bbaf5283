/*
 * A thread is started when a job finds no idle one, so an agent whose pipelines never block has
 * none.  Once there, they stay.
 *
 * Jobs come in groups, one per pipeline.  A pipeline that sleeps must not take all threads, nor
 * all places of the queue, from those that do not: a group has at most half of both, and the
 * groups that may run take turns.
 */
#include "agent/http/workers.h"

#include "lib/flume.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STACK ((size_t)512 << 10)

struct group { /* is there while it has a job */
	STAILQ_HEAD(, job) jobs;
	size_t waiting;
	unsigned running;
	TAILQ_ENTRY(group) link;
	char name[];
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	TAILQ_HEAD(, group) groups; /* whose turn it is comes first */
	size_t waiting, most_waiting, most_waiting_one;
	unsigned running, count, most, most_one;
	unsigned idle;   /* that nobody has called */
	unsigned called; /* idle ones that are about to look for a job */
	bool ending;
	pthread_t threads[];
};

static bool may_run(const struct workers *w, const struct group *g)
{
	return g->waiting && g->running < w->most_one;
}

/* The group whose turn it is, with its job counted as running; NULL: none. */
static struct group *take_turn(struct workers *w, struct job **out)
{
	struct group *g;
	TAILQ_FOREACH(g, &w->groups, link)
	if (may_run(w, g))
		break;
	if (!g)
		return NULL;
	TAILQ_REMOVE(&w->groups, g, link);
	TAILQ_INSERT_TAIL(&w->groups, g, link);
	*out = STAILQ_FIRST(&g->jobs);
	STAILQ_REMOVE_HEAD(&g->jobs, link);
	g->waiting--;
	w->waiting--;
	g->running++;
	w->running++;
	return g;
}

static void end_turn(struct workers *w, struct group *g)
{
	w->running--;
	if (--g->running || g->waiting)
		return;
	TAILQ_REMOVE(&w->groups, g, link);
	free(g);
}

static void wait_for_call(struct workers *w)
{
	w->idle++;
	while (!w->called && !w->ending)
		pthread_cond_wait(&w->wake, &w->lock);
	if (w->called)
		w->called--;
}

static void *work(void *arg)
{
	struct workers *w = arg;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct job *job;
		struct group *g = take_turn(w, &job);
		if (g) {
			pthread_mutex_unlock(&w->lock);
			job->run(job->arg);
			pthread_mutex_lock(&w->lock);
			end_turn(w, g);
		} else if (w->ending) {
			break;
		} else {
			wait_for_call(w);
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
	TAILQ_INIT(&w->groups);
	w->most = threads;
	w->most_one = threads > 1 ? threads / 2 : 1;
	w->most_waiting = queue;
	w->most_waiting_one = queue > 1 ? queue / 2 : 1;
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

/* ---- pushing ---- */

static struct group *find_group(const struct workers *w, const char *name)
{
	struct group *g;
	TAILQ_FOREACH(g, &w->groups, link)
	if (!strcmp(g->name, name))
		break;
	return g;
}

static struct group *new_group(struct workers *w, const char *name)
{
	size_t size = strlen(name) + 1;
	struct group *g = calloc(1, sizeof *g + size);
	if (!g)
		return NULL;
	memcpy(g->name, name, size);
	STAILQ_INIT(&g->jobs);
	TAILQ_INSERT_TAIL(&w->groups, g, link);
	return g;
}

static void start_thread(struct workers *w)
{
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (!pthread_create(&w->threads[w->count], &attr, work, w))
		w->count++;
	pthread_attr_destroy(&attr);
}

/* False when there is not a single thread that will ever look. */
static bool call_thread(struct workers *w)
{
	if (w->idle) {
		w->idle--;
		w->called++;
		pthread_cond_signal(&w->wake);
	} else if (w->count < w->most) {
		start_thread(w);
	}
	return w->count;
}

static bool has_room(const struct workers *w, size_t jobs)
{
	return jobs < w->most_one + w->most_waiting_one &&
	       w->running + w->waiting < w->most + w->most_waiting;
}

static int push(struct workers *w, const char *name, struct job *job, bool anyway)
{
	struct group *g = find_group(w, name);
	size_t jobs = g ? g->running + g->waiting : 0;
	if (!anyway && !has_room(w, jobs))
		return FLUME_LIMITED;
	if (jobs < w->most_one && !call_thread(w))
		return FLUME_NOMEM;
	if (!g)
		g = new_group(w, name);
	if (!g)
		return FLUME_NOMEM;
	STAILQ_INSERT_TAIL(&g->jobs, job, link);
	g->waiting++;
	w->waiting++;
	return 0;
}

int workers_push(struct workers *w, const char *group, struct job *job)
{
	pthread_mutex_lock(&w->lock);
	int r = push(w, group, job, false);
	pthread_mutex_unlock(&w->lock);
	return r;
}

int workers_push_anyway(struct workers *w, const char *group, struct job *job)
{
	pthread_mutex_lock(&w->lock);
	int r = push(w, group, job, true);
	pthread_mutex_unlock(&w->lock);
	return r;
}
