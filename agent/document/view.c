#include "agent/document/body.h"
#include "agent/document/number.h"

#include <string.h>

const char *document_kind_text(enum document_kind kind)
{
	static const char *const texts[] = {
		[DOCUMENT_NULL] = "null",        [DOCUMENT_BOOL] = "a boolean",
		[DOCUMENT_INTEGER] = "a number", [DOCUMENT_REAL] = "a number",
		[DOCUMENT_TEXT] = "a text",      [DOCUMENT_ARRAY] = "an array",
		[DOCUMENT_OBJECT] = "an object",
	};
	return texts[kind];
}

struct document_view body_view(json_t *value)
{
	struct document_view view = {.kind = DOCUMENT_NULL};
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		view.kind = DOCUMENT_OBJECT;
		view.len = json_object_size(value);
		break;
	case JSON_ARRAY:
		view.kind = DOCUMENT_ARRAY;
		view.len = json_array_size(value);
		break;
	case JSON_STRING:
		view.kind = DOCUMENT_TEXT;
		view.text = json_string_value(value);
		view.len = json_string_length(value);
		break;
	case JSON_INTEGER:
		view.kind = DOCUMENT_INTEGER;
		view.integer = json_integer_value(value);
		break;
	case JSON_REAL:
		view.kind = DOCUMENT_REAL;
		view.real = json_real_value(value);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		view.kind = DOCUMENT_BOOL;
		view.truth = json_is_true(value);
		break;
	case JSON_NULL:
		break;
	}
	return view;
}

struct document_view document_root(const struct document *document)
{
	return body_view(document->root);
}

static bool as_number(const struct document_view *view, struct number *out)
{
	if (view->kind != DOCUMENT_INTEGER && view->kind != DOCUMENT_REAL)
		return false;
	*out = (struct number){view->kind == DOCUMENT_INTEGER, view->integer, view->real};
	return true;
}

bool document_view_compare(const struct document_view *a, const struct document_view *b,
			   int *out_order)
{
	struct number left, right;
	if (as_number(a, &left) && as_number(b, &right)) {
		*out_order = number_compare(&left, &right);
		return true;
	}
	if (a->kind != DOCUMENT_TEXT || b->kind != DOCUMENT_TEXT)
		return false;
	int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
	*out_order = order ? order : (a->len > b->len) - (a->len < b->len);
	return true;
}

bool document_view_equal(const struct document_view *a, const struct document_view *b)
{
	int order;
	if (document_view_compare(a, b, &order))
		return order == 0;
	if (a->kind != b->kind)
		return false;
	return a->kind == DOCUMENT_NULL || (a->kind == DOCUMENT_BOOL && a->truth == b->truth);
}

size_t document_view_text(const struct document_view *view, char *buffer, size_t size)
{
	char number[NUMBER_TEXT];
	const char *text = number;
	size_t len = 0;
	switch (view->kind) {
	case DOCUMENT_TEXT:
		text = view->text;
		len = view->len;
		break;
	case DOCUMENT_INTEGER:
		len = number_write_integer(number, view->integer);
		break;
	case DOCUMENT_REAL:
		len = number_write_real(number, view->real);
		break;
	case DOCUMENT_BOOL:
		text = view->truth ? "true" : "false";
		len = strlen(text);
		break;
	case DOCUMENT_NULL:
	case DOCUMENT_ARRAY:
	case DOCUMENT_OBJECT:
		break;
	}
	if (size) {
		size_t fits = len < size ? len : size - 1;
		memcpy(buffer, text, fits);
		buffer[fits] = '\0';
	}
	return len;
}
