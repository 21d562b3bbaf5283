#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"

#include <stdlib.h>

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

static void done(void *arg)
{
	path_fini(arg);
	free(arg);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct path *field = malloc(sizeof *field);
	int rc = field ? paths_field(field, decl, path, report) : FLUME_NOMEM;
	if (rc) {
		free(field);
		return rc;
	}
	out->test = test;
	out->prompt = true;
	out->arg = field;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_exists = {
	.of = FLUME_PREDICATE,
	.kind = "exists",
	.about = "Is the field there?",
	.fields = fields,
	.example = "{kind: exists, field: customer.email}",
	.make = make,
};
