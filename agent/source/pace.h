/*
 * pace.h - when a source that polls looks next.  Pure: the randomness comes in.
 *
 * After success at its pace, some sooner and some later, so that a fleet does not ask all at once;
 * after failures anything from nothing to a bound that doubles, so that one which failed together
 * does not come back together.
 */
#ifndef FLUME_AGENT_SOURCE_PACE_H
#define FLUME_AGENT_SOURCE_PACE_H

#include <stdint.h>

struct pace {
	int64_t poll;        /* ns */
	int64_t least, most; /* of the bound; 0 < least <= most */
	int64_t bound;       /* of the next pause after a failure; 0: least */
};

/* Within a tenth of the pace.  `random` is from the whole range of its type. */
int64_t pace_good(struct pace *, uint32_t random);
/* On top of `at_least`, if the other side asked for that. */
int64_t pace_bad(struct pace *, uint32_t random, int64_t at_least);

#endif
