#include "agent/document/kinds.h"
#include "agent/document/put.h"

static const struct flume_field fields[] = {PUT_FIELDS, {0}};

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	return put_run(arg, *item, err);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct put *put;
	int rc = put_make(&put, decl, NULL, path, report);
	if (rc)
		return rc;
	out->run = run;
	out->prompt = true;
	out->arg = put;
	out->done = put_free;
	return FLUME_OK;
}

const struct flume_maker kind_set = {
	.of = FLUME_PROCESSOR,
	.kind = "set",
	.about = "Sets fields to constants and copies; missing parents are created.",
	.fields = fields,
	.example = "{kind: set, fields: {status: accepted, shipping.express: true}}",
	.make = make,
};
