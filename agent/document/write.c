/*
 * What is to be written stands in the bytes already, for the most part in one piece, from here to
 * there.  So what comes next is only compared with what comes next in the bytes; where that is
 * the same the piece grows, and where it is not it is copied.
 */
#include "agent/document/body.h"

#include <stdlib.h>
#include <string.h>

#define SLACK 32 /* written beyond the end of a short piece */

struct writer {
	const struct document *document;
	char *to;
	uint32_t from, end; /* the piece */
};

static inline void flush(struct writer *w)
{
	size_t len = w->end - w->from;
	const char *from = w->document->bytes + w->from;
	if (len <= SLACK) {
		memmove(w->to, from, SLACK / 2);
		memmove(w->to + SLACK / 2, from + SLACK / 2, SLACK / 2);
	} else {
		memcpy(w->to, from, len);
	}
	w->to += len;
}

static inline void write_piece(struct writer *w, uint32_t at, uint32_t len)
{
	if (at != w->end) {
		flush(w);
		w->from = at;
	}
	w->end = at + len;
}

static inline void write_char(struct writer *w, char c)
{
	if (w->document->bytes[w->end] == c) {
		w->end++;
		return;
	}
	flush(w);
	*w->to++ = c;
	w->from = w->end;
}

static void write_value(struct writer *w, const struct node *node)
{
	if (!(node->flags & NODE_CHANGED)) {
		write_piece(w, node->at, node->len);
		return;
	}
	bool object = node->kind == DOCUMENT_OBJECT;
	if (node->len)
		write_piece(w, node->at, 0);
	write_char(w, object ? '{' : '[');
	for (uint32_t at = node->first; at; at = w->document->nodes[at].next) {
		const struct node *child = &w->document->nodes[at];
		if (at != node->first)
			write_char(w, ',');
		if (object) {
			write_piece(w, child->key - 1, child->key_len + 2);
			write_char(w, ':');
		}
		write_value(w, child);
	}
	write_char(w, object ? '}' : ']');
}

/* No byte is written twice; four more may be around each value. */
size_t body_bound(const struct document *document, uint32_t node)
{
	const struct node *root = &document->nodes[node];
	if (!(root->flags & NODE_CHANGED))
		return root->len + SLACK;
	return document->n_bytes + 4 * (size_t)document->n_nodes + SLACK;
}

size_t body_write(const struct document *document, uint32_t node, char *to)
{
	struct writer w = {.document = document, .to = to};
	write_value(&w, &document->nodes[node]);
	flush(&w);
	return (size_t)(w.to - to);
}

bool document_write(const struct document *document, const struct path *path, struct text *to)
{
	uint32_t node;
	if (!body_find(document, path, &node))
		return false;
	if (text_reserve(to, body_bound(document, node))) {
		to->len += body_write(document, node, to->s + to->len);
		to->s[to->len] = '\0';
	}
	return true;
}

char *document_dump(const struct document *document, size_t *out_len)
{
	struct text text = {0};
	document_write(document, NULL, &text);
	size_t len = text.len;
	char *s = text_take(&text);
	if (s && out_len)
		*out_len = len;
	return s;
}
