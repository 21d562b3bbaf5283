/*
 * seen.h - which of many things came before, within a time, of a bounded number.
 *
 * When there is room for no more, the oldest is forgotten.  A thing is known by a hash of 128 bits.
 * Not locked.  Time is the caller's.
 */
#ifndef FLUME_AGENT_DOCUMENT_SEEN_H
#define FLUME_AGENT_DOCUMENT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen;

struct seen_key {
	uint64_t low, high;
};

/* Remembers `most` things, 1 to 1,000,000, for `window_ns` each.  NULL when out of memory. */
struct seen *seen_new(size_t most, int64_t window_ns);
struct seen *seen_free(struct seen *);
/* Did it come less than the window before `now_ns`?  If not, it came now.  Its time counts from when
 * it first came. */
bool seen_before(struct seen *, struct seen_key, int64_t now_ns);

#endif
