#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of what must be there; null counts as missing."},
	{0},
};

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	return document_has(item, arg);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	out->test = test;
	out->prompt = true;
	return paths_arg(out, decl, path, report);
}

const struct flume_maker kind_exists = {
	.of = FLUME_PREDICATE,
	.kind = "exists",
	.about = "Is the field there?",
	.fields = fields,
	.example = "{kind: exists, field: customer.email}",
	.make = make,
};
