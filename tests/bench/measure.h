/*
 * measure.h - how long a loop takes and how much it allocates.  Replaces malloc and its kin by ones
 * that count, so only one file of a program includes it.
 */
#ifndef FLUME_TESTS_BENCH_MEASURE_H
#define FLUME_TESTS_BENCH_MEASURE_H

#include "tests/bench/bench.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- a counting allocator ---- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_bool counting;
static atomic_long allocations;

static inline void count(void)
{
	if (atomic_load_explicit(&counting, memory_order_relaxed))
		atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *block, size_t size)
{
	count();
	return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	count();
	return __libc_memalign(alignment, size);
}

/* ---- measuring ---- */

/* What this thread has waited for a processor, which others may have had: the second number of
 * three that the kernel tells. */
static inline double waited(void)
{
	static _Thread_local int fd = -1;
	char text[96] = "", *number;
	if (fd < 0)
		fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, text, sizeof text - 1, 0) < 0)
		return 0;
	strtoull(text, &number, 10);
	return (double)strtoull(number, NULL, 10);
}

/* A clock that stands still while this thread waits for a processor. */
static inline double own_now(void)
{
	double begin, wait, now;
	int tries = 0;
	do { /* the two belong together */
		begin = bench_now();
		wait = waited();
		now = bench_now();
	} while (now - begin > 1e6 && ++tries < 20);
	return now - wait;
}

/* Does its work n times, on an item where it needs one. */
typedef void loop_fn(void *arg, void **item, long n);

/* ns of one turn, over about `ms` milliseconds, and how many turns that were. */
static inline double measure(loop_fn *loop, void *arg, void **item, double ms, long *turns)
{
	double took, begin;
	long n = 1;
	for (;; n *= 2) {
		begin = own_now();
		loop(arg, item, n);
		took = own_now() - begin;
		if (took > ms * 1e6 / 8)
			break;
	}
	n = (long)((double)n * ms * 1e6 / took);
	*turns = n = n ? n : 1;
	begin = own_now();
	loop(arg, item, n);
	return (own_now() - begin) / (double)n;
}

/* Work on things that are used up: `ready` makes them, which does not count, and `n` of them are
 * used by one turn of the loop each. */
struct supply {
	void (*ready)(void *arg, long n);
	long n;
};

static inline double measure_supplied(const struct supply *supply, loop_fn *loop, void *arg,
				      double ms)
{
	double until = bench_now() + ms * 1e6, took = 0;
	long turns = 0;
	do {
		supply->ready(arg, supply->n);
		double begin = own_now();
		loop(arg, NULL, supply->n);
		took += own_now() - begin;
		turns += supply->n;
	} while (bench_now() < until);
	return took / (double)turns;
}

/* Of one turn. */
static inline double count_allocations(loop_fn *loop, void *arg, void **item, long n)
{
	atomic_store(&allocations, 0);
	counting = true;
	loop(arg, item, n);
	counting = false;
	return (double)atomic_load(&allocations) / (double)n;
}

#endif
