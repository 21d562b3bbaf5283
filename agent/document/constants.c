/* Sorted by kind and then by value, numbers and texts among their like. */
#include "agent/document/constants.h"

#include "agent/document/number.h"

#include <stdio.h>
#include <stdlib.h>

struct constants {
	struct document *list; /* what the views are lent by */
	size_t n;
	struct document_view views[];
};

static int rank(const struct document_view *view)
{
	return number_is(view) ? DOCUMENT_INTEGER : (int)view->kind;
}

static int compare(const void *a, const void *b)
{
	const struct document_view *left = a, *right = b;
	int order, kinds = rank(left) - rank(right);
	if (kinds)
		return kinds;
	if (document_view_compare(left, right, &order))
		return order;
	return left->kind == DOCUMENT_BOOL ? left->truth - right->truth : 0;
}

static int check(const flume_value *decl, const char *key, const char *at, flume_report *report)
{
	char place[512];
	const flume_value *list = flume_value_get(decl, key);
	size_t n = flume_value_size(list);
	bool good = flume_value_type(list) == FLUME_LIST && n;
	snprintf(place, sizeof place, "%s.%s", at, key);
	if (!good)
		flume_report_add(report, "bad-value", place, list, NULL,
				 "expected a list of constants, at least one");
	for (size_t i = 0; i < n; i++) {
		const flume_value *value = flume_value_at(list, i);
		if (flume_value_type(list) != FLUME_LIST ||
		    flume_value_type(value) < FLUME_LIST)
			continue;
		snprintf(place, sizeof place, "%s.%s[%zu]", at, key, i);
		flume_report_add(report, "bad-value", place, value, NULL,
				 "a list or a map equals nothing");
		good = false;
	}
	return good ? FLUME_OK : FLUME_REJECTED;
}

static int add(void *arg, const char *key, size_t key_len, const struct document_view *view)
{
	(void)key;
	(void)key_len;
	struct constants *constants = arg;
	constants->views[constants->n++] = *view;
	return FLUME_OK;
}

int constants_make(struct constants **out, const flume_value *decl, const char *key,
		   const char *at, flume_report *report)
{
	char place[512];
	const flume_value *list = flume_value_get(decl, key);
	int rc = check(decl, key, at, report);
	if (rc)
		return rc;
	struct constants *constants = calloc(
		1, sizeof *constants + flume_value_size(list) * sizeof *constants->views);
	if (!constants)
		return FLUME_NOMEM;
	snprintf(place, sizeof place, "%s.%s", at, key);
	rc = document_from_value(&constants->list, list, place, report);
	if (rc) {
		constants_free(constants);
		return rc;
	}
	document_each(constants->list, NULL, add, constants);
	qsort(constants->views, constants->n, sizeof *constants->views, compare);
	*out = constants;
	return FLUME_OK;
}

struct constants *constants_free(struct constants *constants)
{
	if (constants)
		document_free(constants->list);
	free(constants);
	return NULL;
}

bool constants_have(const struct constants *constants, const struct document_view *view)
{
	if (view->kind == DOCUMENT_ARRAY || view->kind == DOCUMENT_OBJECT)
		return false;
	return bsearch(view, constants->views, constants->n, sizeof *view, compare);
}
