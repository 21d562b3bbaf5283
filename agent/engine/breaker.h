/*
 * breaker.h - the update breaker of one schema: after `failures` different bad updates within
 * `window_ns` none is tried for that long, then one, and what it shows decides.  Pure.
 */
#ifndef FLUME_AGENT_ENGINE_BREAKER_H
#define FLUME_AGENT_ENGINE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_MOST 16 /* failures that can be asked for */

struct breaker_limits {
	unsigned failures; /* 1 to BREAKER_MOST */
	int64_t window_ns;
};

struct breaker { /* all zero is a closed one that has seen nothing */
	struct breaker_mark {
		uint64_t digest;
		int64_t at;
	} marks[BREAKER_MOST]; /* different bad updates, oldest first */
	unsigned count;
	bool open;
	int64_t until; /* when it half-opens */
};

/* Is nothing to be tried at `now`?  False once it is half open. */
bool breaker_refuses(const struct breaker *, int64_t now);
/* An update was bad.  `digest` tells it from others. */
void breaker_bad(struct breaker *, const struct breaker_limits *, const char *digest,
		 int64_t now);
/* An update was good: closes an open one, and forgets. */
void breaker_good(struct breaker *);

#endif
