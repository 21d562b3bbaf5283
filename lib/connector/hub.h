/*
 * hub.h - what everything alive in a factory shares and may outlive it with: the item type, the
 * clock and the listeners.  Counted; pipelines hold it.
 */
#ifndef FLUME_CONNECTOR_HUB_H
#define FLUME_CONNECTOR_HUB_H

#include "lib/base/live.h"
#include "lib/flume.h"

struct listeners;

struct hub {
	struct counted counted;
	struct flume_item_type type;
	struct flume_clock clock;
	struct flume_limits limits;
	struct listeners *listeners;
};

struct hub *hub_new(const struct flume_options *);
struct hub *hub_ref(struct hub *);
struct hub *hub_unref(struct hub *);

static inline int64_t hub_now(const struct hub *hub)
{
	return hub->clock.now_ns(hub->clock.arg);
}

/* Tells the listeners; `at_ns` is filled in, NULL texts become "".  With no lock held. */
void hub_emit(const struct hub *, const struct flume_event *);
int hub_listen(struct hub *, flume_listen_fn *, void *arg);
int hub_unlisten(struct hub *, int ticket);

#endif
