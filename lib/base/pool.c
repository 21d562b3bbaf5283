/*
 * Waking a thread costs more than most steps take, so it is done one at a time: a worker that
 * has found work and sees that there is more calls the next one.  And one idle worker at most
 * looks for work without sleeping, for a short while; while it does, nobody is woken.
 *
 * Looking has two sides.  An offer is polled all the time, with a locked instruction that keeps
 * its line of the cache here, so that it comes over in one piece: right for a caller that can
 * only wait.  The queue is looked at now and then: right for a caller that goes on working
 * itself, and is often done before anybody else could be of help.
 *
 * Not to sleep is of use only while the other thread has a core of its own.  A worker that woke
 * somebody lets it go first, and how long a caller waits awake follows how often that has
 * helped.
 *
 * A worker that waits for what it handed over itself might wait for ever when all others do
 * the same.  It does not, as it gets its own runs back once nobody is free.
 */
#include "lib/base/pool.h"

#include "lib/base/spin.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* How long an idle worker looks for work, and a caller for the outcome, before it sleeps. */
#define LOOK_NS   INT64_C(50000)
#define LINGER_NS INT64_C(20000)
#define LEAST_NS  INT64_C(1000)

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct task *first, **last; /* the queue                              */
	unsigned most, started;     /* threads                                */
	unsigned asleep;            /* the one called included                */
	bool called;                /* one was woken and is not here yet      */
	bool starting;              /* one was started and is not here yet    */
	bool closing, orphan;

	_Alignas(64) atomic_size_t queued; /* runs; written under the lock */
	atomic_uint busy;

	/* What callers read lies apart from what workers write. */
	_Alignas(64) _Atomic int64_t linger_ns;
	bool spins; /* there is a second core */
	bool (*run)(struct task *);

	/* NULL: nobody looks; `looks`: somebody does; else a task for who looks. */
	_Alignas(64) struct task *_Atomic offer;
	struct task looks;
	pthread_t threads[];
};

static bool second_core(void)
{
	cpu_set_t set;
	return !sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) > 1;
}

struct pool *pool_new(unsigned most, bool (*run)(struct task *))
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
	pool->run = run;
	pool->spins = second_core();
	pool->linger_ns = LINGER_NS;
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
	atomic_store(&pool->queued, queued - wanted(task) + runs);
	atomic_store_explicit(&task->wanted, runs, memory_order_relaxed);
}

static void add(struct pool *pool, struct task *task, unsigned runs)
{
	if (runs && !wanted(task)) {
		task->next = NULL;
		task->link = pool->last;
		*pool->last = task;
		pool->last = &task->next;
	}
	set_wanted(pool, task, wanted(task) + runs);
}

static void take(struct pool *pool, struct task *task, unsigned runs)
{
	if (!runs)
		return;
	set_wanted(pool, task, wanted(task) - runs);
	if (wanted(task))
		return;
	*task->link = task->next;
	if (task->next)
		task->next->link = task->link;
	else
		pool->last = task->link;
}

static unsigned take_all(struct pool *pool, struct task *task)
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
	if (!pool->first || pool->called || pool->starting)
		return false;
	if (!pressing && atomic_load(&pool->offer)) /* who looks will see it */
		return false;
	if (pool->asleep)
		return pool->called = true;
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

static void run(struct pool *pool, struct task *task)
{
	atomic_fetch_add(&pool->busy, 1);
	bool woke = pool->run(task);
	atomic_fetch_sub(&pool->busy, 1);
	if (woke)
		sched_yield();
}

static bool nothing_offered(void *arg)
{
	struct pool *pool = arg;
	struct task *looks = &pool->looks;
	return atomic_compare_exchange_strong(&pool->offer, &looks, looks);
}

static bool anything_queued(struct pool *pool)
{
	return atomic_load_explicit(&pool->queued, memory_order_relaxed);
}

/* What was queued meanwhile relied on this worker, which has something else to do now. */
static void pass_on(struct pool *pool)
{
	if (!atomic_load(&pool->queued))
		return;
	pthread_mutex_lock(&pool->lock);
	unlock(pool, summon(pool, false));
}

/* Without the lock; runs what is offered.  False when nothing came, or somebody else looks. */
static bool look(struct pool *pool)
{
	struct task *nobody = NULL;
	if (!atomic_compare_exchange_strong(&pool->offer, &nobody, &pool->looks))
		return false;
	int64_t until = spin_now() + LOOK_NS;
	bool queued = false;
	while (!spin_turns(nothing_offered, pool) && !(queued = anything_queued(pool)) &&
	       spin_now() < until)
		;
	struct task *task = atomic_exchange(&pool->offer, NULL);
	if (task == &pool->looks)
		return queued;
	pass_on(pool);
	run(pool, task);
	return true;
}

static void serve_queue(struct pool *pool)
{
	struct task *task = pool->first;
	take(pool, task, 1);
	unlock(pool, summon(pool, false));
	run(pool, task);
	pthread_mutex_lock(&pool->lock);
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
		if (pool->first) {
			serve_queue(pool);
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		bool came = pool->spins && look(pool);
		pthread_mutex_lock(&pool->lock);
		if (!came && !pool->first && !pool->closing)
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
		take_all(pool, task);
	unlock(pool, signal);
	return served;
}

bool pool_offer(struct pool *pool, struct task *task)
{
	struct task *looks = &pool->looks;
	task->offered = atomic_compare_exchange_strong(&pool->offer, &looks, task);
	return task->offered || pool_submit(pool, task, 1);
}

static unsigned take_offer_back(struct pool *pool, struct task *task)
{
	struct task *offer = task;
	bool back = task->offered &&
		    atomic_compare_exchange_strong(&pool->offer, &offer, &pool->looks);
	task->offered = false;
	return back;
}

unsigned pool_press(struct pool *pool, struct task *task, unsigned runs)
{
	unsigned back = 0;
	runs += take_offer_back(pool, task);
	pthread_mutex_lock(&pool->lock);
	add(pool, task, runs);
	bool signal = summon(pool, true);
	if (atomic_load(&pool->busy) == pool->started && is_worker(pool))
		back = take_all(pool, task);
	unlock(pool, signal);
	return back;
}

bool pool_must_press(struct pool *pool, const struct task *task)
{
	if (!wanted(task) && !task->offered)
		return false;
	pthread_mutex_lock(&pool->lock);
	bool worker = is_worker(pool);
	pthread_mutex_unlock(&pool->lock);
	return worker;
}

unsigned pool_retract(struct pool *pool, struct task *task)
{
	unsigned back = take_offer_back(pool, task);
	if (!wanted(task))
		return back;
	pthread_mutex_lock(&pool->lock);
	back += take_all(pool, task);
	pthread_mutex_unlock(&pool->lock);
	return back;
}

bool pool_glance(const struct pool *pool, bool (*waits)(void *arg), void *arg)
{
	return pool->spins ? spin_turns(waits, arg) : !waits(arg);
}

bool pool_linger(struct pool *pool, bool (*waits)(void *arg), void *arg)
{
	int64_t ns = atomic_load_explicit(&pool->linger_ns, memory_order_relaxed);
	if (!pool->spins)
		return !waits(arg);
	bool ended = spin_while(waits, arg, ns);
	int64_t next = ended ? ns * 2 : ns / 2;
	next = next > LINGER_NS ? LINGER_NS : next < LEAST_NS ? LEAST_NS : next;
	if (next != ns)
		atomic_store_explicit(&pool->linger_ns, next, memory_order_relaxed);
	return ended;
}

void pool_read(struct pool *pool, struct flume_factory_info *out)
{
	pthread_mutex_lock(&pool->lock);
	*out = (struct flume_factory_info){.workers = pool->started,
					   .busy = atomic_load(&pool->busy),
					   .queued = atomic_load(&pool->queued)};
	pthread_mutex_unlock(&pool->lock);
}
