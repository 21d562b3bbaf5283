/*
 * cancel.h - giving up, alone or with somebody else, and sleeping until then.
 *
 * A token that follows another is requested when that one is, at once, and can be requested
 * alone.  It lets go of the other before that one is freed; who still holds it then goes on
 * with a token that nobody else requests.
 */
#ifndef FLUME_BASE_CANCEL_H
#define FLUME_BASE_CANCEL_H

#include "lib/flume.h"

#include <pthread.h>
#include <stdatomic.h>

struct flume_cancel {
	atomic_bool requested;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct flume_cancel *followers; /* under the lock                          */
	struct flume_cancel *followed;  /* NULL: nobody                            */
	struct flume_cancel *next;      /* among its followers, under its lock ... */
	struct flume_cancel **link;     /* ... with what points here               */
};

/* For a token that lies in something else. */
void cancel_init(flume_cancel *);
void cancel_fini(flume_cancel *);

/* `other` may be NULL: nothing happens then, and nothing has to be undone. */
void cancel_follow(flume_cancel *, flume_cancel *other);
/* From then on `other` may be freed. */
void cancel_unfollow(flume_cancel *);

/* FLUME_OK at `until_ns` of CLOCK_MONOTONIC, FLUME_CANCELLED when `cancel` (may be NULL) was
 * requested before. */
int cancel_sleep(int64_t until_ns, flume_cancel *cancel);
/* Returns when it was requested. */
void cancel_wait(flume_cancel *);

#endif
