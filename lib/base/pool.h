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

/* Lies in what is to be worked on, which stays there until no run is wanted any more. */
struct task {
	void (*run)(struct task *); /* on a worker, with no lock held                */
	atomic_uint wanted;         /* runs that no worker has begun; 0 to begin with */
	struct task *next, **link;  /* in the queue while runs are wanted            */
};

/* NULL when out of memory. */
struct pool *pool_new(unsigned most);
/* With nothing handed over any more.  Joins the threads; called on one of them, that one goes
 * when it has ended what it runs. */
struct pool *pool_free(struct pool *);

/* Hands a task over to be run so many times, on as many workers as are free.  False, and nothing
 * is handed over, when there is no worker and none can be started. */
bool pool_submit(struct pool *, struct task *, unsigned runs);
/* The same for somebody who waits for the outcome, with a task that was submitted before: does
 * not rely on a worker that is looking for work already.  When the caller is a worker itself and
 * no other one is free, all runs that none has begun are taken back, and their number is
 * returned: then it has to do the work, or wait for itself. */
unsigned pool_press(struct pool *, struct task *, unsigned runs);
/* Takes back what no worker has begun, and says how many runs. */
unsigned pool_retract(struct pool *, struct task *);

/* Is there a second core, so that waiting for another thread without sleeping can be of use? */
bool pool_spins(const struct pool *);
void pool_read(struct pool *, struct flume_factory_info *);

#endif
