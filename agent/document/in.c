#include "agent/document/constants.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"

#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the value to look for."},
	{.name = "values",
	 .type = FLUME_FIELD_ANY,
	 .required = true,
	 .about = "A list of constants, of any kinds; numbers compare by value."},
	{0},
};

struct in {
	struct path field;
	struct constants *values;
};

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	const struct in *in = arg;
	struct document_view view;
	return document_get(item, &in->field, &view) && constants_have(in->values, &view);
}

static void done(void *arg)
{
	struct in *in = arg;
	path_fini(&in->field);
	constants_free(in->values);
	free(in);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct in *in = calloc(1, sizeof *in);
	if (!in)
		return FLUME_NOMEM;
	int bad_path = paths_field(&in->field, decl, path, report);
	int rc = bad_path == FLUME_NOMEM
			 ? bad_path
			 : constants_make(&in->values, decl, "values", path, report);
	if (rc || bad_path) {
		done(in);
		return rc ? rc : bad_path;
	}
	out->test = test;
	out->prompt = true;
	out->arg = in;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_in = {
	.of = FLUME_PREDICATE,
	.kind = "in",
	.about = "Is the field there and one of the values?",
	.fields = fields,
	.example = "{kind: in, field: tier, values: [gold, platinum]}",
	.make = make,
};
