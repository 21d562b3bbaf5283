#include "agent/document/body.h"
#include "agent/document/keys.h"

#include <string.h>

static uint32_t last_of(const struct document *document, uint32_t object)
{
	uint32_t last = 0, at = document->nodes[object].first;
	for (; at; at = document->nodes[at].next)
		last = at;
	return last;
}

/* The key of `member` as it stands. */
static void copy_key(struct document *document, uint32_t node, const struct document *from,
		     uint32_t member)
{
	const struct node *key = &from->nodes[member];
	struct node *copy = &document->nodes[node];
	memcpy(document->bytes + document->n_bytes, from->bytes + key->key - 1,
	       key->key_len + 2);
	copy->key = document->n_bytes + 1;
	copy->key_len = key->key_len;
	copy->flags |= key->flags & NODE_KEY_ESCAPED;
	document->escaped_keys |= from->escaped_keys;
	document->n_bytes += key->key_len + 2;
	body_pad(document);
}

static void merge(struct document *document, uint32_t object, const struct document *from,
		  uint32_t other)
{
	struct keys keys;
	uint32_t last = last_of(document, object);
	keys_init(&keys, document, object, from->nodes[other].count);
	document->nodes[object].flags |= NODE_CHANGED;
	for (uint32_t at = from->nodes[other].first; at; at = from->nodes[at].next) {
		uint32_t old = keys_find(&keys, document, object, from, at);
		if (old && document->nodes[old].kind == DOCUMENT_OBJECT &&
		    from->nodes[at].kind == DOCUMENT_OBJECT) {
			merge(document, old, from, at);
			continue;
		}
		uint32_t copy = body_copy(document, from, at);
		if (old) {
			body_replace(document, old, copy);
			continue;
		}
		copy_key(document, copy, from, at);
		body_link(document, object, last, copy);
		last = copy;
	}
	keys_fini(&keys);
}

int document_merge(struct document *document, const struct document *from,
		   struct flume_err *err)
{
	if (document->nodes[0].kind != DOCUMENT_OBJECT ||
	    from->nodes[0].kind != DOCUMENT_OBJECT)
		return flume_fail(err, FLUME_FAILED, "only objects can be merged");
	size_t nodes = body_count(from, 0);
	if (!body_reserve(document, nodes, body_bound(from, 0) + 2 * nodes))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	merge(document, 0, from, 0);
	return FLUME_OK;
}
