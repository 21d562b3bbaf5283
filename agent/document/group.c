#include "agent/document/group.h"

#include <stdio.h>
#include <stdlib.h>

const struct flume_field group_fields[] = {
	{.name = "of",
	 .type = FLUME_FIELD_PREDICATES,
	 .required = true,
	 .about = "A predicate by name, or a list of them."},
	{0},
};

int group_make(struct flume_component *out, flume_test_fn *test, const flume_value *decl,
	       const char *at, flume_scope *scope, flume_report *report)
{
	const flume_value *of = flume_value_get(decl, "of");
	bool list = flume_value_type(of) == FLUME_LIST;
	size_t n = list ? flume_value_size(of) : 1;
	struct group *group = malloc(sizeof *group + n * sizeof *group->list);
	int rc = group ? FLUME_OK : FLUME_NOMEM;
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		char place[512];
		snprintf(place, sizeof place, list ? "%s.of[%zu]" : "%s.of", at, i);
		int failed = flume_scope_predicate(scope, list ? flume_value_at(of, i) : of,
						   place, &group->list[i], report);
		rc = failed ? failed : rc;
	}
	if (rc) {
		free(group);
		return rc;
	}
	group->n = n;
	out->test = test;
	out->prompt = true;
	out->arg = group;
	out->done = free;
	return FLUME_OK;
}
