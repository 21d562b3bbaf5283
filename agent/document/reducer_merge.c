#include "agent/document/branches.h"
#include "agent/document/kinds.h"

#include <stdlib.h>

static const struct flume_field fields[] = {BRANCHES_FIELD, {0}};

struct merge {
	bool skip;
};

static int merge(const struct flume_call *call, void **item, const struct flume_result *results,
		 size_t n, void *arg, struct flume_err *err)
{
	(void)call;
	const struct merge *how = arg;
	int rc = how->skip ? FLUME_OK : branches_failure(results, n, err);
	for (size_t i = 0; i < n && !rc; i++)
		if (results[i].item)
			rc = document_merge(*item, results[i].item, err);
	return rc;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct merge *how = calloc(1, sizeof *how);
	int rc = how ? branches_read(&how->skip, fields, decl, path, report) : FLUME_NOMEM;
	if (rc) {
		free(how);
		return rc;
	}
	out->merge = merge;
	out->prompt = true;
	out->arg = how;
	out->done = free;
	return FLUME_OK;
}

const struct flume_maker kind_merge = {
	.of = FLUME_REDUCER,
	.kind = "merge",
	.about = "Writes what the branches left over the document, one after the other: "
		 "objects member by member, the later branch last.  What a branch removed "
		 "stays.",
	.fields = fields,
	.example = "{kind: merge}",
	.make = make,
};
