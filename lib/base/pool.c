/*
 * Waking a thread costs more than most steps take, so it is done once at a time: a worker that
 * has found work and sees that there is more calls the next one.  One idle worker at most looks
 * for work without sleeping, for a short while; while it does, handing over is a few stores.
 *
 * A worker that waits for what it handed over itself might wait for ever when all others do
 * the same.  It does not, as pool_press gives its own runs back once nobody is free: of all
 * workers that wait, the last one to ask saw nobody.
 */
#include "lib/base/pool.h"

#include "lib/base/spin.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS 50000 /* how long an idle worker looks for work before it sleeps */

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct task *first, **last;
	unsigned most, started, busy;
	unsigned asleep; /* the one called included               */
	bool called;     /* one was woken and is not here yet     */
	bool starting;   /* one was started and is not here yet   */
	bool looking;    /* an idle one does not sleep            */
	bool spins, closing, orphan;
	_Alignas(64) atomic_size_t queued; /* written under the lock */
	pthread_t threads[];
};

static bool second_core(void)
{
	cpu_set_t set;
	return !sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) > 1;
}

struct pool *pool_new(unsigned most)
{
	const size_t line = _Alignof(struct pool);
	size_t size = sizeof(struct pool) + most * sizeof(pthread_t);
	struct pool *pool = aligned_alloc(line, (size + line - 1) / line * line);
	if (!pool)
		return NULL;
	memset(pool, 0, sizeof *pool);
	pthread_mutexattr_t attr;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(&pool->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_cond_init(&pool->work, NULL);
	pool->last = &pool->first;
	pool->most = most;
	pool->spins = second_core();
	return pool;
}

static void destroy(struct pool *pool)
{
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* ---- the queue; the lock is held to change it ---- */

static unsigned wanted(const struct task *task)
{
	return atomic_load_explicit(&task->wanted, memory_order_relaxed);
}

static void set_wanted(struct pool *pool, struct task *task, unsigned runs)
{
	size_t queued = atomic_load_explicit(&pool->queued, memory_order_relaxed);
	queued = queued - wanted(task) + runs;
	atomic_store_explicit(&pool->queued, queued, memory_order_relaxed);
	atomic_store_explicit(&task->wanted, runs, memory_order_relaxed);
}

static void add(struct pool *pool, struct task *task, unsigned runs)
{
	unsigned before = wanted(task);
	if (runs && !before) {
		task->next = NULL;
		task->link = pool->last;
		*pool->last = task;
		pool->last = &task->next;
	}
	set_wanted(pool, task, before + runs);
}

static void take(struct pool *pool, struct task *task, unsigned runs)
{
	unsigned left = wanted(task) - runs;
	set_wanted(pool, task, left);
	if (left || !runs)
		return;
	*task->link = task->next;
	if (task->next)
		task->next->link = task->link;
	else
		pool->last = task->link;
}

static unsigned take_back(struct pool *pool, struct task *task)
{
	unsigned runs = wanted(task);
	take(pool, task, runs);
	return runs;
}

/* ---- workers ---- */

static void *work(void *);

static void start(struct pool *pool)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's affair */
	if (!pthread_create(&pool->threads[pool->started], NULL, work, pool)) {
		pool->started++;
		pool->starting = true;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Sees to it, under the lock, that somebody comes for what is queued.  True when the caller has
 * to signal, once it has let go of the lock. */
static bool summon(struct pool *pool, bool pressing)
{
	if (!pool->first || pool->called || pool->starting || (pool->looking && !pressing))
		return false;
	if (pool->asleep) {
		return pool->called = true;
	}
	if (pool->started < pool->most)
		start(pool);
	return false;
}

static void unlock(struct pool *pool, bool signal)
{
	pthread_mutex_unlock(&pool->lock);
	if (signal)
		pthread_cond_signal(&pool->work);
}

static void run_first(struct pool *pool)
{
	struct task *task = pool->first;
	take(pool, task, 1);
	pool->busy++;
	unlock(pool, summon(pool, false));
	task->run(task);
	pthread_mutex_lock(&pool->lock);
	pool->busy--;
}

static bool nothing_queued(void *pool)
{
	return !atomic_load_explicit(&((struct pool *)pool)->queued, memory_order_relaxed);
}

static void look(struct pool *pool)
{
	pool->looking = true;
	pthread_mutex_unlock(&pool->lock);
	spin_while(nothing_queued, pool, LOOK_NS);
	pthread_mutex_lock(&pool->lock);
	pool->looking = false;
}

static void sleep_until_called(struct pool *pool)
{
	pool->asleep++;
	while (!pool->called && !pool->closing)
		pthread_cond_wait(&pool->work, &pool->lock);
	pool->asleep--;
	pool->called = false;
}

static void *work(void *arg)
{
	struct pool *pool = arg;
	pthread_setname_np(pthread_self(), "flume-worker");
	pthread_mutex_lock(&pool->lock);
	pool->starting = false;
	while (!pool->closing) {
		if (!pool->first && pool->spins && !pool->looking)
			look(pool);
		if (pool->first)
			run_first(pool);
		else if (!pool->closing)
			sleep_until_called(pool);
	}
	bool last = pool->orphan;
	pthread_mutex_unlock(&pool->lock);
	if (last)
		destroy(pool);
	return NULL;
}

/* Is the calling thread one of the workers? */
static bool is_worker(const struct pool *pool)
{
	for (unsigned i = 0; i < pool->started; i++)
		if (pthread_equal(pool->threads[i], pthread_self()))
			return true;
	return false;
}

struct pool *pool_free(struct pool *pool)
{
	if (!pool)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	bool self = false;
	for (unsigned i = 0; i < pool->started; i++) {
		if (pthread_equal(pool->threads[i], pthread_self()))
			self = !pthread_detach(pool->threads[i]);
		else
			pthread_join(pool->threads[i], NULL);
	}
	if (self)
		pool->orphan = true;
	else
		destroy(pool);
	return NULL;
}

/* ---- handing over ---- */

bool pool_submit(struct pool *pool, struct task *task, unsigned runs)
{
	pthread_mutex_lock(&pool->lock);
	add(pool, task, runs);
	bool signal = summon(pool, false);
	bool served = pool->started;
	if (!served)
		take_back(pool, task);
	unlock(pool, signal);
	return served;
}

unsigned pool_press(struct pool *pool, struct task *task, unsigned runs)
{
	unsigned back = 0;
	pthread_mutex_lock(&pool->lock);
	add(pool, task, runs);
	bool signal = summon(pool, true);
	if (pool->busy == pool->started && is_worker(pool))
		back = take_back(pool, task);
	unlock(pool, signal);
	return back;
}

unsigned pool_retract(struct pool *pool, struct task *task)
{
	if (!wanted(task))
		return 0;
	pthread_mutex_lock(&pool->lock);
	unsigned runs = take_back(pool, task);
	pthread_mutex_unlock(&pool->lock);
	return runs;
}

bool pool_spins(const struct pool *pool)
{
	return pool->spins;
}

void pool_read(struct pool *pool, struct flume_factory_info *out)
{
	pthread_mutex_lock(&pool->lock);
	*out = (struct flume_factory_info){.workers = pool->started,
					   .busy = pool->busy,
					   .queued = atomic_load(&pool->queued)};
	pthread_mutex_unlock(&pool->lock);
}
