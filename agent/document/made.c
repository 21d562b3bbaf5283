#include "agent/document/made.h"

#include "agent/document/paths.h"

#include <stdio.h>
#include <stdlib.h>

static int make_one(struct made *made, const flume_value *fields, size_t i,
		    made_compile_fn *compile, const char *at, flume_report *report)
{
	char place[512];
	struct path to = {0};
	void *how = NULL;
	struct flume_err err = {0};
	const flume_value *key = flume_value_key(fields, i), *text = flume_value_at(fields, i);
	snprintf(place, sizeof place, "%s.fields.%s", at, flume_value_text(key));
	int bad_path = paths_compile(&to, key, place, report);
	int rc = bad_path == FLUME_NOMEM ? bad_path
					 : compile(&how, flume_value_text(text), &err);
	if (rc == FLUME_INVALID) {
		flume_report_add(report, "bad-value", place, text, NULL, "%s", err.text);
		rc = FLUME_REJECTED;
	}
	if (!bad_path && !rc) {
		made->list[made->n].to = to;
		made->list[made->n++].how = how;
		return FLUME_OK;
	}
	path_fini(&to);
	if (how)
		made->free(how);
	return rc ? rc : bad_path;
}

static int compare(const void *a, const void *b)
{
	const struct path *left = a, *right = b; /* the first of both rows */
	return path_compare(left, right);
}

int made_make(struct made **out, const flume_value *decl, made_compile_fn *compile,
	      void (*free_how)(void *), const char *at, flume_report *report)
{
	const flume_value *fields = flume_value_get(decl, "fields");
	size_t n = flume_value_size(fields);
	struct made *made = calloc(1, sizeof *made);
	if (!made)
		return FLUME_NOMEM;
	made->free = free_how;
	int rc = FLUME_OK;
	if (n > MADE_MOST) {
		flume_report_add(report, "bad-value", at, fields, "use two of them",
				 "%zu fields; one step makes at most %d", n, MADE_MOST);
		rc = FLUME_REJECTED;
	}
	for (size_t i = 0; i < n && i < MADE_MOST && rc != FLUME_NOMEM; i++) {
		int failed = make_one(made, fields, i, compile, at, report);
		rc = failed ? failed : rc;
	}
	if (rc) {
		made_free(made);
		return rc;
	}
	qsort(made->list, made->n, sizeof made->list[0], compare);
	*out = made;
	return FLUME_OK;
}

void made_free(struct made *made)
{
	for (size_t i = 0; made && i < made->n; i++) {
		path_fini(&made->list[i].to);
		made->free(made->list[i].how);
	}
	free(made);
}
