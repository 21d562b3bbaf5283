#include "agent/document/kinds.h"

static void handle(const struct flume_call *call, struct flume_err *why, void **item, void *arg)
{
	(void)call;
	(void)item;
	(void)arg;
	why->code = FLUME_DROPPED;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	out->handle = handle;
	out->prompt = true;
	return FLUME_OK;
}

const struct flume_maker kind_handler_drop = {
	.of = FLUME_ERROR_HANDLER,
	.kind = "drop",
	.about = "Lets the document that failed leave the pipeline, without error.",
	.example = "{kind: drop}",
	.make = make,
};
