/* regex.h - PCRE2 patterns that end in time, whatever the text.  Any thread. */
#ifndef FLUME_AGENT_DOCUMENT_REGEX_H
#define FLUME_AGENT_DOCUMENT_REGEX_H

#include "lib/flume.h"

struct regex;

/* Returns 0, FLUME_INVALID ("offset 4: missing closing parenthesis") or FLUME_NOMEM. */
int regex_compile(struct regex **out, const char *pattern, struct flume_err *err);
struct regex *regex_free(struct regex *);
/* Is it in `text`, which is UTF-8?  1 or 0; a negative code when that is not known: FLUME_FAILED (too
 * many steps, too much time), FLUME_TIMED_OUT (`call`, which may be NULL, is over), FLUME_NOMEM. */
int regex_search(const struct regex *, const char *text, size_t len,
		 const struct flume_call *call, struct flume_err *err);

/* ---- what stands where in a text ---- */

#define REGEX_GROUPS 64 /* named ones, of a pattern that is to be captured */

struct regex_group {
	const char *name; /* of the pattern's */
	unsigned number;
};
struct regex_span { /* of the text; `s` is NULL for a group that took no part */
	const char *s;
	size_t len;
};

/* The named groups of a pattern, in the order of their names; returns how many there are, which may
 * be more than `most`. */
size_t regex_groups(const struct regex *, struct regex_group *out, size_t most);
/* As regex_search; when it is found, `out` tells where each of the groups was. */
int regex_capture(const struct regex *, const char *text, size_t len,
		  const struct regex_group *, struct regex_span *out, size_t n,
		  const struct flume_call *call, struct flume_err *err);

#endif
