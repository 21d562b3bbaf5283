/*
 * timers.h - the loop's timers, soonest first.  For loop.c alone.
 */
#ifndef FLUME_AGENT_LOOP_TIMERS_H
#define FLUME_AGENT_LOOP_TIMERS_H

#include "agent/loop/loop.h"

#include <stddef.h>
#include <sys/queue.h>

/* All zero is an empty one.  There is always room in the heap for every timer that exists, so
 * arming cannot fail. */
struct timers {
	struct loop_timer **heap; /* from 1 */
	size_t armed, exist, cap;
	uint64_t count; /* of arms so far */
	LIST_HEAD(, loop_timer) all;
};

struct loop_timer *timers_new(struct timers *, loop_timer_fn *, void *arg);
struct loop_timer *timers_free(struct loop_timer *);
void timers_arm(struct loop_timer *, int64_t due);
void timers_disarm(struct loop_timer *);
/* When the next one is due; INT64_MAX: none is armed. */
int64_t timers_next(const struct timers *);
/* Stands for everything armed so far. */
uint64_t timers_mark(const struct timers *);
/* Disarms and returns one that is due at `now` and was armed before `mark`; NULL: none. */
struct loop_timer *timers_take_due(struct timers *, int64_t now, uint64_t mark);
void timers_fire(struct loop_timer *);
void timers_fini(struct timers *);

#endif
