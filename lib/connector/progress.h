/*
 * progress.h - what runners and the caller of a group tell one another, in one word.
 *
 * Each time another core writes what this one looks at costs as much as a small step, so it all
 * changes at once: how many children have ended, who won, how many runners have nothing more to
 * do with the group, and what the caller does.
 */
#ifndef FLUME_CONNECTOR_PROGRESS_H
#define FLUME_CONNECTOR_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_COUNT   UINT64_C(0xfffff)   /* the most children, and runners   */
#define PROGRESS_ENDED   UINT64_C(1)         /* one more child has ended         */
#define PROGRESS_RETIRED (UINT64_C(1) << 20) /* one more runner is done with it  */
#define PROGRESS_WON(i)  (((uint64_t)(i) + 1) << 40)
#define PROGRESS_ASLEEP  (UINT64_C(1) << 62) /* the caller has to be woken       */
#define PROGRESS_LEFT    (UINT64_C(1) << 63) /* the caller looks no more         */

static inline size_t progress_ended(uint64_t progress)
{
	return progress & PROGRESS_COUNT;
}

static inline size_t progress_retired(uint64_t progress)
{
	return progress >> 20 & PROGRESS_COUNT;
}

/* The branch that won, from 1; 0: none has. */
static inline size_t progress_winner(uint64_t progress)
{
	return progress >> 40 & PROGRESS_COUNT;
}

/* Has the caller of n children nothing to wait for any more? */
static inline bool progress_settles(uint64_t progress, size_t n)
{
	return progress_winner(progress) || progress_ended(progress) == n;
}

#endif
