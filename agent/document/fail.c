#include "agent/document/kinds.h"
#include "agent/document/settings.h"
#include "agent/document/template.h"

static const struct flume_field fields[] = {
	{.name = "text",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "refused by the pipeline",
	 .about = "What the error says; {path} stands for the value there, {{ for a brace."},
	{0},
};

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	struct room room;
	room_init(&room);
	template_write(arg, *item, "nothing", &room, err);
	flume_fail(err, FLUME_FAILED, "%.*s", (int)(room.len < 320 ? room.len : 320), room.s);
	room_fini(&room);
	return FLUME_FAILED;
}

static void done(void *arg)
{
	template_free(arg);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct template *template;
	struct flume_err err = {0};
	int rc = template_compile(&template, setting_text(fields, decl, "text"), &err);
	if (rc == FLUME_INVALID)
		return setting_refuse(decl, "text", path, report, NULL, "%s", err.text);
	if (rc)
		return rc;
	out->run = run;
	out->prompt = true;
	out->arg = template;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_fail = {
	.of = FLUME_PROCESSOR,
	.kind = "fail",
	.about = "Refuses the document.",
	.fields = fields,
	.example = "{kind: fail, text: no route for this type}",
	.make = make,
};
