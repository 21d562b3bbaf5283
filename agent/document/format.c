#include "agent/document/kinds.h"
#include "agent/document/made.h"
#include "agent/document/settings.h"
#include "agent/document/template.h"

#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .required = true,
	 .about = "Paths, each with the text to store there: {path} stands for the value "
		  "there as the document is before, {{ for a brace."},
	{.name = "default",
	 .type = FLUME_FIELD_SCALAR,
	 .about = "What stands for a value that is missing or null; without it, the document "
		  "fails."},
	{0},
};

struct format {
	struct made *made;
	const char *missing; /* of the declaration; or NULL */
};

static int store(const struct made *made, const struct room *room, const size_t *ends,
		 struct document *document, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0, at = 0; i < made->n && !rc; at = ends[i++])
		rc = document_set_text(document, &made->list[i].to, room->s + at, ends[i] - at,
				       err);
	return rc;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct format *format = arg;
	const struct made *made = format->made;
	size_t ends[MADE_MOST];
	struct room room;
	int rc = FLUME_OK;
	room_init(&room);
	for (size_t i = 0; i < made->n && !rc; i++) {
		rc = template_write(made->list[i].how, *item, format->missing, &room, err);
		if (!rc)
			rc = room_end(&room, made->list[i].to.text, err);
		ends[i] = room.len;
	}
	if (!rc)
		rc = store(made, &room, ends, *item, err);
	room_fini(&room);
	return rc;
}

static int compile(void **out, const char *text, struct flume_err *err)
{
	struct template *template;
	int rc = template_compile(&template, text, err);
	if (!rc)
		*out = template;
	return rc;
}

static void free_template(void *how)
{
	template_free(how);
}

static void done(void *arg)
{
	struct format *format = arg;
	made_free(format->made);
	free(format);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct format *format = calloc(1, sizeof *format);
	if (!format)
		return FLUME_NOMEM;
	format->missing = setting_text(fields, decl, "default");
	int rc = made_make(&format->made, decl, compile, free_template, path, report);
	if (rc) {
		free(format);
		return rc;
	}
	out->run = run;
	out->prompt = true;
	out->arg = format;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_format = {
	.of = FLUME_PROCESSOR,
	.kind = "format",
	.about = "Makes texts from values of the document; at most 1 MiB in one step.",
	.fields = fields,
	.example = "{kind: format, fields: {label: '{customer.name}, {customer.city}'}}",
	.make = make,
};
