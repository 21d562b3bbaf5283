/*
 * All values are taken out first, from the end of the document to its beginning so that no
 * index shifts under a later one, and then put in, parents first.  The result does not depend
 * on the order in which a schema lists them, which is no part of its identity.
 */
#include "agent/document/body.h"

/* Where it was, or as near as can be.  Gone when its place is taken. */
static void put_back(struct document *document, const struct path *from, uint32_t node)
{
	struct place place;
	body_aim(document, from, &place);
	bool parent_is_there = place.known == from->count - 1;
	size_t depth = body_depth(document, node);
	if (parent_is_there && place.found.node && from->steps[place.known].key)
		return;
	if (body_check(document, from, &place, depth, NULL))
		return;
	if (parent_is_there)
		body_insert(document, from, &place, node);
	else
		body_put(document, from, &place, node);
}

static bool make_room(struct document *document, const struct document_move *moves, size_t n)
{
	size_t nodes = 0, bytes = 0;
	for (size_t i = 0; i < n; i++) {
		nodes += moves[i].from.count + moves[i].to.count;
		bytes += body_keys(&moves[i].from) + body_keys(&moves[i].to);
	}
	return body_reserve(document, nodes, bytes);
}

int document_move(struct document *document, const struct document_move *moves,
		  const struct document_move *const *by_to, size_t n, struct flume_err *err)
{
	uint32_t taken[DOCUMENT_MOVES];
	int rc = FLUME_OK;
	if (!make_room(document, moves, n))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	for (size_t i = n; i-- > 0;)
		taken[i] = body_detach(document, &moves[i].from);
	for (size_t i = 0; i < n && !rc; i++) {
		uint32_t *node = &taken[by_to[i] - moves];
		const struct path *to = &by_to[i]->to;
		struct place place;
		if (!*node)
			continue;
		body_aim(document, to, &place);
		rc = body_check(document, to, &place, body_depth(document, *node), err);
		if (rc)
			break;
		body_put(document, to, &place, *node);
		*node = 0;
	}
	for (size_t i = 0; i < n; i++)
		if (taken[i])
			put_back(document, &moves[i].from, taken[i]);
	return rc;
}
