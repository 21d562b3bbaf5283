#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"

#include <string.h>

#define SCRATCH 256 /* what the library lends to a condition */

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the value that names the route; numbers and booleans as JSON text."},
	{0},
};

/* NULL for what no route can be called: arrays, objects, null, a text that is too long or that
 * holds a NUL. */
static const char *pick(const struct flume_call *call, const void *item, void *arg,
			char scratch[SCRATCH])
{
	(void)call;
	struct document_view view;
	if (!document_get(item, arg, &view) || view.kind == DOCUMENT_NULL ||
	    view.kind == DOCUMENT_ARRAY || view.kind == DOCUMENT_OBJECT)
		return NULL;
	size_t len = document_view_text(&view, scratch, SCRATCH);
	return len < SCRATCH && strlen(scratch) == len ? scratch : NULL;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	out->pick = pick;
	out->prompt = true;
	return paths_arg(out, decl, path, report);
}

const struct flume_maker kind_field = {
	.of = FLUME_CONDITION,
	.kind = "field",
	.about = "The value of a field, as text.",
	.fields = fields,
	.example = "{kind: field, field: order.type}",
	.make = make,
};
