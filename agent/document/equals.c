#include "agent/document/kinds.h"
#include "agent/document/operand.h"

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	const struct operand *operand = arg;
	struct document_view view;
	return document_get(item, &operand->path, &view) &&
	       document_view_equal(&view, &operand->value);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	return operand_make(out, test, decl, path, report);
}

const struct flume_maker kind_equals = {
	.of = FLUME_PREDICATE,
	.kind = "equals",
	.about = "Is the field there and equal to the value?",
	.fields = operand_fields,
	.example = "{kind: equals, field: tier, value: premium}",
	.make = make,
};
