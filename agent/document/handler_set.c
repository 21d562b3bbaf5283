/*
 * The handler that marks an item and lets it go on.  When even that fails the call fails, with
 * both reasons in its text: the first one is what somebody has to repair.
 */
#include "agent/document/assign.h"
#include "agent/document/kinds.h"

#include <string.h>

static void handle(const struct flume_call *call, struct flume_err *why, void **item, void *arg)
{
	(void)call;
	struct flume_err second = {0};
	if (!assign_run(arg, *item, &second)) {
		*why = (struct flume_err){0};
		return;
	}
	struct flume_err first = *why;
	flume_fail(why, first.code, "%s; then the handler failed: %s", first.text, second.text);
	memcpy(why->path, first.path, sizeof why->path);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct assigns *assigns;
	int rc = assign_make(&assigns, decl, path, report);
	if (rc)
		return rc;
	out->handle = handle;
	out->prompt = true;
	out->arg = assigns;
	out->done = assign_free;
	return FLUME_OK;
}

const struct flume_maker kind_handler_set = {
	.of = FLUME_ERROR_HANDLER,
	.kind = "set",
	.about = "Sets fields to constants and lets the call go on, recovered.",
	.fields = assign_fields,
	.example = "{kind: set, fields: {status: failed}}",
	.make = make,
};
