#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Paths of what to keep; parents that end up empty go too."},
	{0},
};

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct paths *paths = arg;
	return document_keep(*item, paths->list, paths->n, err);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct paths *paths;
	int rc = paths_fields(&paths, decl, path, report);
	if (rc)
		return rc;
	paths_reduce(paths);
	out->run = run;
	out->prompt = true;
	out->arg = paths;
	out->done = paths_free;
	return FLUME_OK;
}

const struct flume_maker kind_keep = {
	.of = FLUME_PROCESSOR,
	.kind = "keep",
	.about = "Removes everything but the fields named.",
	.fields = fields,
	.example = "{kind: keep, fields: [id, customer.city]}",
	.make = make,
};
