/*
 * The only file that knows liburcu.
 *
 * The bp flavour needs no registration of threads, which a library cannot ask of its callers.
 * Holding the read section for a whole call would make a swap wait for the slowest step, so
 * it covers one load and one increment.
 *
 * ThreadSanitizer does not see the ordering that liburcu's barriers give; the acquire and
 * release pairs below tell it.
 */
#define _LGPL_SOURCE
#include "lib/base/live.h"

#include <urcu/urcu-bp.h>

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifdef TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
#define __tsan_acquire(addr) ((void)(addr))
#define __tsan_release(addr) ((void)(addr))
#endif

struct counted *live_ref(struct live *live)
{
	urcu_bp_read_lock();
	struct counted *now = rcu_dereference(live->now);
	if (now) {
		__tsan_acquire(now);
		atomic_fetch_add_explicit(&now->refs, 1, memory_order_relaxed);
	}
	urcu_bp_read_unlock();
	return now;
}

struct counted *live_swap(struct live *live, struct counted *next)
{
	if (next)
		__tsan_release(next);
	return rcu_xchg_pointer(&live->now, next);
}

void live_settle(void)
{
	urcu_bp_synchronize_rcu();
}

void counted_init(struct counted *counted)
{
	atomic_init(&counted->refs, 1);
}

void counted_ref(struct counted *counted)
{
	atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
}

bool counted_unref(struct counted *counted)
{
	return atomic_fetch_sub_explicit(&counted->refs, 1, memory_order_acq_rel) == 1;
}
