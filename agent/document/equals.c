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
	struct operand *operand;
	int rc = operand_make(&operand, decl, path, report);
	if (rc)
		return rc;
	out->test = test;
	out->prompt = true;
	out->arg = operand;
	out->done = operand_free;
	return FLUME_OK;
}

const struct flume_maker kind_equals = {
	.of = FLUME_PREDICATE,
	.kind = "equals",
	.about = "Is the field there and equal to the value?",
	.fields = operand_fields,
	.example = "{kind: equals, field: tier, value: premium}",
	.make = make,
};
