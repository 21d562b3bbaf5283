#include "agent/outside/unopened.h"

#include "agent/document/document.h"

static int refuse(const struct flume_call *call, void *item, void *arg, struct flume_err *err)
{
	(void)call;
	(void)arg;
	document_free(item);
	return flume_fail(err, FLUME_FAILED,
			  "the channel is not open: schemas are only checked");
}

int unopened_make(const flume_value *decl, const char *path, flume_scope *scope,
		  struct flume_component *out, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	out->send = refuse;
	out->blocks = true;
	return FLUME_OK;
}
