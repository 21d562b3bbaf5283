/*
 * page.h - the fleet at a glance for whoever asks this node, without a watch: read from etcd when
 * somebody asks, and kept for a while.
 *
 * Lives on the loop's thread.  However many ask there is one reading at a time, and it takes no more
 * than a tenth of the time, so nobody can keep etcd or the node busy with it.
 */
#ifndef FLUME_AGENT_FLEET_PAGE_H
#define FLUME_AGENT_FLEET_PAGE_H

#include "agent/etcd/etcd.h"
#include "agent/loop/loop.h"
#include "lib/base/digest.h"

struct fleet_page;

struct fleet_sheet { /* lent */
	const char *json;
	size_t len;
	char tag[DIGEST_SIZE]; /* of all but when it was read */
	int64_t age_ns;
};
/* `err` says why there is none: FLUME_CANCELLED when the page was closed, or what etcd said. */
typedef void fleet_page_fn(void *arg, const struct fleet_sheet *, const struct flume_err *err);

/* NULL when out of memory. */
struct fleet_page *fleet_page_new(struct loop *, struct etcd *, const char *prefix);
/* Calls `done` once, perhaps before it returns. */
void fleet_page_ask(struct fleet_page *, fleet_page_fn *done, void *arg);
/* Answers all who wait, and whoever asks from now on, at once. */
void fleet_page_close(struct fleet_page *);
/* After fleet_page_close, or when nobody asked.  NULL is fine; returns NULL. */
struct fleet_page *fleet_page_free(struct fleet_page *);

#endif
