/*
 * The handler that marks an item and lets it go on.  When even that fails the call fails, with
 * both reasons in its text: the first one is what somebody has to repair.
 */
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "agent/document/put.h"

#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	PUT_FIELDS,
	{.name = "error",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Path at which to store what went wrong, as text."},
	{0},
};

struct mark {
	struct put *put;
	struct path error; /* no text: nowhere */
};

static int store(const struct mark *mark, struct document *document, const char *text,
		 struct flume_err *err)
{
	int rc = put_run(mark->put, document, err);
	if (rc || !mark->error.text)
		return rc;
	return document_set_text(document, &mark->error, text, strlen(text), err);
}

static void handle(const struct flume_call *call, struct flume_err *why, void **item, void *arg)
{
	(void)call;
	struct flume_err second = {0};
	if (!store(arg, *item, why->text, &second)) {
		*why = (struct flume_err){0};
		return;
	}
	struct flume_err first = *why;
	flume_fail(why, first.code, "%s; then the handler failed: %s", first.text, second.text);
	memcpy(why->path, first.path, sizeof why->path);
}

static void done(void *arg)
{
	struct mark *mark = arg;
	put_free(mark->put);
	path_fini(&mark->error);
	free(mark);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct mark *mark = calloc(1, sizeof *mark);
	if (!mark)
		return FLUME_NOMEM;
	int rc = put_make(&mark->put, decl, "error", path, report), failed = FLUME_OK;
	if (rc != FLUME_NOMEM && flume_value_get(decl, "error"))
		failed = paths_key(&mark->error, decl, "error", path, report);
	rc = failed ? failed : rc;
	if (rc) {
		done(mark);
		return rc;
	}
	out->handle = handle;
	out->prompt = true;
	out->arg = mark;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_handler_set = {
	.of = FLUME_ERROR_HANDLER,
	.kind = "set",
	.about = "Sets fields to constants and copies and lets the call go on, recovered.",
	.fields = fields,
	.example = "{kind: set, fields: {status: failed}}",
	.make = make,
};
