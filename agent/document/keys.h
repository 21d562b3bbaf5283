/* keys.h - the keys of one object, all together. */
#ifndef FLUME_AGENT_DOCUMENT_KEYS_H
#define FLUME_AGENT_DOCUMENT_KEYS_H

#include "agent/document/body.h"

#include <string.h>

/* Of the bytes as they stand.  Eight more must be readable. */
static inline uint32_t keys_hash(const char *s, size_t len)
{
	uint64_t first, last = 0;
	memcpy(&first, s, sizeof first);
	if (len >= sizeof first)
		memcpy(&last, s + len - sizeof last, sizeof last);
	else if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		first &= (UINT64_C(1) << 8 * len) - 1;
	else
		first = len ? first >> 8 * (sizeof first - len) : 0;
	first = (first ^ len) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)((first ^ (last + (first >> 29)) * UINT64_C(0xC2B2AE3D27D4EB4F)) >>
			  32);
}

/* Does each member have a key of its own?  Else *out_again is one whose key has been there.  -1 when
 * out of memory. */
int keys_differ(const struct document *, uint32_t object, uint32_t *out_again);

/* Members, sorted by their keys, to be looked up in an object that is large. */
struct keys {
	uint32_t *nodes;
	size_t n;
};

/* Sorts them if so many questions are worth it, and there is memory. */
void keys_init(struct keys *, const struct document *, uint32_t object, size_t questions);
/* The member of the same object whose key is that of `member` of `other`; 0 when there is none. */
uint32_t keys_find(const struct keys *, const struct document *, uint32_t object,
		   const struct document *other, uint32_t member);
void keys_fini(struct keys *);

#endif
