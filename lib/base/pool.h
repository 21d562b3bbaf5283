/*
 * pool.h - a bounded number of threads that run what others hand over.
 *
 * Threads are started when something is handed over and none is idle, so a pool that nobody
 * uses has none.  What no worker has begun can be taken back at any time.
 */
#ifndef FLUME_BASE_POOL_H
#define FLUME_BASE_POOL_H

#include "lib/flume.h"

#include <stdatomic.h>

struct pool;

/* Lies in what is to be worked on, and stays there until every run has begun or was taken back.
 * One thread hands it over and takes it back. */
struct task {
	atomic_uint wanted;        /* runs in the queue             */
	bool offered;              /* a run that may not have begun */
	struct task *next, **link; /* in the queue                  */
};

static inline void task_init(struct task *task)
{
	atomic_init(&task->wanted, 0);
	task->offered = false;
}

/* For one kind of task: `run` is called on a worker, with no lock held.  It returns true when it
 * woke somebody, who may be on this core and goes first.  NULL when out of memory. */
struct pool *pool_new(unsigned most, bool (*run)(struct task *));
/* With nothing handed over any more.  Joins the threads; called on one of them, that one goes
 * when it has ended what it runs. */
struct pool *pool_free(struct pool *);

/* Hands a task over to be run so many times, on as many workers as are free.  False, and nothing
 * is handed over, when there is no worker and none can be started. */
bool pool_submit(struct pool *, struct task *, unsigned runs);
/* The same for one run that the caller has nothing to do but wait for: a worker that is looking
 * for work gets it at once. */
bool pool_offer(struct pool *, struct task *);
/* More runs (or none), for somebody who still waits.  Does not rely on the worker that is looking
 * for work, which may have lost its core.  When the caller is a worker itself and no other one
 * is free, all runs that none has begun are taken back, and their number is returned: it has to
 * do the work itself. */
unsigned pool_press(struct pool *, struct task *, unsigned runs);
/* True for a worker that waits for others to begin: somebody who was free may take something
 * else that never ends, so it has to press again and again. */
bool pool_must_press(struct pool *, const struct task *);
/* Takes back what no worker has begun, and says how many runs. */
unsigned pool_retract(struct pool *, struct task *);

/* For somebody who waits for a worker: true once `waits` no longer holds.  They do not sleep, and
 * give up, the first one after a microsecond or two, the other the sooner the less it has been of
 * use lately. */
bool pool_glance(const struct pool *, bool (*waits)(void *arg), void *arg);
bool pool_linger(struct pool *, bool (*waits)(void *arg), void *arg);
void pool_read(struct pool *, struct flume_factory_info *);

#endif
