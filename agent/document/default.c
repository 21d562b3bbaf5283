#include "agent/document/assign.h"
#include "agent/document/kinds.h"

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_MAP,
	 .required = true,
	 .about = "Paths, each with the constant to store where nothing is, or null."},
	{0},
};

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	return assign_run_where_missing(arg, *item, err);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct assigns *assigns;
	int rc = assign_make(&assigns, decl, path, report);
	if (rc)
		return rc;
	out->run = run;
	out->prompt = true;
	out->arg = assigns;
	out->done = assign_free;
	return FLUME_OK;
}

const struct flume_maker kind_default = {
	.of = FLUME_PROCESSOR,
	.kind = "default",
	.about = "Sets fields that are missing or null to constants.",
	.fields = fields,
	.example = "{kind: default, fields: {currency: CHF, items: []}}",
	.make = make,
};
