/*
 * hub.h - what everything alive in a factory shares and may outlive it with: the item type, the
 * clock, the workers and the listeners.  Counted; pipelines hold it.
 */
#ifndef FLUME_CONNECTOR_HUB_H
#define FLUME_CONNECTOR_HUB_H

#include "lib/base/live.h"
#include "lib/base/pool.h"
#include "lib/flume.h"

#include <pthread.h>

struct listeners;
struct tally_page;

struct hub {
	struct counted counted;
	struct flume_item_type type;
	struct flume_clock clock;
	struct flume_limits limits;
	unsigned stripes;    /* a power of two: counters are kept one for each processor */
	atomic_size_t heard; /* by so many listeners */
	atomic_uint_least64_t kinds; /* that any of them hears; a bit for each */
	struct listeners *listeners;
	struct pool *pool;
	pthread_mutex_t lock;
	struct flume_pipeline
		*pipelines;         /* all there are, whoever holds them; under the lock */
	struct tally_page *tallies; /* with room for more: build/tally.h; under the lock */
	void *states;               /* see state.h; under the lock */
};

struct hub *hub_new(const struct flume_options *);
struct hub *hub_ref(struct hub *);
struct hub *hub_unref(struct hub *);
/* For who dropped the last reference in another way. */
void hub_free(struct hub *);

static inline int64_t hub_now(const struct hub *hub)
{
	return hub->clock.now_ns(hub->clock.arg);
}

/* The time `ns` from now, or the end of time. */
static inline int64_t hub_in(const struct hub *hub, int64_t ns)
{
	int64_t at;
	return __builtin_add_overflow(hub_now(hub), ns, &at) ? INT64_MAX : at;
}

_Static_assert(FLUME_EVENT_COUNT <= 64, "a bit for each kind of event");

static inline uint64_t hub_kind(enum flume_event_kind kind)
{
	return UINT64_C(1) << kind;
}

/* Is anybody listening? */
static inline bool hub_heard(const struct hub *hub)
{
	return atomic_load_explicit(&hub->heard, memory_order_acquire);
}

/* For durations: the time if somebody listens, and what has passed since then. */
#define HUB_UNTIMED INT64_MIN
int64_t hub_began(const struct hub *);
int64_t hub_since(const struct hub *, int64_t began);

/* Tells the listeners; `at_ns` is filled in, NULL texts become "".  With no lock held. */
void hub_emit(const struct hub *, const struct flume_event *);
#define HUB_ALL UINT64_MAX
int hub_listen(struct hub *, uint64_t kinds, flume_listen_fn *, void *arg);
int hub_unlisten(struct hub *, int ticket);
/* No listener runs from now on. */
void hub_silence(struct hub *);

#endif
