#include "agent/document/body.h"
#include "agent/document/quoted.h"

#include <stdlib.h>

#define SHORT 256

/* Gives the member with its key decoded. */
static int give(const struct document *document, uint32_t at, document_each_fn *fn, void *arg)
{
	const struct node *node = &document->nodes[at];
	const char *key = document->bytes + node->key;
	struct document_view view = body_view(document, at);
	if (!(node->flags & NODE_KEY_ESCAPED))
		return fn(arg, key, node->key_len, &view);
	char few[SHORT], *decoded = node->key_len <= SHORT ? few : malloc(node->key_len);
	if (!decoded)
		return FLUME_NOMEM;
	int rc = fn(arg, decoded, quoted_decode(key, node->key_len, decoded), &view);
	if (decoded != few)
		free(decoded);
	return rc;
}

int document_each(const struct document *document, const struct path *path,
		  document_each_fn *fn, void *arg)
{
	uint32_t at;
	int rc = FLUME_OK;
	if (!body_find(document, path, &at) || !body_is_container(&document->nodes[at]))
		return FLUME_NOT_FOUND;
	bool object = document->nodes[at].kind == DOCUMENT_OBJECT;
	for (at = document->nodes[at].first; at && !rc; at = document->nodes[at].next) {
		struct document_view view;
		if (object) {
			rc = give(document, at, fn, arg);
		} else {
			view = body_view(document, at);
			rc = fn(arg, NULL, 0, &view);
		}
	}
	return rc;
}
