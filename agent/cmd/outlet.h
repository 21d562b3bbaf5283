/* outlet.h - inside agent/cmd: a descriptor to write to, and what has become of it. */
#ifndef FLUME_AGENT_CMD_OUTLET_H
#define FLUME_AGENT_CMD_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

struct outlet {
	int fd;           /* lent */
	const char *name; /* for messages; lent */
	bool gone;        /* the reader has; what comes is dropped */
	int error;        /* errno of what else went wrong; likewise */
};

/* All of it, waiting for slow readers.  False when not. */
bool outlet_write(struct outlet *, const char *s, size_t n);

#endif
