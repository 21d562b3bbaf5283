#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Paths of what to remove, as the document is before; missing ones are fine."},
	{0},
};

/* From the last path to the first, so that no element moves under a later path. */
static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	(void)err;
	const struct paths *paths = arg;
	for (size_t i = paths->n; i-- > 0;)
		document_remove(*item, &paths->list[i]);
	return FLUME_OK;
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

const struct flume_maker kind_remove = {
	.of = FLUME_PROCESSOR,
	.kind = "remove",
	.about = "Removes fields.",
	.fields = fields,
	.example = "{kind: remove, fields: [internal, customer.password]}",
	.make = make,
};
