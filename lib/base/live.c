/*
 * The only file that knows liburcu.
 *
 * The bp flavour needs no registration of threads, which a library cannot ask of its callers.
 * Holding the read section for a whole call would make a swap wait for the slowest step, so
 * it covers one load and one increment, but for calls whose every step is prompt.
 *
 * ThreadSanitizer does not see the ordering that liburcu's barriers give; the acquire and
 * release pairs below tell it.  UBSan, which comes with ASan here, minds how liburcu aligns its
 * own records, so in that build they stay out of our code.
 */
#include "lib/base/live.h"

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#elif __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif

#ifndef ASAN
#define _LGPL_SOURCE /* inlines the read section */
#endif
#include <urcu/urcu-bp.h>

#ifdef TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
#define __tsan_acquire(addr) ((void)(addr))
#define __tsan_release(addr) ((void)(addr))
#endif

/* What TSan is told: whoever left the section before a grace period ended was seen to leave. */
#ifdef TSAN
static char left;
#endif

struct counted *live_look(const struct live *live)
{
	struct counted *now = rcu_dereference(live->now);
	if (now)
		__tsan_acquire(now);
	return now;
}

struct counted *live_enter(const struct live *live)
{
	urcu_bp_read_lock();
	return live_look(live);
}

void live_leave(void)
{
#ifdef TSAN
	__tsan_release(&left);
#endif
	urcu_bp_read_unlock();
}

bool live_entered(void)
{
	return urcu_bp_read_ongoing();
}

struct counted *live_ref(const struct live *live)
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
#ifdef TSAN
	__tsan_acquire(&left);
#endif
}

void counted_init(struct counted *counted)
{
	atomic_init(&counted->refs, 1);
}

#define HANDLE (UINT64_C(1) << 32)

void counted_hold(struct counted *counted)
{
	atomic_fetch_add_explicit(&counted->refs, HANDLE, memory_order_relaxed);
}

void counted_hand_out(struct counted *counted)
{
	atomic_fetch_add_explicit(&counted->refs, HANDLE - 1, memory_order_relaxed);
}

bool counted_let_go(struct counted *counted)
{
	return atomic_fetch_sub_explicit(&counted->refs, HANDLE, memory_order_acq_rel) ==
	       HANDLE;
}

bool counted_idle(const struct counted *counted)
{
	uint64_t refs = atomic_load_explicit(&counted->refs, memory_order_acquire);
	return refs >= HANDLE && refs % HANDLE == 0;
}
