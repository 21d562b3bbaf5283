/*
 * The functions that a plug-in is given.  A table, and not symbols of the agent, for then it is this
 * page that is promised, and not whatever a link happened to find; and nothing makes a second copy
 * of the library in the process.
 *
 * Views are copied into a struct of the interface's own, so that ours may change.
 */
#include "agent/plugin/inside.h"

#include "agent/document/document.h"
#include "agent/document/over.h"
#include "agent/document/paths.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- paths ---- */

static const struct path *within(const flume_path *path)
{
	return (const struct path *)(const void *)path;
}

static int path_of_text(flume_path **out, const char *text, struct flume_err *err)
{
	struct path *path = malloc(sizeof *path);
	int rc = path ? path_compile(path, text, err)
		      : flume_fail(err, FLUME_NOMEM, "out of memory");
	if (rc)
		free(path);
	else
		*out = (flume_path *)(void *)path;
	return rc;
}

static int path_of_field(flume_path **out, const flume_value *decl, const char *field,
			 const char *at, flume_report *report)
{
	char place[512];
	struct path *path = malloc(sizeof *path);
	snprintf(place, sizeof place, "%s.%s", at, field);
	int rc = path ? paths_compile(path, flume_value_get(decl, field), place, report)
		      : FLUME_NOMEM;
	if (rc)
		free(path);
	else
		*out = (flume_path *)(void *)path;
	return rc;
}

static void path_drop(flume_path *given)
{
	struct path *path = (struct path *)(void *)given;
	if (path)
		path_fini(path);
	free(path);
}

static const char *path_as_text(const flume_path *path)
{
	return within(path)->text;
}

/* ---- looking ---- */

static const enum flume_item_kind kinds[] = {
	[DOCUMENT_NULL] = FLUME_ITEM_NULL,       [DOCUMENT_BOOL] = FLUME_ITEM_BOOL,
	[DOCUMENT_INTEGER] = FLUME_ITEM_INTEGER, [DOCUMENT_REAL] = FLUME_ITEM_REAL,
	[DOCUMENT_TEXT] = FLUME_ITEM_TEXT,       [DOCUMENT_ARRAY] = FLUME_ITEM_ARRAY,
	[DOCUMENT_OBJECT] = FLUME_ITEM_OBJECT,
};

static struct flume_item_view shown(const struct document_view *v)
{
	bool integer = v->kind == DOCUMENT_INTEGER, text = v->kind == DOCUMENT_TEXT;
	return (struct flume_item_view){
		.kind = kinds[v->kind],
		.truth = v->kind == DOCUMENT_BOOL && v->truth,
		.integer = integer ? v->integer : 0,
		.real = integer                    ? (double)v->integer
			: v->kind == DOCUMENT_REAL ? v->real
						   : 0,
		.text = text ? v->text : NULL,
		.len = v->kind >= DOCUMENT_TEXT ? v->len : 0,
	};
}

static bool get(const void *item, const flume_path *path, struct flume_item_view *out)
{
	struct document_view view;
	if (!path)
		view = document_root(item);
	else if (!document_get(item, within(path), &view))
		return false;
	*out = shown(&view);
	return true;
}

struct walk {
	flume_each_fn *fn;
	void *arg;
};

static int step(void *arg, const char *key, size_t len, const struct document_view *view)
{
	const struct walk *walk = arg;
	struct flume_item_view v = shown(view);
	return walk->fn(walk->arg, key, len, &v);
}

static int each(const void *item, const flume_path *path, flume_each_fn *fn, void *arg)
{
	return document_each(item, path ? within(path) : NULL, step, &(struct walk){fn, arg});
}

static char *json(const void *item, const flume_path *path, size_t *out_len)
{
	struct text t = {0};
	if (!document_write(item, path ? within(path) : NULL, &t)) {
		text_fini(&t);
		return NULL;
	}
	size_t len = t.len;
	char *s = text_take(&t);
	if (s && out_len)
		*out_len = len;
	return s;
}

/* ---- changing ---- */

static int set_text(void *item, const flume_path *path, const char *text, size_t len,
		    struct flume_err *err)
{
	return document_set_text(item, within(path), text, len, err);
}

static int set_integer(void *item, const flume_path *path, int64_t integer,
		       struct flume_err *err)
{
	return document_set_integer(item, within(path), integer, err);
}

static int set_real(void *item, const flume_path *path, double real, struct flume_err *err)
{
	return document_set_real(item, within(path), real, err);
}

static int set_truth(void *item, const flume_path *path, bool truth, struct flume_err *err)
{
	return document_set_truth(item, within(path), truth, err);
}

static int set_null(void *item, const flume_path *path, struct flume_err *err)
{
	return document_set_null(item, within(path), err);
}

static int set_json(void *item, const flume_path *path, const char *text, size_t len,
		    struct flume_err *err)
{
	return document_set_json(item, within(path), text, len, err);
}

static int copy(void *item, const flume_path *to, const void *other, const flume_path *from,
		struct flume_err *err)
{
	return document_copy(item, within(to), other, from ? within(from) : NULL, err);
}

static bool drop(void *item, const flume_path *path)
{
	return document_remove(item, within(path));
}

/* ---- whole items ---- */

static int item_parse(void **out, const char *text, size_t len, struct flume_err *err)
{
	struct document *document;
	int rc = document_parse(&document, text, len, err);
	if (!rc)
		*out = document;
	return rc;
}

static int item_of(void **out, const flume_value *value, const char *at, flume_report *report)
{
	struct document *document;
	int rc = document_from_value(&document, value, at, report);
	if (!rc)
		*out = document;
	return rc;
}

static void *item_clone(const void *item)
{
	return document_clone(item);
}

static void item_free(void *item)
{
	document_free(item);
}

/* ---- time ---- */

static int64_t now_ns(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

/* ---- the table ---- */

#define WORD(x) #x
#define TEXT(x) WORD(x)

#define HOST(checks)                                                                         \
	{                                                                                    \
		.abi = FLUME_PLUGIN_ABI, .size = sizeof(struct flume_host),                  \
		.version = TEXT(FLUME_VERSION), .checking = (checks), .fail = flume_fail,    \
		.report = flume_report_add, .value_type = flume_value_type,                  \
		.value_text = flume_value_text, .value_size = flume_value_size,              \
		.value_at = flume_value_at, .value_key = flume_value_key,                    \
		.value_get = flume_value_get, .value_json = flume_value_dup_json,            \
		.duration = flume_duration_parse, .fields_check = flume_fields_check,        \
		.predicate = flume_scope_predicate, .path_new = path_of_text,                \
		.path_of = path_of_field, .path_free = path_drop, .path_text = path_as_text, \
		.get = get, .each = each, .json = json, .set_text = set_text,                \
		.set_integer = set_integer, .set_real = set_real, .set_truth = set_truth,    \
		.set_null = set_null, .set_json = set_json, .copy = copy, .remove = drop,    \
		.item_parse = item_parse, .item_of = item_of, .item_clone = item_clone,      \
		.item_free = item_free, .now_ns = now_ns, .is_over = call_is_over            \
	}

const struct flume_host plugin_host = HOST(false);
const struct flume_host plugin_host_checking = HOST(true);
