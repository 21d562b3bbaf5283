/*
 * follow.h - inside agent/cmd: the fleet, as it changes.
 *
 * Reads all there is, then watches; whoever asks sees a view of the whole after each change, not
 * more than ten a second.
 */
#ifndef FLUME_AGENT_CMD_FOLLOW_H
#define FLUME_AGENT_CMD_FOLLOW_H

#include "agent/cmd/options.h"
#include "agent/fleet/view.h"

#include <stdint.h>

/* Each returns an enum cmd_exit, which ends the following, or FOLLOW_ON. */
enum { FOLLOW_ON = -1 };
struct follow_calls {
	/* The view is lent until the next one. */
	int (*look)(void *arg, const struct fleet_view *);
	/* Time is up; NULL: etcd has not answered, `why`. */
	int (*late)(void *arg, const struct fleet_view *, const char *why);
	/* The connection is lost, or back ("").  May be NULL. */
	void (*link)(void *arg, const char *why);
	/* Ten times a second: for keys and signals.  May be NULL. */
	int (*idle)(void *arg);
	void *arg;
};

struct follow_from {
	const char *endpoints, *prefix;
	const struct etcd_how *how;
	const char *only; /* a name; NULL: all */
	bool patient;     /* when etcd does not answer at all, tries until time is up */
};

/* `timeout_ns` 0: no end.  When etcd does not answer to begin with, or memory runs out, says so on
 * stderr and returns the exit code for that. */
int follow(const struct follow_from *, int64_t timeout_ns, const struct follow_calls *);

/* What the fleet is now.  0, or an exit code when that has been said on stderr. */
int follow_once(const struct follow_from *, struct fleet_view **out);

#endif
