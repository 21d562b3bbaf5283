/*
 * live.h - a pointer that many follow while one replaces it.
 *
 * A reader takes a reference inside a read section of a few nanoseconds and runs outside it,
 * for steps may sleep and a grace period must not wait for them.  The holder of the pointer
 * owns one reference; it may drop it once live_settle has returned.
 */
#ifndef FLUME_BASE_LIVE_H
#define FLUME_BASE_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>

struct counted { /* first member of whatever a live pointer points to */
	atomic_size_t refs;
};

struct live {
	struct counted *now;
};

/* A new reference to what is there, or NULL.  Wait-free, any thread. */
struct counted *live_ref(struct live *);
/* Puts `next` (whose reference it takes, may be NULL) and gives back what was there, which
 * readers may still be about to reference.  One writer at a time. */
struct counted *live_swap(struct live *, struct counted *next);
/* Returns when every reader that saw a pointer swapped out before holds its own reference.  Not
 * with a lock held that a reader could want, nor inside a call. */
void live_settle(void);

void counted_init(struct counted *); /* one reference */
void counted_ref(struct counted *);
/* True for the one who dropped the last reference and has to free. */
bool counted_unref(struct counted *);

#endif
