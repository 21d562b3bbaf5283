#include "agent/document/group.h"
#include "agent/document/kinds.h"
#include "agent/document/over.h"

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	const struct group *group = arg;
	for (size_t i = 0; i < group->n && !call_is_over(call); i++)
		if (group->list[i].test(call, item, group->list[i].arg))
			return true;
	return false;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	return group_make(out, test, decl, path, scope, report);
}

const struct flume_maker kind_any = {
	.of = FLUME_PREDICATE,
	.kind = "any",
	.about = "Does one of the predicates hold?",
	.fields = group_fields,
	.example = "{kind: any, of: [is-premium, is-new]}",
	.make = make,
};
