/* assign.h - `fields: {path: constant}`. */
#ifndef FLUME_AGENT_DOCUMENT_ASSIGN_H
#define FLUME_AGENT_DOCUMENT_ASSIGN_H

#include "agent/document/document.h"

struct assigns;
struct copies;

/* None where the declaration has no `fields`.  Returns 0, FLUME_REJECTED with findings, or FLUME_NOMEM. */
int assign_make(struct assigns **out, const flume_value *decl, const char *at, flume_report *);
void assign_free(void *arg); /* what the one above made; NULL is fine */
/* Returns 0, FLUME_FAILED or FLUME_NOMEM; what was set before stays. */
int assign_run(const struct assigns *, struct document *, struct flume_err *err);
/* The same, but only where nothing is yet, or null. */
int assign_run_where_missing(const struct assigns *, struct document *, struct flume_err *err);
/* A path that is copied to and that a constant covers; NULL when there is none. */
const struct path *assign_over(const struct assigns *, const struct copies *);

#endif
