/*
 * tally.h - inside this room: calls and how many of them failed, compared without any rounding.
 */
#ifndef FLUME_AGENT_ENGINE_TALLY_H
#define FLUME_AGENT_ENGINE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_WHOLE INT64_C(1000000000) /* a rate of one: every call failed */

struct tally {
	uint64_t calls,
		failures; /* failures <= calls, but for calls that end between two looks */
};

/* Are there calls, and at least so many? */
bool tally_is_enough(struct tally, int64_t calls);
/* Do more fail than that, in parts of RATE_WHOLE? */
bool tally_exceeds(struct tally, int64_t rate);
/* Does a greater part of `a` fail than of `b`? */
bool tally_is_worse(struct tally a, struct tally b);
/* For messages. */
double tally_percent(struct tally);
double rate_percent(int64_t rate);

#endif
