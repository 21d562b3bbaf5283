/*
 * All values are taken out first, from the end of the document to its beginning so that no
 * index shifts under a later one, and then put in, parents first.  The result does not depend
 * on the order in which a schema lists them, which is no part of its identity.
 */
#include "agent/document/body.h"

/* Where it was, or as near as can be.  Frees what finds its place taken. */
static void put_back(json_t *root, const struct path *from, json_t *value)
{
	const struct path_step *last = &from->steps[from->count - 1];
	struct path up = *from;
	json_t *parent = --up.count ? body_get(root, &up) : root;
	if (!last->key && json_is_array(parent))
		json_array_insert_new(parent, last->index, value);
	else if (body_get(root, from))
		json_decref(value);
	else
		body_take_at(root, from, value, NULL);
}

int document_move(struct document *document, const struct document_move *moves,
		  const struct document_move *const *by_to, size_t n, struct flume_err *err)
{
	json_t *taken[DOCUMENT_MOVES];
	int rc = FLUME_OK;
	for (size_t i = n; i-- > 0;)
		taken[i] = body_detach(document->root, &moves[i].from);
	for (size_t i = 0; i < n && !rc; i++) {
		json_t **value = &taken[by_to[i] - moves];
		if (!*value)
			continue;
		rc = body_take_at(document->root, &by_to[i]->to, json_incref(*value), err);
		if (rc)
			break;
		json_decref(*value);
		*value = NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (taken[i])
			put_back(document->root, &moves[i].from, taken[i]);
	return rc;
}
