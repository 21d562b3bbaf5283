#include "lib/schema/value.h"

#include "lib/base/text.h"
#include "lib/schema/order.h"
#include "lib/schema/write.h"

#include <stdlib.h>
#include <string.h>

flume_value *flume_value_free(flume_value *root)
{
	free(root); /* a document begins with it */
	return NULL;
}

static bool is_branch(const flume_value *v)
{
	return v && (v->type == FLUME_LIST || v->type == FLUME_MAP);
}

enum flume_value_type flume_value_type(const flume_value *v)
{
	return v ? (enum flume_value_type)v->type : FLUME_NULL;
}

const char *flume_value_text(const flume_value *v)
{
	return !v || is_branch(v) ? "" : value_chars(v);
}

bool flume_value_quoted(const flume_value *v)
{
	return v && v->quoted;
}

unsigned flume_value_line(const flume_value *v)
{
	return v ? v->line : 0;
}

unsigned flume_value_column(const flume_value *v)
{
	return v ? v->column : 0;
}

size_t flume_value_size(const flume_value *v)
{
	return is_branch(v) ? v->size : 0;
}

const flume_value *flume_value_at(const flume_value *v, size_t i)
{
	if (i >= flume_value_size(v))
		return NULL;
	return value_items(v) + (v->type == FLUME_MAP ? 2 * i + 1 : i);
}

const flume_value *flume_value_key(const flume_value *v, size_t i)
{
	return flume_value_type(v) == FLUME_MAP && i < v->size ? value_items(v) + 2 * i : NULL;
}

static const flume_value *get_sorted(const flume_value *v, const char *key, uint32_t n)
{
	const uint32_t *order = value_order(v);
	size_t low = 0, high = v->size;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const flume_value *entry = value_items(v) + 2 * (size_t)order[middle];
		int c = order_texts(value_chars(entry), entry->size, key, n);
		if (c == 0)
			return entry + 1;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const flume_value *flume_value_get(const flume_value *v, const char *key)
{
	size_t n = strlen(key);
	if (!v || v->type != FLUME_MAP || n > UINT32_MAX)
		return NULL;
	if (v->size > VALUE_SMALL_MAP)
		return get_sorted(v, key, (uint32_t)n);
	const flume_value *entry = value_items(v);
	for (size_t i = 0; i < v->size; i++, entry += 2)
		if (entry->size == n && !memcmp(value_chars(entry), key, n))
			return entry + 1;
	return NULL;
}

char *flume_value_dup_json(const flume_value *v)
{
	struct text t = {0};
	write_json(&t, v, WRITE_COMPACT);
	return text_take(&t);
}
