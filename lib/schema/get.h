/*
 * get.h - look-ups in a value, inlined for the rooms that walk whole schemas.
 *
 * The same as flume_value_get and its kin; a key is a literal here, so its length is known.
 */
#ifndef FLUME_SCHEMA_GET_H
#define FLUME_SCHEMA_GET_H

#include "lib/schema/value.h"

static inline bool value_is(const flume_value *scalar, const char *word, size_t n)
{
	return scalar->size == n && !memcmp(value_chars(scalar), word, n);
}

static inline const flume_value *value_get(const flume_value *map, const char *key, size_t n)
{
	if (!map || map->type != FLUME_MAP)
		return NULL;
	if (map->size > VALUE_SMALL_MAP)
		return flume_value_get(map, key);
	const flume_value *entry = value_items(map);
	for (size_t i = 0; i < map->size; i++, entry += 2)
		if (value_is(entry, key, n))
			return entry + 1;
	return NULL;
}

#define VALUE_IS(scalar, literal) value_is(scalar, literal, sizeof(literal) - 1)
#define VALUE_GET(map, literal)   value_get(map, literal, sizeof(literal) - 1)

static inline const char *value_text(const flume_value *v)
{
	return !v || v->type == FLUME_LIST || v->type == FLUME_MAP ? "" : value_chars(v);
}

static inline const flume_value *value_item_at(const flume_value *list, size_t i)
{
	return value_items(list) + i;
}

/* Of a map: how many entries, and entry i, key and value. */
static inline size_t value_entries(const flume_value *map)
{
	return map && map->type == FLUME_MAP ? map->size : 0;
}

static inline const flume_value *value_key_at(const flume_value *map, size_t i)
{
	return value_items(map) + 2 * i;
}

static inline const flume_value *value_entry_at(const flume_value *map, size_t i)
{
	return value_items(map) + 2 * i + 1;
}

#endif
