/* copies.h - `copy: {to: from}`: values that are taken from elsewhere in the document. */
#ifndef FLUME_AGENT_DOCUMENT_COPIES_H
#define FLUME_AGENT_DOCUMENT_COPIES_H

#include "agent/document/document.h"

struct copies;

/* None where the declaration has no `copy`.  Returns 0, FLUME_REJECTED with findings, or
 * FLUME_NOMEM. */
int copies_make(struct copies **out, const flume_value *decl, const char *at, flume_report *);
void copies_free(struct copies *);
/* Is anything copied to `path`, or below it? */
const struct path *copies_below(const struct copies *, const struct path *);
/* What is not there is not copied. */
int copies_run(const struct copies *, struct document *, struct flume_err *err);

#endif
