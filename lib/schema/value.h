/*
 * value.h - inside lib/schema: how a value lies in memory.
 *
 * A list's elements lie side by side, and so do a map's entries, key before value.  An alias is
 * a copy of the value it names and shares what is below.  Everything, the root too, lies in the
 * arena of its document.
 */
#ifndef FLUME_SCHEMA_VALUE_H
#define FLUME_SCHEMA_VALUE_H

#include "lib/base/arena.h"
#include "lib/flume.h"

#include <stdint.h>
#include <string.h>

struct flume_value {
	union {
		const char *text;                /* scalars             */
		const struct flume_value *items; /* NULL when empty     */
	};
	uint32_t size; /* bytes, elements or entries */
	uint32_t line, column;
	uint8_t type; /* enum flume_value_type */
	bool quoted;
};

struct document {
	struct flume_value root;
	struct arena arena;
};

/* Maps with more entries than this have the numbers of their entries, sorted by key, behind the
 * last one. */
#define VALUE_SMALL_MAP 16

static inline const uint32_t *value_order(const struct flume_value *map)
{
	return (const uint32_t *)(map->items + 2 * (size_t)map->size);
}

static inline bool value_same_key(const flume_value *a, const flume_value *b)
{
	return a->size == b->size && a->text[0] == b->text[0] &&
	       !memcmp(a->text, b->text, a->size);
}

/* Bytewise: <0, 0, >0. */
int value_compare_keys(const struct flume_value *a, const struct flume_value *b);

#endif
