/*
 * Values that are made, or copied, while a document is on its way: they are written behind its last
 * byte, as JSON, and get a node.
 */
#include "agent/document/body.h"
#include "agent/document/index.h"
#include "agent/document/number.h"
#include "agent/document/quoted.h"
#include "lib/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct flume_err *err)
{
	return flume_fail(err, FLUME_NOMEM, "out of memory");
}

uint32_t body_scalar(struct document *document, enum document_kind kind, size_t len)
{
	uint32_t node = document->n_nodes++;
	document->nodes[node] = (struct node){
		.at = document->n_bytes, .len = (uint32_t)len, .kind = (uint8_t)kind};
	document->n_bytes += (uint32_t)len;
	document->bytes[document->n_bytes++] = '\0';
	body_pad(document);
	return node;
}

/* ---- made ---- */

/* Makes room for a scalar of so many bytes at `path`, and aims at it. */
static int make_room(struct document *document, const struct path *path, size_t bytes,
		     struct place *place, struct flume_err *err)
{
	if (!body_reserve(document, path->count, bytes + 1 + body_keys(path)))
		return no_memory(err);
	body_aim(document, path, place);
	return body_check(document, path, place, 0, err);
}

static int set_scalar(struct document *document, const struct path *path,
		      enum document_kind kind, const char *json, size_t len,
		      struct flume_err *err)
{
	struct place place;
	int rc = make_room(document, path, len, &place, err);
	if (rc)
		return rc;
	memcpy(document->bytes + document->n_bytes, json, len);
	body_put(document, path, &place, body_scalar(document, kind, len));
	return FLUME_OK;
}

/* Is it one that document_get gave?  It goes when room is made. */
static bool is_lent(const struct document *document, const char *text)
{
	uintptr_t at = (uintptr_t)text, from = (uintptr_t)document->texts;
	return at >= from && at - from < document->texts_cap;
}

static int set_lent(struct document *document, const struct path *path, const char *text,
		    size_t len, struct flume_err *err)
{
	char *copy = malloc(len + 1);
	if (!copy)
		return no_memory(err);
	memcpy(copy, text, len);
	int rc = document_set_text(document, path, copy, len, err);
	free(copy);
	return rc;
}

int document_set_text(struct document *document, const struct path *path, const char *text,
		      size_t len, struct flume_err *err)
{
	struct place place;
	if (len && is_lent(document, text))
		return set_lent(document, path, text, len, err);
	if (!utf8_is_all(text, len))
		return flume_fail(err, FLUME_FAILED, "%s: not UTF-8", path->text);
	if (len > DOCUMENT_SIZE / 6)
		return no_memory(err);
	int rc = make_room(document, path, quoted_bound(len), &place, err);
	if (rc)
		return rc;
	size_t n = quoted_write(document->bytes + document->n_bytes, text, len);
	uint32_t node = body_scalar(document, DOCUMENT_TEXT, n);
	if (n > len + 2)
		document->nodes[node].flags |= NODE_ESCAPED;
	body_put(document, path, &place, node);
	return FLUME_OK;
}

int document_set_integer(struct document *document, const struct path *path, int64_t integer,
			 struct flume_err *err)
{
	char number[NUMBER_TEXT];
	size_t len = number_write_integer(number, integer);
	return set_scalar(document, path, DOCUMENT_INTEGER, number, len, err);
}

int document_set_real(struct document *document, const struct path *path, double real,
		      struct flume_err *err)
{
	char number[NUMBER_TEXT];
	if (!isfinite(real))
		return flume_fail(err, FLUME_FAILED, "%s: not a finite number", path->text);
	size_t len = number_write_real(number, real);
	return set_scalar(document, path, DOCUMENT_REAL, number, len, err);
}

int document_set_truth(struct document *document, const struct path *path, bool truth,
		       struct flume_err *err)
{
	const char *json = truth ? "true" : "false";
	return set_scalar(document, path, DOCUMENT_BOOL, json, strlen(json), err);
}

int document_set_null(struct document *document, const struct path *path, struct flume_err *err)
{
	return set_scalar(document, path, DOCUMENT_NULL, "null", 4, err);
}

int document_set_json(struct document *document, const struct path *path, const char *json,
		      size_t len, struct flume_err *err)
{
	struct document *parsed;
	struct flume_err why = {0};
	int rc = document_parse(&parsed, json, len, &why);
	if (rc == FLUME_SYNTAX)
		return flume_fail(err, FLUME_FAILED, "%s: %s", path->text, why.text);
	if (rc)
		return flume_fail(err, rc, "%s", why.text);
	rc = document_copy(document, path, parsed, NULL, err);
	document_free(parsed);
	return rc;
}

/* ---- copied ---- */

/* What was written compact is JSON, and there are nodes and bytes for it. */
static uint32_t index_again(struct document *document, size_t len)
{
	uint32_t from = document->n_bytes, node = document->n_nodes;
	document->n_bytes += (uint32_t)len;
	body_pad(document);
	index_more(document, from);
	document->bytes[document->n_bytes++] = '\0';
	body_pad(document);
	return node;
}

uint32_t body_copy(struct document *document, const struct document *other, uint32_t node)
{
	const struct node *from = &other->nodes[node];
	size_t len = body_write(other, node, document->bytes + document->n_bytes);
	if (body_is_container(from))
		return index_again(document, len);
	uint8_t kind = from->kind, flags = from->flags & NODE_ESCAPED;
	uint32_t copy = body_scalar(document, kind, len);
	document->nodes[copy].flags = flags;
	return copy;
}

int document_copy(struct document *document, const struct path *to,
		  const struct document *other, const struct path *from, struct flume_err *err)
{
	struct place place;
	uint32_t node;
	if (!body_find(other, from, &node))
		return FLUME_NOT_FOUND;
	if (!body_reserve(document, body_count(other, node) + to->count,
			  body_bound(other, node) + 1 + body_keys(to)))
		return no_memory(err);
	body_find(other, from, &node); /* it may be the same that was just tidied up */
	body_aim(document, to, &place);
	int rc = body_check(document, to, &place, body_depth(other, node), err);
	if (!rc)
		body_put(document, to, &place, body_copy(document, other, node));
	return rc;
}

int document_set(struct document *document, const struct path *path,
		 const struct document *constant, struct flume_err *err)
{
	return document_copy(document, path, constant, NULL, err);
}
