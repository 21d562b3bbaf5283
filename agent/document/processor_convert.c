#include "agent/document/document.h"
#include "agent/document/failure.h"
#include "agent/document/kinds.h"
#include "agent/document/moment.h"
#include "agent/document/number.h"
#include "agent/document/paths.h"
#include "agent/document/room.h"
#include "agent/document/since.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .required = true,
	 .about = "Paths, each with a type: string, integer, number, boolean or timestamp (RFC "
		  "3339 in UTC, from such a text or from seconds since 1970).  What is "
		  "missing or null stays so."},
	FAILURE_FIELD,
	{0},
};

/* Stores what `view` is as that type; FLUME_FAILED, without words, when it is nothing such. */
typedef int convert_fn(const struct document_view *view, struct document *,
		       const struct path *at, struct flume_err *err);

static bool is_container(const struct document_view *view)
{
	return view->kind == DOCUMENT_ARRAY || view->kind == DOCUMENT_OBJECT;
}

static int to_string(const struct document_view *view, struct document *document,
		     const struct path *at, struct flume_err *err)
{
	struct room room;
	if (is_container(view))
		return FLUME_FAILED;
	if (view->kind == DOCUMENT_TEXT)
		return FLUME_OK;
	room_init(&room);
	room_add_view(&room, document, at, view);
	int rc = room_end(&room, at->text, err);
	if (!rc)
		rc = document_set_text(document, at, room.s, room.len, err);
	room_fini(&room);
	return rc;
}

static int read_number(const char *text, size_t len, struct number *out)
{
	if (!len || number_scan(text, len) != len)
		return FLUME_FAILED;
	struct document_view view;
	return !number_read(text, len, &view) && number_take(out, &view) ? FLUME_OK
									 : FLUME_FAILED;
}

/* A text that is a number of JSON, a truth as 1 or 0, or a number. */
static int as_number(const struct document_view *view, struct number *out)
{
	switch (view->kind) {
	case DOCUMENT_INTEGER:
	case DOCUMENT_REAL:
		number_take(out, view);
		return FLUME_OK;
	case DOCUMENT_BOOL:
		*out = (struct number){.whole = true, .integer = view->truth};
		return FLUME_OK;
	case DOCUMENT_TEXT:
		return read_number(view->text, view->len, out);
	case DOCUMENT_LARGE:
	case DOCUMENT_NULL:
	case DOCUMENT_ARRAY:
	case DOCUMENT_OBJECT:
		break;
	}
	return FLUME_FAILED;
}

static int to_number(const struct document_view *view, struct document *document,
		     const struct path *at, struct flume_err *err)
{
	struct number number;
	if (number_is(view))
		return FLUME_OK;
	int rc = as_number(view, &number);
	if (rc)
		return rc;
	return number.whole ? document_set_integer(document, at, number.integer, err)
			    : document_set_real(document, at, number.real, err);
}

/* 3.0 is one, 3.5 is none: nothing is rounded. */
static int to_integer(const struct document_view *view, struct document *document,
		      const struct path *at, struct flume_err *err)
{
	struct number number;
	if (view->kind == DOCUMENT_INTEGER || view->kind == DOCUMENT_LARGE)
		return FLUME_OK;
	int rc = as_number(view, &number);
	if (!rc && !number.whole) {
		bool fits = number.real >= -0x1p63 && number.real < 0x1p63;
		if (!fits || number.real != floor(number.real))
			return FLUME_FAILED;
		number.integer = (int64_t)number.real;
	}
	return rc ? rc : document_set_integer(document, at, number.integer, err);
}

static bool is_word(const struct document_view *view, const char *word)
{
	size_t n = 0;
	while (n < view->len && word[n] && (view->text[n] | 0x20) == word[n])
		n++;
	return n == view->len && !word[n];
}

static int to_boolean(const struct document_view *view, struct document *document,
		      const struct path *at, struct flume_err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes",
					    "off",   "on",   "0",  "1"};
	if (view->kind == DOCUMENT_BOOL)
		return FLUME_OK;
	if (view->kind == DOCUMENT_INTEGER && (view->integer == 0 || view->integer == 1))
		return document_set_truth(document, at, view->integer, err);
	for (size_t i = 0; view->kind == DOCUMENT_TEXT && i < sizeof words / sizeof *words; i++)
		if (is_word(view, words[i]))
			return document_set_truth(document, at, i % 2, err);
	return FLUME_FAILED;
}

static int to_timestamp(const struct document_view *view, struct document *document,
			const struct path *at, struct flume_err *err)
{
	char text[MOMENT_TEXT];
	struct moment moment;
	bool good = view->kind == DOCUMENT_TEXT ? moment_read(view->text, view->len, &moment)
						: since_read(view, SINCE_SECONDS, &moment);
	if (!good)
		return FLUME_FAILED;
	return document_set_text(document, at, text, moment_write(text, &moment), err);
}

static const struct type {
	const char *name, *said;
	convert_fn *convert;
} types[] = {
	{"string", "a text", to_string},       {"integer", "an integer", to_integer},
	{"number", "a number", to_number},     {"boolean", "a boolean", to_boolean},
	{"timestamp", "a time", to_timestamp},
};

struct conversion {
	struct path at;
	const struct type *type;
};

struct convert {
	enum failure failure;
	size_t n;
	struct conversion list[];
};

static int convert_one(const struct conversion *conversion, enum failure failure,
		       struct document *document, struct flume_err *err)
{
	struct document_view view;
	const struct path *at = &conversion->at;
	if (!document_get(document, at, &view) || view.kind == DOCUMENT_NULL)
		return FLUME_OK;
	int rc = conversion->type->convert(&view, document, at, err);
	if (rc == FLUME_FAILED)
		flume_fail(err, rc, "%.200s: %s that is not %s", at->text,
			   document_kind_text(view.kind), conversion->type->said);
	return failure_end(failure, rc, document, at, err);
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct convert *convert = arg;
	int rc = FLUME_OK;
	/* From the last to the first, so that no element moves under a later path. */
	for (size_t i = convert->n; i-- > 0 && !rc;)
		rc = convert_one(&convert->list[i], convert->failure, *item, err);
	return rc;
}

static void done(void *arg)
{
	struct convert *convert = arg;
	for (size_t i = 0; i < convert->n; i++)
		path_fini(&convert->list[i].at);
	free(convert);
}

static int find_type(const struct type **out, const flume_value *word, const char *place,
		     flume_report *report)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (!strcmp(flume_value_text(word), types[i].name)) {
			*out = &types[i];
			return FLUME_OK;
		}
	}
	flume_report_add(report, "bad-value", place, word, NULL,
			 "'%.32s' is none of string, integer, number, boolean, timestamp",
			 flume_value_text(word));
	return FLUME_REJECTED;
}

static int add(struct convert *convert, const flume_value *map, size_t i, const char *at,
	       flume_report *report)
{
	char place[512];
	const flume_value *key = flume_value_key(map, i);
	struct conversion *next = &convert->list[convert->n];
	snprintf(place, sizeof place, "%s.fields.%s", at, flume_value_text(key));
	int rc = paths_compile(&next->at, key, place, report);
	if (!rc)
		convert->n++;
	int bad_type = rc == FLUME_NOMEM
			       ? FLUME_OK
			       : find_type(&next->type, flume_value_at(map, i), place, report);
	return rc ? rc : bad_type;
}

static int compare(const void *a, const void *b)
{
	const struct conversion *left = a, *right = b;
	return path_compare(&left->at, &right->at);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	const flume_value *map = flume_value_get(decl, "fields");
	size_t n = flume_value_size(map);
	struct convert *convert = calloc(1, sizeof *convert + n * sizeof *convert->list);
	if (!convert)
		return FLUME_NOMEM;
	int rc = failure_read(&convert->failure, fields, decl, path, report);
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		int failed = add(convert, map, i, path, report);
		rc = failed ? failed : rc;
	}
	if (rc) {
		done(convert);
		return rc;
	}
	qsort(convert->list, convert->n, sizeof *convert->list, compare);
	out->run = run;
	out->prompt = true;
	out->arg = convert;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_convert = {
	.of = FLUME_PROCESSOR,
	.kind = "convert",
	.about = "Gives values another type.",
	.fields = fields,
	.example = "{kind: convert, fields: {total: number, id: string}}",
	.make = make,
};
