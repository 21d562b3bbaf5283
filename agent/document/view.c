#include "agent/document/body.h"
#include "agent/document/number.h"
#include "agent/document/quoted.h"

#include <string.h>

const char *document_kind_text(enum document_kind kind)
{
	static const char *const texts[] = {
		[DOCUMENT_NULL] = "null",        [DOCUMENT_BOOL] = "a boolean",
		[DOCUMENT_INTEGER] = "a number", [DOCUMENT_REAL] = "a number",
		[DOCUMENT_LARGE] = "a number",   [DOCUMENT_TEXT] = "a text",
		[DOCUMENT_ARRAY] = "an array",   [DOCUMENT_OBJECT] = "an object",
	};
	return texts[kind];
}

/* There is room for every text, so even a document that is only looked at can take this. */
static void decode(const struct document *document, struct node *node)
{
	struct document *own = (struct document *)(uintptr_t)document;
	const char *from = own->bytes + node->at + 1;
	char *to = own->texts + own->n_texts;
	size_t len = node->len - 2;
	if (node->flags & NODE_ESCAPED)
		len = quoted_decode(from, len, to);
	else
		memcpy(to, from, len);
	to[len] = '\0';
	node->text = own->n_texts;
	node->text_len = (uint32_t)len;
	node->flags |= NODE_DECODED;
	own->n_texts += (uint32_t)len + 1;
}

void document_settle(struct document *document)
{
	for (uint32_t i = 0; i < document->n_nodes; i++) {
		struct node *node = &document->nodes[i];
		if (node->kind == DOCUMENT_TEXT && !(node->flags & NODE_DECODED))
			decode(document, node);
	}
}

struct document_view body_view(const struct document *document, uint32_t at)
{
	struct node *node = &document->nodes[at];
	struct document_view view = {.kind = node->kind};
	switch (view.kind) {
	case DOCUMENT_OBJECT:
	case DOCUMENT_ARRAY:
		view.len = node->count;
		break;
	case DOCUMENT_TEXT:
		if (!(node->flags & NODE_DECODED))
			decode(document, node);
		view.text = document->texts + node->text;
		view.len = node->text_len;
		break;
	case DOCUMENT_INTEGER:
	case DOCUMENT_REAL:
	case DOCUMENT_LARGE:
		number_read(document->bytes + node->at, node->len, &view);
		break;
	case DOCUMENT_BOOL:
		view.truth = document->bytes[node->at] == 't';
		break;
	case DOCUMENT_NULL:
		break;
	}
	return view;
}

struct document_view document_root(const struct document *document)
{
	return body_view(document, 0);
}

bool document_view_compare(const struct document_view *a, const struct document_view *b,
			   int *out_order)
{
	if (number_is(a) && number_is(b)) {
		*out_order = number_compare(a, b);
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
	case DOCUMENT_LARGE:
		text = view->number;
		len = view->number_len;
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
