#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"

#include <stdio.h>
#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .required = true,
	 .about = "Old paths, each with its new one; all at once, missing ones are fine."},
	{0},
};

struct rename {
	size_t n;
	struct document_move moves[DOCUMENT_MOVES];
	const struct document_move *by_to[DOCUMENT_MOVES];
};

static void done(void *arg)
{
	struct rename *rename = arg;
	for (size_t i = 0; i < rename->n; i++) {
		path_fini(&rename->moves[i].from);
		path_fini(&rename->moves[i].to);
	}
	free(rename);
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct rename *rename = arg;
	return document_move(*item, rename->moves, rename->by_to, rename->n, err);
}

static int compare_from(const void *a, const void *b)
{
	const struct document_move *left = a, *right = b;
	return path_compare(&left->from, &right->from);
}

static int compare_to(const void *a, const void *b)
{
	const struct document_move *const *left = a, *const *right = b;
	return path_compare(&(*left)->to, &(*right)->to);
}

/* Adds entry `i`; one that fails is not counted. */
static int add_move(struct rename *rename, const flume_value *map, size_t i, const char *at,
		    flume_report *report)
{
	char place[512];
	const flume_value *key = flume_value_key(map, i);
	snprintf(place, sizeof place, "%s.fields.%s", at, flume_value_text(key));
	struct document_move move = {0};
	int bad_from = paths_compile(&move.from, key, place, report);
	int rc = bad_from == FLUME_NOMEM
			 ? bad_from
			 : paths_compile(&move.to, flume_value_at(map, i), place, report);
	if (!bad_from && !rc) {
		rename->moves[rename->n++] = move;
		return FLUME_OK;
	}
	path_fini(&move.from);
	path_fini(&move.to);
	return rc ? rc : bad_from;
}

/* Two values cannot be moved to one place: which of them came last would decide. */
static int sort(struct rename *rename, const flume_value *map, const char *at,
		flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.fields", at);
	qsort(rename->moves, rename->n, sizeof *rename->moves, compare_from);
	for (size_t i = 0; i < rename->n; i++)
		rename->by_to[i] = &rename->moves[i];
	qsort(rename->by_to, rename->n, sizeof(const struct document_move *), compare_to);
	for (size_t i = 1; i < rename->n; i++) {
		const struct path *to = &rename->by_to[i]->to;
		if (path_compare(&rename->by_to[i - 1]->to, to))
			continue;
		flume_report_add(report, "bad-path", place, map, NULL,
				 "two fields are renamed to '%.64s'", to->text);
		return FLUME_REJECTED;
	}
	return FLUME_OK;
}

static int fill(struct rename *rename, const flume_value *map, const char *at,
		flume_report *report)
{
	size_t n = flume_value_size(map);
	int rc = FLUME_OK;
	if (n > DOCUMENT_MOVES) {
		flume_report_add(report, "bad-value", at, map, "use two of them",
				 "%zu fields; one rename takes at most %d", n, DOCUMENT_MOVES);
		return FLUME_REJECTED;
	}
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		int failed = add_move(rename, map, i, at, report);
		rc = failed ? failed : rc;
	}
	return rc ? rc : sort(rename, map, at, report);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct rename *rename = calloc(1, sizeof *rename);
	if (!rename)
		return FLUME_NOMEM;
	int rc = fill(rename, flume_value_get(decl, "fields"), path, report);
	if (rc) {
		done(rename);
		return rc;
	}
	out->run = run;
	out->prompt = true;
	out->arg = rename;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_rename = {
	.of = FLUME_PROCESSOR,
	.kind = "rename",
	.about = "Moves fields to other paths; what stood there goes.",
	.fields = fields,
	.example = "{kind: rename, fields: {cust: customer, 'items[0].no': first}}",
	.make = make,
};
