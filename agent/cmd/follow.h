/* follow.h - inside agent/cmd: waiting until the fleet runs what was applied. */
#ifndef FLUME_AGENT_CMD_FOLLOW_H
#define FLUME_AGENT_CMD_FOLLOW_H

#include "agent/cmd/options.h"

#include <stddef.h>
#include <stdint.h>

struct follow_wanted {
	const char *name; /* of a schema */
	const char *digest;
	int64_t revision; /* of the write; what a node says of older ones does not count */
};

/* Until every live node runs all of them.  Returns CMD_DONE; CMD_NEGATIVE when a node says that
 * it will not, which is written to stderr with its reason; CMD_TIMED_OUT with those that are
 * still missing; or another exit code. */
int follow(const char *endpoints, const struct etcd_how *, const char *prefix,
	   const struct follow_wanted *, size_t n, int64_t timeout_ns);

#endif
