#include "agent/document/assign.h"
#include "agent/document/kinds.h"

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	return assign_run(arg, *item, err);
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

const struct flume_maker kind_set = {
	.of = FLUME_PROCESSOR,
	.kind = "set",
	.about = "Sets fields to constants; missing parents are created.",
	.fields = assign_fields,
	.example = "{kind: set, fields: {status: accepted, shipping.express: true}}",
	.make = make,
};
