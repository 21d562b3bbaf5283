/* pattern.h - `pattern`: the regular expression of a declaration. */
#ifndef FLUME_AGENT_DOCUMENT_PATTERN_H
#define FLUME_AGENT_DOCUMENT_PATTERN_H

#include "agent/document/regex.h"

/* Returns 0, FLUME_REJECTED with a finding, or FLUME_NOMEM. */
int pattern_make(struct regex **out, const flume_value *decl, const char *at, flume_report *);

#endif
