/* group.h - `of`: the predicates that all, any and not are made of. */
#ifndef FLUME_AGENT_DOCUMENT_GROUP_H
#define FLUME_AGENT_DOCUMENT_GROUP_H

#include "lib/flume.h"

struct group {
	size_t n;
	struct flume_predicate_ref list[];
};

extern const struct flume_field group_fields[];

/* What a maker has to do: `test` gets a struct group as its arg.  Returns 0, FLUME_REJECTED with
 * findings, or FLUME_NOMEM. */
int group_make(struct flume_component *out, flume_test_fn *test, const flume_value *decl,
	       const char *at, flume_scope *, flume_report *);

#endif
