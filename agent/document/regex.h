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

#endif
