/*
 * recording.h - inside agent/fleet: what a change was is found out, and its record written, of an
 * unknown author.
 *
 * Lives on the loop's thread.
 */
#ifndef FLUME_AGENT_FLEET_RECORDING_H
#define FLUME_AGENT_FLEET_RECORDING_H

#include "agent/fleet/history.h"

struct recording;

struct recording_of { /* copied, but for the list */
	const char *prefix, *folder, *name, *node;
	const struct etcd_result *list; /* keys of records, also those of other names; lent */
	/* A change that was seen: */
	int64_t revision;
	bool deleted;
	/* or, when it is gone and nobody saw when, the last record of the name; of the list. */
	const struct etcd_kv *last;
};

enum recording_end {
	RECORDING_DONE,     /* it has its record */
	RECORDING_NEEDLESS, /* nobody knows any more what it was, or it is told that it is gone */
	RECORDING_LATE,     /* another record came in between: look again */
	RECORDING_FAILED,
};
/* `err` of a failure alone.  The handle is void. */
typedef void recording_fn(void *arg, enum recording_end, const struct flume_err *err);
/* NULL when out of memory. */
struct recording *recording_new(struct etcd *, const struct recording_of *, recording_fn *,
				void *arg);
/* Without a call.  NULL is fine; returns NULL. */
struct recording *recording_cancel(struct recording *);

#endif
