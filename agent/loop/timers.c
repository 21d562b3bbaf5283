/* A binary heap by (due, order of arming): equal times fire in the order they were armed. */
#include "agent/loop/timers.h"

#include <stdlib.h>

struct loop_timer {
	struct timers *timers;
	loop_timer_fn *fn;
	void *arg;
	int64_t due;
	uint64_t order;
	size_t at; /* place in the heap; 0: disarmed */
	LIST_ENTRY(loop_timer) link;
};

static bool sooner(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void place(struct timers *ts, size_t at, struct loop_timer *t)
{
	ts->heap[at] = t;
	t->at = at;
}

static void sift_up(struct timers *ts, struct loop_timer *t)
{
	size_t at = t->at;
	for (; at > 1 && sooner(t, ts->heap[at / 2]); at /= 2)
		place(ts, at, ts->heap[at / 2]);
	place(ts, at, t);
}

static void sift_down(struct timers *ts, struct loop_timer *t)
{
	size_t at = t->at;
	for (;;) {
		size_t child = at * 2;
		if (child > ts->armed)
			break;
		if (child < ts->armed && sooner(ts->heap[child + 1], ts->heap[child]))
			child++;
		if (!sooner(ts->heap[child], t))
			break;
		place(ts, at, ts->heap[child]);
		at = child;
	}
	place(ts, at, t);
}

void timers_disarm(struct loop_timer *t)
{
	struct timers *ts = t->timers;
	if (!t->at)
		return;
	struct loop_timer *last = ts->heap[ts->armed--];
	if (last != t) {
		place(ts, t->at, last);
		sift_up(ts, last);
		sift_down(ts, last);
	}
	t->at = 0;
}

void timers_arm(struct loop_timer *t, int64_t due)
{
	struct timers *ts = t->timers;
	timers_disarm(t);
	t->due = due;
	t->order = ts->count++;
	place(ts, ++ts->armed, t);
	sift_up(ts, t);
}

struct loop_timer *timers_new(struct timers *ts, loop_timer_fn *fn, void *arg)
{
	if (ts->exist + 1 >= ts->cap) {
		size_t cap = ts->cap ? ts->cap * 2 : 16;
		struct loop_timer **heap = realloc(ts->heap, cap * sizeof(struct loop_timer *));
		if (!heap)
			return NULL;
		ts->heap = heap;
		ts->cap = cap;
	}
	struct loop_timer *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct loop_timer){.timers = ts, .fn = fn, .arg = arg};
	LIST_INSERT_HEAD(&ts->all, t, link);
	ts->exist++;
	return t;
}

struct loop_timer *timers_free(struct loop_timer *t)
{
	if (!t)
		return NULL;
	timers_disarm(t);
	LIST_REMOVE(t, link);
	t->timers->exist--;
	free(t);
	return NULL;
}

int64_t timers_next(const struct timers *ts)
{
	return ts->armed ? ts->heap[1]->due : INT64_MAX;
}

uint64_t timers_mark(const struct timers *ts)
{
	return ts->count;
}

struct loop_timer *timers_take_due(struct timers *ts, int64_t now, uint64_t mark)
{
	if (!ts->armed || ts->heap[1]->due > now || ts->heap[1]->order >= mark)
		return NULL;
	struct loop_timer *t = ts->heap[1];
	timers_disarm(t);
	return t;
}

void timers_fire(struct loop_timer *t)
{
	t->fn(t->arg);
}

void timers_fini(struct timers *ts)
{
	struct loop_timer *next;
	for (struct loop_timer *t = LIST_FIRST(&ts->all); t; t = next) {
		next = LIST_NEXT(t, link);
		free(t);
	}
	free(ts->heap);
	*ts = (struct timers){0};
}
