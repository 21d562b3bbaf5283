/*
 * A builder is given a node and not its key, so the path is looked up, and only for who asks.
 * Children are built in about the order in which they stand, so a search begins where the last
 * one ended; that also tells apart what aliases of YAML make one value of.
 */
#include "lib/build/trail.h"

#include "lib/schema/fields.h"

static enum flume_field_type type_at(const struct trail *up, size_t key)
{
	const struct flume_field *row = fields_find(
		up->connector->fields, flume_value_text(flume_value_key(up->node, key)));
	return row ? row->type : FLUME_FIELD_ANY;
}

/* From `item` on in the value of that key. */
static bool find_in(struct trail *it, size_t key, size_t item)
{
	const flume_value *value = flume_value_at(it->up->node, key);
	enum flume_field_type type = type_at(it->up, key);
	bool one = type == FLUME_FIELD_NODE;
	if (!one && type != FLUME_FIELD_NODES && type != FLUME_FIELD_ROUTES)
		return false;
	for (size_t n = one ? 1 : flume_value_size(value); item < n; item++) {
		if ((one ? value : flume_value_at(value, item)) != it->node)
			continue;
		it->key = it->up->next_key = key;
		it->item = item;
		it->up->next_item = item + 1;
		return true;
	}
	return false;
}

static void find(struct trail *it)
{
	size_t n = flume_value_size(it->up->node), key = it->up->next_key;
	it->found = find_in(it, key, it->up->next_item);
	for (size_t i = 1; i <= n && !it->found; i++)
		it->found = find_in(it, (key + i) % n, 0);
}

void trail_path(struct trail *it, struct text *out)
{
	if (!it->up) {
		text_add(out, "root");
		return;
	}
	if (!it->found)
		find(it);
	trail_path(it->up, out);
	const struct trail *up = it->up;
	const flume_value *value = flume_value_at(up->node, it->key);
	text_addf(out, ".%s", flume_value_text(flume_value_key(up->node, it->key)));
	if (type_at(up, it->key) == FLUME_FIELD_ROUTES)
		text_addf(out, ".%s", flume_value_text(flume_value_key(value, it->item)));
	else if (type_at(up, it->key) == FLUME_FIELD_NODES)
		text_addf(out, "[%zu]%s", it->item,
			  up->connector->labels ? up->connector->labels[it->item] : "");
}
