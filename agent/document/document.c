/*
 * Room is made before anything is changed, so a change that was begun cannot fail.  Texts have
 * theirs from the beginning, for whoever asks for one must get it: decoded and terminated a text is
 * no longer than with its quotes.
 */
#include "agent/document/document.h"

#include "agent/document/body.h"
#include "agent/document/index.h"
#include "agent/document/store.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_BYTES 960
#define LEAST_NODES 64
#define LEFT_BYTES  4096 /* so much of what is left over is never cleared away */
#define LEFT_NODES  128

struct document *body_new(void)
{
	struct document *document = store_take();
	if (!document)
		return calloc(1, sizeof *document);
	document->n_bytes = document->n_nodes = document->n_texts = 0;
	document->escaped_keys = false;
	return document;
}

struct document *document_free(struct document *document)
{
	if (document && !store_keep(document))
		store_destroy(document);
	return NULL;
}

/* ---- room ---- */

static size_t larger(size_t cap, size_t least, size_t need)
{
	cap = cap > least ? cap : least;
	while (cap < need)
		cap *= 2;
	return cap;
}

static bool grow_to(char **memory, size_t *cap, size_t need)
{
	size_t size = larger(*cap, LEAST_BYTES + BODY_PAD, need);
	char *grown = *cap < need ? realloc(*memory, size) : *memory;
	if (!grown)
		return false;
	if (*cap < need)
		*cap = size;
	*memory = grown;
	return true;
}

bool body_grow(struct document *document, size_t nodes, size_t bytes)
{
	size_t need = document->n_bytes + bytes + BODY_PAD, all = document->n_nodes + nodes;
	if (need > UINT32_MAX / 2 || all > UINT32_MAX / 2)
		return false;
	if (!grow_to(&document->bytes, &document->bytes_cap, need) ||
	    !grow_to(&document->texts, &document->texts_cap, document->bytes_cap))
		return false;
	if (all <= document->nodes_cap)
		return true;
	size_t cap = larger(document->nodes_cap, LEAST_NODES, all);
	struct node *grown = realloc(document->nodes, cap * sizeof *grown);
	if (!grown)
		return false;
	document->nodes = grown;
	document->nodes_cap = (uint32_t)cap;
	return true;
}

void body_pad(struct document *document)
{
	memset(document->bytes + document->n_bytes, 0, 16);
}

/* Writes it anew, without what is left over of what was changed. */
static bool clear_away(struct document *document)
{
	struct document *fresh = body_new();
	if (!fresh)
		return false;
	if (body_grow(fresh, LEAST_NODES, body_bound(document, 0))) {
		fresh->n_bytes = (uint32_t)body_write(document, 0, fresh->bytes);
		body_pad(fresh);
		if (index_more(fresh, 0)) {
			struct document old = *document;
			*document = *fresh;
			*fresh = old;
			body_fresh(document);
			document_free(fresh);
			return true;
		}
	}
	document_free(fresh);
	return false;
}

bool body_reserve(struct document *document, size_t nodes, size_t bytes)
{
	bool fits = document->n_bytes + bytes + BODY_PAD <= document->bytes_cap &&
		    document->n_nodes + nodes <= document->nodes_cap;
	if (fits)
		return true;
	if (document->n_bytes > 2 * (size_t)document->fresh_bytes + LEFT_BYTES ||
	    document->n_nodes > 2 * (size_t)document->fresh_nodes + LEFT_NODES)
		if (!clear_away(document))
			return false;
	return body_grow(document, nodes, bytes);
}

void body_fresh(struct document *document)
{
	document->fresh_bytes = document->n_bytes;
	document->fresh_nodes = document->n_nodes;
}

/* ---- as an item ---- */

struct document *document_clone(const struct document *document)
{
	struct document *clone = body_new();
	if (!clone)
		return NULL;
	if (!body_grow(clone, document->n_nodes, document->n_bytes) || !clone->nodes)
		return document_free(clone);
	memcpy(clone->bytes, document->bytes, document->n_bytes);
	if (document->n_texts)
		memcpy(clone->texts, document->texts, document->n_texts);
	memcpy(clone->nodes, document->nodes, document->n_nodes * sizeof *clone->nodes);
	clone->n_bytes = document->n_bytes;
	clone->n_nodes = document->n_nodes;
	clone->n_texts = document->n_texts;
	clone->fresh_bytes = document->fresh_bytes;
	clone->fresh_nodes = document->fresh_nodes;
	clone->escaped_keys = document->escaped_keys;
	body_pad(clone);
	return clone;
}

static void *clone_item(const void *item)
{
	return document_clone(item);
}

static void free_item(void *item)
{
	document_free(item);
}

const struct flume_item_type document_type = {
	.name = "document", .clone = clone_item, .free = free_item};
