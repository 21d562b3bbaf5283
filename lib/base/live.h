/*
 * live.h - a pointer that many follow while one replaces it.
 *
 * A reader takes a reference inside a read section of a few nanoseconds and runs outside it,
 * for steps may sleep and a grace period must not wait for them; only who promises to be brief
 * may stay inside, which spares the reference.  The holder of the pointer
 * owns one reference; it may drop it once live_settle has returned.
 */
#ifndef FLUME_BASE_LIVE_H
#define FLUME_BASE_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* First member of whatever a live pointer points to.  References of the inside count one by
 * one; a handle, which an owner outside keeps as long as it likes, counts in the upper half, so
 * that one look tells whether the inside is done. */
struct counted {
	atomic_uint_least64_t refs;
};

struct live {
	struct counted *now;
};

/* What is there, or NULL; lent until live_leave by the same thread.  For what is soon done: a
 * grace period waits for it.  Wait-free, any thread. */
struct counted *live_enter(const struct live *);
/* What is there by now, or NULL; between the two. */
struct counted *live_look(const struct live *);
void live_leave(void);
/* Is this thread between the two? */
bool live_entered(void);
/* A new reference to what is there, or NULL.  Wait-free, any thread. */
struct counted *live_ref(const struct live *);
/* Puts `next` (whose reference it takes, may be NULL) and gives back what was there, which
 * readers may still be about to reference.  One writer at a time. */
struct counted *live_swap(struct live *, struct counted *next);
/* Returns when every reader that saw a pointer swapped out before holds its own reference.  Not
 * with a lock held that a reader could want, nor between live_enter and live_leave. */
void live_settle(void);

void counted_init(struct counted *); /* one reference */
static inline void counted_ref(struct counted *counted)
{
	atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
}
/* True for the one who dropped the last reference and has to free. */
static inline bool counted_unref(struct counted *counted)
{
	return atomic_fetch_sub_explicit(&counted->refs, 1, memory_order_acq_rel) == 1;
}

/* A handle more, by someone who has a reference or a handle. */
void counted_hold(struct counted *);
/* Makes the caller's reference a handle. */
void counted_hand_out(struct counted *);
/* True for the one who dropped the last of all, as with counted_unref. */
bool counted_let_go(struct counted *);
/* Nothing but handles is left. */
bool counted_idle(const struct counted *);

#endif
