/* wait.h - inside agent/cmd: until every live node runs what is wanted, or one says why not. */
#ifndef FLUME_AGENT_CMD_WAIT_H
#define FLUME_AGENT_CMD_WAIT_H

#include "agent/cmd/follow.h"

struct wait_name {
	enum fleet_kind kind; /* FLEET_KINDS: whatever is called so */
	const char *name;
	int64_t revision; /* of a write that is waited for; 0: whatever is wanted */
};

struct wait_for {
	const struct wait_name *names;
	size_t n;    /* 0: all that is wanted, and all that is to be gone */
	bool proven; /* not before the probations are over, too */
	bool tell;   /* in the end, on stdout: "orders running on 3 of 3 nodes", of each name */
};

/* Pure: how far it has come. */
struct wait_state {
	size_t well, all;    /* nodes, for each schema and switch */
	size_t refused;      /* ... that say that they will not   */
	const char *unknown; /* a name that neither the store nor a node has; NULL: none */
	const char *lost;    /* a name whose write somebody else replaced; NULL: none    */
};
void wait_read(struct wait_state *, const struct wait_for *, const struct fleet_view *);
/* "[#####-----]  50 %, 12 of 24": without a line feed. */
void wait_bar(char out[80], size_t well, size_t all);

/* Returns CMD_DONE; CMD_NEGATIVE: a node says that it will not; CMD_CONFLICT: what was written was
 * replaced; CMD_NOT_FOUND; CMD_TIMED_OUT; or what follow() returns.  `show` gets the last view; where
 * it is NULL those that do not run what is wanted are told on stderr. */
int wait_fleet(const struct follow_from *, const struct wait_for *, int64_t timeout_ns,
	       void (*show)(void *arg, const struct fleet_view *), void *arg);

#endif
