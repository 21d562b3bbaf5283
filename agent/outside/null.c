#include "agent/document/document.h"
#include "agent/outside/kinds.h"

static int forget(const struct flume_call *call, void *item, void *arg, struct flume_err *err)
{
	(void)call;
	(void)arg;
	(void)err;
	document_free(item);
	return FLUME_OK;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	out->send = forget;
	out->prompt = true;
	return FLUME_OK;
}

const struct flume_maker kind_null = {
	.of = FLUME_CHANNEL,
	.kind = "null",
	.about = "Takes each document and forgets it.",
	.example = "{kind: 'null'}",
	.make = make,
};
