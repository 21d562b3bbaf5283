/* unified.h - inside agent/cmd: what differs between two texts, line by line.  Pure. */
#ifndef FLUME_AGENT_CMD_UNIFIED_H
#define FLUME_AGENT_CMD_UNIFIED_H

#include "lib/base/text.h"

struct unified_side {
	const char *label; /* of the file, in the head */
	const char *text;
	size_t len;
};

/* Adds the difference in unified format, with three lines around each; nothing when there is none.
 * What a terminal could take for a command is replaced.  0 or FLUME_NOMEM. */
int unified_diff(struct text *out, const struct unified_side *old,
		 const struct unified_side *new);

#endif
