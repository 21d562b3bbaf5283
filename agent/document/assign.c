/*
 * The order of a map's keys is no part of a schema's identity, so it must not decide what comes
 * out: constants are set in the order of their paths, parents first and elements by their
 * index.
 */
#include "agent/document/assign.h"

#include "agent/document/copies.h"
#include "agent/document/paths.h"

#include <stdio.h>
#include <stdlib.h>

struct assign {
	struct path path;
	struct document *value;
};

struct assigns {
	size_t n;
	struct assign list[];
};

static int make_one(struct assign *out, const flume_value *fields, size_t i, const char *at,
		    flume_report *report)
{
	char place[512];
	const flume_value *key = flume_value_key(fields, i);
	snprintf(place, sizeof place, "%s.fields.%s", at, flume_value_text(key));
	struct assign assign = {0};
	int bad_path = paths_compile(&assign.path, key, place, report);
	if (bad_path == FLUME_NOMEM)
		return bad_path;
	int rc = document_from_value(&assign.value, flume_value_at(fields, i), place, report);
	if (!bad_path && !rc) {
		*out = assign;
		return FLUME_OK;
	}
	path_fini(&assign.path);
	document_free(assign.value);
	return rc ? rc : bad_path;
}

static int compare(const void *a, const void *b)
{
	const struct assign *left = a, *right = b;
	return path_compare(&left->path, &right->path);
}

int assign_make(struct assigns **out, const flume_value *decl, const char *at,
		flume_report *report)
{
	const flume_value *fields = flume_value_get(decl, "fields");
	size_t n = flume_value_size(fields);
	struct assigns *assigns = calloc(1, sizeof *assigns + n * sizeof *assigns->list);
	int rc = assigns ? FLUME_OK : FLUME_NOMEM;
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		int failed = make_one(&assigns->list[assigns->n], fields, i, at, report);
		if (failed)
			rc = failed;
		else
			assigns->n++;
	}
	if (rc) {
		assign_free(assigns);
		return rc;
	}
	qsort(assigns->list, assigns->n, sizeof *assigns->list, compare);
	*out = assigns;
	return FLUME_OK;
}

void assign_free(void *arg)
{
	struct assigns *assigns = arg;
	for (size_t i = 0; assigns && i < assigns->n; i++) {
		path_fini(&assigns->list[i].path);
		document_free(assigns->list[i].value);
	}
	free(assigns);
}

int assign_run(const struct assigns *assigns, struct document *document, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; i < assigns->n && !rc; i++)
		rc = document_set(document, &assigns->list[i].path, assigns->list[i].value,
				  err);
	return rc;
}

int assign_run_where_missing(const struct assigns *assigns, struct document *document,
			     struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; i < assigns->n && !rc; i++)
		if (!document_has(document, &assigns->list[i].path))
			rc = document_set(document, &assigns->list[i].path,
					  assigns->list[i].value, err);
	return rc;
}

const struct path *assign_over(const struct assigns *assigns, const struct copies *copies)
{
	const struct path *over = NULL;
	for (size_t i = 0; i < assigns->n && !over; i++)
		over = copies_below(copies, &assigns->list[i].path);
	return over;
}
