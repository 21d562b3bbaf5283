/*
 * value.h - inside lib/schema: how a value lies in memory.
 *
 * A document is one block: the root, the values below it, their texts.  A list's elements lie side
 * by side, and so do a map's entries, key before value.  An alias is a copy of the value it names
 * and shares what is below; so do equal texts.  What is below a value is told by its distance, for
 * half a pointer.
 */
#ifndef FLUME_SCHEMA_VALUE_H
#define FLUME_SCHEMA_VALUE_H

#include "lib/flume.h"

#include <stdint.h>
#include <string.h>

struct flume_value {
	int32_t below;      /* bytes from here to its text or items  */
	uint32_t size : 28; /* bytes, elements or entries            */
	uint32_t type : 3;  /* enum flume_value_type                 */
	uint32_t quoted : 1;
	uint32_t line, column;
};

/* Of a scalar or key. */
static inline const char *value_chars(const struct flume_value *v)
{
	return (const char *)v + v->below;
}

/* Of a list or map that is not empty. */
static inline const struct flume_value *value_items(const struct flume_value *v)
{
	return (const struct flume_value *)((const char *)v + v->below);
}

/* Maps with more entries than this have the numbers of their entries, sorted by key, behind the
 * last one. */
#define VALUE_SMALL_MAP 16

static inline const uint32_t *value_order(const struct flume_value *map)
{
	return (const uint32_t *)(value_items(map) + 2 * (size_t)map->size);
}

#endif
