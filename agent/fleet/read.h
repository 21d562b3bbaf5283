/*
 * read.h - the whole fleet as etcd has it at one revision: what is wanted, then what the nodes say,
 * a page of them at a time.
 *
 * Lives on the loop's thread.  Of what is wanted only names and revisions are read; of the nodes no
 * more is held than a page.
 */
#ifndef FLUME_AGENT_FLEET_READ_H
#define FLUME_AGENT_FLEET_READ_H

#include "agent/etcd/etcd.h"
#include "agent/fleet/said.h"

enum {
	FLEET_KEY_SCHEMA = FLEET_SCHEMA,
	FLEET_KEY_SWITCH = FLEET_SWITCH,
	FLEET_KEY_NODE,
	FLEET_KEY_OTHER
};
/* What a key is about, and whom: of one that begins with the prefix. */
int fleet_key(const char *key, size_t prefix_len, const char **out_name);

struct fleet_read;
struct fleet_read_calls { /* none of them may cancel the reading but `end` */
	/* It begins, perhaps once more: what came before is void. */
	void (*begin)(void *arg);
	void (*want)(void *arg, enum fleet_kind, const char *name, int64_t revision);
	void (*say)(void *arg, struct fleet_said *taken);
	/* All was read, as of `revision`; or `err` says why not.  The handle is void. */
	void (*end)(void *arg, int64_t revision, const struct flume_err *err);
};
/* NULL when out of memory. */
struct fleet_read *fleet_read_new(struct etcd *, const char *prefix,
				  const struct fleet_read_calls *, void *arg);
/* Without a call of `end`.  NULL is fine; returns NULL. */
struct fleet_read *fleet_read_cancel(struct fleet_read *);

#endif
