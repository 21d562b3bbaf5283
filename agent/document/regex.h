/* regex.h - PCRE2 patterns that end in time, whatever the text.  Any thread. */
#ifndef FLUME_AGENT_DOCUMENT_REGEX_H
#define FLUME_AGENT_DOCUMENT_REGEX_H

#include "lib/flume.h"

struct regex;

/* Returns 0, FLUME_INVALID ("offset 4: missing closing parenthesis") or FLUME_NOMEM. */
int regex_compile(struct regex **out, const char *pattern, struct flume_err *err);
struct regex *regex_free(struct regex *);
/* `text` is UTF-8.  False also when the search is given up: too many steps, too much time, or
 * `call` (may be NULL) is over. */
bool regex_search(const struct regex *, const char *text, size_t len,
		  const struct flume_call *call);

#endif
