/* group.h - `of`: the predicates that all, any and not are made of. */
#ifndef FLUME_AGENT_DOCUMENT_GROUP_H
#define FLUME_AGENT_DOCUMENT_GROUP_H

#include "lib/flume.h"

struct group {
	size_t n;
	struct flume_predicate_ref list[];
};

extern const struct flume_field group_fields[];

/* One block, for free(3).  Returns 0, FLUME_REJECTED with findings, or FLUME_NOMEM. */
int group_make(struct group **out, const flume_value *decl, const char *at, flume_scope *,
	       flume_report *);

#endif
