/* assign.h - `fields: {path: constant}`: what the processor and the error handler `set` share.
 */
#ifndef FLUME_AGENT_DOCUMENT_ASSIGN_H
#define FLUME_AGENT_DOCUMENT_ASSIGN_H

#include "agent/document/document.h"

struct assigns;

extern const struct flume_field assign_fields[];

/* Returns 0, FLUME_REJECTED with findings, or FLUME_NOMEM. */
int assign_make(struct assigns **out, const flume_value *decl, const char *at, flume_report *);
void assign_free(void *arg); /* what the one above made; NULL is fine */
/* Returns 0, FLUME_FAILED or FLUME_NOMEM; what was set before stays. */
int assign_run(const struct assigns *, struct document *, struct flume_err *err);

#endif
