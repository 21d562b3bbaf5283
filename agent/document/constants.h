/* constants.h - many constants, and whether a value is one of them. */
#ifndef FLUME_AGENT_DOCUMENT_CONSTANTS_H
#define FLUME_AGENT_DOCUMENT_CONSTANTS_H

#include "agent/document/document.h"

struct constants;

/* The list `key` of a declaration: scalars, at least one.  Returns 0, FLUME_REJECTED with findings,
 * or FLUME_NOMEM. */
int constants_make(struct constants **out, const flume_value *decl, const char *key,
		   const char *at, flume_report *);
struct constants *constants_free(struct constants *);
/* By value, as document_view_equal; as many steps as the number has bits. */
bool constants_have(const struct constants *, const struct document_view *);

#endif
