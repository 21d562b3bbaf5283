#include "agent/document/kinds.h"
#include "agent/document/operand.h"

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	int order;
	return operand_compare(arg, item, &order) && order > 0;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	return operand_make_ordered(out, test, decl, path, report);
}

const struct flume_maker kind_greater = {
	.of = FLUME_PREDICATE,
	.kind = "greater",
	.about = "Is the field there and greater than the value?  Numbers or texts.",
	.fields = operand_fields,
	.example = "{kind: greater, field: total, value: 100}",
	.make = make,
};
