#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "lib/base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Paths that the document must have; null counts as missing."},
	{0},
};

/* Adds a name, if it fits into a text that an error has room for. */
static bool add_name(char names[240], size_t *len, const char *name)
{
	size_t shown = strlen(name), room = 240 - *len;
	if (shown > 200)
		shown = utf8_floor(name, 200);
	int n = snprintf(names + *len, room, "%s%.*s", *len ? ", " : "", (int)shown, name);
	bool fits = (size_t)n < room;
	if (fits)
		*len += (size_t)n;
	names[*len] = '\0';
	return fits;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct paths *paths = arg;
	char names[240], more[32] = "";
	size_t len = 0, unnamed = 0;
	for (size_t i = 0; i < paths->n; i++)
		if (!document_has(*item, &paths->list[i]))
			unnamed += !add_name(names, &len, paths->list[i].text);
	if (!len)
		return FLUME_OK;
	if (unnamed)
		snprintf(more, sizeof more, " and %zu more", unnamed);
	return flume_fail(err, FLUME_FAILED, "missing: %s%s", names, more);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct paths *paths;
	int rc = paths_fields(&paths, decl, path, report);
	if (rc)
		return rc;
	out->run = run;
	out->prompt = true;
	out->arg = paths;
	out->done = paths_free;
	return FLUME_OK;
}

const struct flume_maker kind_require = {
	.of = FLUME_PROCESSOR,
	.kind = "require",
	.about = "Fails when one of the fields is missing.",
	.fields = fields,
	.example = "{kind: require, fields: [id, total]}",
	.make = make,
};
