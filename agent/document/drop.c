#include "agent/document/kinds.h"

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	(void)item;
	(void)arg;
	(void)err;
	return FLUME_DROPPED;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	out->run = run;
	out->prompt = true;
	return FLUME_OK;
}

const struct flume_maker kind_drop = {
	.of = FLUME_PROCESSOR,
	.kind = "drop",
	.about = "Lets the document leave the pipeline, without error.",
	.example = "{kind: drop}",
	.make = make,
};
