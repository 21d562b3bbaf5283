/* choose.h - inside agent/tap: which calls are shown.  Pure. */
#ifndef FLUME_AGENT_TAP_CHOOSE_H
#define FLUME_AGENT_TAP_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

/* Is the nth call of a listener in its share?  As good as random, and always the same. */
bool choose_nth(uint64_t n, double share);

struct choose_rate { /* a bucket of tokens; it begins full */
	double per_second, tokens, most;
	int64_t at_ns;
};

void choose_rate_init(struct choose_rate *, double per_second, int64_t now_ns);
/* Takes a token, if there is one. */
bool choose_rate_take(struct choose_rate *, int64_t now_ns);

#endif
