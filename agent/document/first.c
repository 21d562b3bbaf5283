#include "agent/document/branches.h"
#include "agent/document/kinds.h"

static int merge(const struct flume_call *call, void **item, const struct flume_result *results,
		 size_t n, void *arg, struct flume_err *err)
{
	(void)call;
	(void)arg;
	for (size_t i = 0; i < n; i++) {
		if (!results[i].item)
			continue;
		struct document *taken = document_clone(results[i].item);
		if (!taken)
			return flume_fail(err, FLUME_NOMEM, "out of memory");
		document_free(*item);
		*item = taken;
		return FLUME_OK;
	}
	int rc = branches_failure(results, n, err);
	return rc ? rc : FLUME_DROPPED;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	out->merge = merge;
	out->prompt = true;
	return FLUME_OK;
}

const struct flume_maker kind_first = {
	.of = FLUME_REDUCER,
	.kind = "first",
	.about = "What the first branch left that did not fail, in their order, takes the "
		 "document's place.  When all fail, the first failure; when all drop, dropped.",
	.example = "{kind: first}",
	.make = make,
};
