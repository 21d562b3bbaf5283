/* quoted.h - what stands between the quotes of a text in JSON. */
#ifndef FLUME_AGENT_DOCUMENT_QUOTED_H
#define FLUME_AGENT_DOCUMENT_QUOTED_H

#include <stdbool.h>
#include <stddef.h>

struct quoted {
	const char *end; /* the closing quote, or the fault */
	bool escaped;    /* there is a backslash in it      */
	const char *why; /* NULL: no fault                  */
	bool expected;   /* `why` is what should be there   */
};

/* Reads on from `s` to the closing quote.  It is at `end`, where BODY_PAD begins, at the latest. */
struct quoted quoted_scan(const char *s, const char *end);

/* The rest is for what quoted_scan has passed. */

/* Writes what it means, which is no longer than it is, and returns its length. */
size_t quoted_decode(const char *s, size_t len, char *to);
/* By what they mean, byte by byte. */
int quoted_against(const char *s, size_t len, const char *plain, size_t plain_len);
int quoted_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* The most that quoted_write may write. */
static inline size_t quoted_bound(size_t len)
{
	return 6 * len + 2;
}

/* Writes UTF-8 with its quotes, and returns the length.  Sixteen bytes behind that bound must be there
 * too. */
size_t quoted_write(char *to, const char *s, size_t len);

#endif
