/*
 * Setting is one step: what is missing between the last parent that exists and the place to be
 * set is built aside, from the inside out, and then put in.  So nothing is left half done.
 */
#include "agent/document/body.h"
#include "agent/document/quoted.h"

#include <string.h>

/* ---- down ---- */

/* Whose length is the same. */
static inline bool is_plain_key(const char *key, const struct path_step *step)
{
	uint64_t head;
	memcpy(&head, key, sizeof head); /* the padding is behind it, if nothing else is */
	return !((head ^ step->head) & step->mask) &&
	       (step->len <= sizeof head || !memcmp(key, step->key, step->len));
}

static bool has_key(const struct document *document, const struct node *node,
		    const struct path_step *step)
{
	const char *key = document->bytes + node->key;
	if (node->flags & NODE_KEY_ESCAPED)
		return !quoted_against(key, node->key_len, step->key, step->len);
	return node->key_len == step->len && is_plain_key(key, step);
}

/* Most documents have no key with an escape, so most members are told by their length. */
static inline struct found find_key(const struct document *document, uint32_t at,
				    const struct path_step *step)
{
	const struct node *nodes = document->nodes;
	uint32_t before = 0;
	if (document->escaped_keys) {
		for (; at && !has_key(document, &nodes[at], step); at = nodes[at].next)
			before = at;
		return (struct found){at, before};
	}
	for (; at; before = at, at = nodes[at].next)
		if (nodes[at].key_len == step->len &&
		    is_plain_key(document->bytes + nodes[at].key, step))
			break;
	return (struct found){at, before};
}

struct found body_step(const struct document *document, uint32_t from,
		       const struct path_step *step)
{
	const struct node *nodes = document->nodes;
	uint32_t at = nodes[from].first, before = 0;
	if (nodes[from].kind != (step->key ? DOCUMENT_OBJECT : DOCUMENT_ARRAY))
		return (struct found){0};
	if (step->key)
		return find_key(document, at, step);
	for (size_t i = 0; at && i < step->index; i++, at = nodes[at].next)
		before = at;
	return (struct found){at, before};
}

bool body_find(const struct document *document, const struct path *path, uint32_t *out)
{
	uint32_t at = 0;
	for (size_t i = 0; path && i < path->count; i++)
		if (!(at = body_step(document, at, &path->steps[i]).node))
			return false;
	*out = at;
	return true;
}

bool document_get(const struct document *document, const struct path *path,
		  struct document_view *out)
{
	uint32_t at;
	bool there = body_find(document, path, &at);
	if (there)
		*out = body_view(document, at);
	return there;
}

bool document_has(const struct document *document, const struct path *path)
{
	uint32_t at;
	return body_find(document, path, &at) && document->nodes[at].kind != DOCUMENT_NULL;
}

void body_aim(const struct document *document, const struct path *path, struct place *out)
{
	size_t last = path->count - 1;
	out->trail[0] = 0;
	for (out->known = 0;; out->known++) {
		uint32_t at = out->trail[out->known];
		out->found = body_step(document, at, &path->steps[out->known]);
		if (out->known == last || !out->found.node)
			return;
		out->trail[out->known + 1] = out->found.node;
	}
}

/* ---- what is there ---- */

size_t body_depth(const struct document *document, uint32_t node)
{
	size_t deepest = 0;
	if (!body_is_container(&document->nodes[node]))
		return 0;
	uint32_t at = document->nodes[node].first;
	for (; at; at = document->nodes[at].next) {
		size_t depth = body_depth(document, at);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

size_t body_count(const struct document *document, uint32_t node)
{
	size_t n = 1;
	if (!body_is_container(&document->nodes[node]))
		return n;
	uint32_t at = document->nodes[node].first;
	for (; at; at = document->nodes[at].next)
		n += body_count(document, at);
	return n;
}

/* ---- out and in ---- */

static void mark(struct document *document, const struct place *place)
{
	for (size_t i = 0; i <= place->known; i++)
		document->nodes[place->trail[i]].flags |= NODE_CHANGED;
}

void body_unlink(struct document *document, uint32_t parent, uint32_t before, uint32_t node)
{
	struct node *nodes = document->nodes;
	*(before ? &nodes[before].next : &nodes[parent].first) = nodes[node].next;
	nodes[parent].count--;
}

void body_link(struct document *document, uint32_t parent, uint32_t before, uint32_t node)
{
	struct node *nodes = document->nodes;
	uint32_t *link = before ? &nodes[before].next : &nodes[parent].first;
	nodes[node].next = *link;
	*link = node;
	nodes[parent].count++;
}

uint32_t body_detach(struct document *document, const struct path *path)
{
	struct place place;
	body_aim(document, path, &place);
	if (place.known < path->count - 1 || !place.found.node)
		return 0;
	body_unlink(document, place.trail[place.known], place.found.before, place.found.node);
	mark(document, &place);
	return place.found.node;
}

bool document_remove(struct document *document, const struct path *path)
{
	return body_detach(document, path);
}

static int refuse(const struct path *path, size_t step, const char *why, const char *what,
		  struct flume_err *err)
{
	return flume_fail(err, FLUME_FAILED, "%.*s: %s%s", (int)path->steps[step].end,
			  path->text, why, what);
}

/* May step `i` lead to a new element of an array of this size? */
static int check_index(const struct path *path, size_t i, size_t size, struct flume_err *err)
{
	const struct path_step *step = &path->steps[i];
	if (step->key || step->index <= size)
		return FLUME_OK;
	return flume_fail(err, FLUME_FAILED, "%.*s: the array has %zu element%s",
			  (int)step->end, path->text, size, size == 1 ? "" : "s");
}

int body_check(const struct document *document, const struct path *path,
	       const struct place *place, size_t depth, struct flume_err *err)
{
	const struct node *parent = &document->nodes[place->trail[place->known]];
	const struct path_step *step = &path->steps[place->known];
	if (path->count + depth > DOCUMENT_DEPTH)
		return refuse(path, path->count - 1, "nested too deep", "", err);
	if (parent->kind != (step->key ? DOCUMENT_OBJECT : DOCUMENT_ARRAY))
		return refuse(path, place->known, "parent is ",
			      document_kind_text(parent->kind), err);
	int rc = check_index(path, place->known, parent->count, err);
	for (size_t i = place->known + 1; !rc && i < path->count; i++)
		rc = check_index(path, i, 0, err);
	return rc;
}

size_t body_keys(const struct path *path)
{
	size_t room = 0;
	for (size_t i = 0; i < path->count; i++)
		room += quoted_bound(path->steps[i].len) + 1;
	return room;
}

static void set_key(struct document *document, uint32_t at, const struct path_step *step)
{
	struct node *node = &document->nodes[at];
	node->key = node->key_len = 0;
	node->flags &= (uint8_t)~NODE_KEY_ESCAPED;
	if (!step->key)
		return;
	size_t len = quoted_write(document->bytes + document->n_bytes, step->key, step->len);
	node->key = document->n_bytes + 1;
	node->key_len = (uint32_t)len - 2;
	if (node->key_len > step->len) {
		node->flags |= NODE_KEY_ESCAPED;
		document->escaped_keys = true;
	}
	document->n_bytes += (uint32_t)len;
	body_pad(document);
}

/* A container that holds the node where the step says. */
static uint32_t wrap(struct document *document, uint32_t inner, const struct path_step *step)
{
	uint32_t outer = document->n_nodes++;
	set_key(document, inner, step);
	document->nodes[inner].next = 0;
	document->nodes[outer] = (struct node){
		.kind = step->key ? DOCUMENT_OBJECT : DOCUMENT_ARRAY,
		.flags = NODE_CHANGED,
		.first = inner,
		.count = 1,
	};
	return outer;
}

void body_replace(struct document *document, uint32_t at, uint32_t node)
{
	struct node *old = &document->nodes[at];
	const struct node *by = &document->nodes[node];
	old->at = by->at;
	old->len = by->len;
	old->kind = by->kind;
	old->flags = (old->flags & NODE_KEY_ESCAPED) | (by->flags & (uint8_t)~NODE_KEY_ESCAPED);
	old->first = by->first;
	old->count = by->count;
}

void body_insert(struct document *document, const struct path *path, const struct place *place,
		 uint32_t node)
{
	set_key(document, node, &path->steps[place->known]);
	body_link(document, place->trail[place->known], place->found.before, node);
	mark(document, place);
}

void body_put(struct document *document, const struct path *path, const struct place *place,
	      uint32_t node)
{
	for (size_t i = path->count - 1; i > place->known; i--)
		node = wrap(document, node, &path->steps[i]);
	if (!place->found.node) {
		body_insert(document, path, place, node);
		return;
	}
	mark(document, place);
	body_replace(document, place->found.node, node);
}
