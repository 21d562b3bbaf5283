#include "lib/schema/order.h"
#include "lib/schema/value.h"
#include "lib/schema/write.h"

#include <string.h>

static void add_line(struct text *out, enum write_style style, unsigned level)
{
	if (style != WRITE_PRETTY)
		return;
	text_add_char(out, '\n');
	while (level--)
		text_add_n(out, "  ", 2);
}

static void add_value(struct text *out, const flume_value *v, enum write_style style,
		      unsigned level);

static void add_list(struct text *out, const flume_value *v, enum write_style style,
		     unsigned level)
{
	text_add_char(out, '[');
	for (uint32_t i = 0; i < v->size; i++) {
		if (i)
			text_add_char(out, ',');
		add_line(out, style, level + 1);
		add_value(out, value_items(v) + i, style, level + 1);
	}
	if (v->size)
		add_line(out, style, level);
	text_add_char(out, ']');
}

/* The entries of a small map by their keys. */
static void sort_few(uint32_t *order, const flume_value *map)
{
	const flume_value *items = value_items(map);
	for (uint32_t i = 0; i < map->size; i++) {
		const flume_value *key = &items[2 * (size_t)i];
		uint32_t at = i;
		for (; at > 0; at--) {
			const flume_value *before = &items[2 * (size_t)order[at - 1]];
			if (order_texts(value_chars(before), before->size, value_chars(key),
					key->size) <= 0)
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
	}
}

static void add_map(struct text *out, const flume_value *v, enum write_style style,
		    unsigned level)
{
	uint32_t small[VALUE_SMALL_MAP];
	const uint32_t *order = small;
	if (style == WRITE_CANONICAL && v->size > VALUE_SMALL_MAP)
		order = value_order(v);
	else if (style == WRITE_CANONICAL)
		sort_few(small, v);
	text_add_char(out, '{');
	for (uint32_t i = 0; i < v->size; i++) {
		const flume_value *key =
			value_items(v) + 2 * (size_t)(style == WRITE_CANONICAL ? order[i] : i);
		if (i)
			text_add_char(out, ',');
		add_line(out, style, level + 1);
		text_add_json(out, value_chars(key), key->size);
		text_add_n(out, ": ", style == WRITE_PRETTY ? 2 : 1);
		add_value(out, key + 1, style, level + 1);
	}
	if (v->size)
		add_line(out, style, level);
	text_add_char(out, '}');
}

/* As deep as the limits allow, LIMIT_MOST_LEVELS at most. */
static void add_value(struct text *out, const flume_value *v, enum write_style style,
		      unsigned level)
{
	switch ((enum flume_value_type)v->type) {
	case FLUME_NULL:
		text_add_n(out, "null", 4);
		break;
	case FLUME_BOOL:
	case FLUME_NUMBER:
		text_add_n(out, value_chars(v), v->size);
		break;
	case FLUME_TEXT:
		text_add_json(out, value_chars(v), v->size);
		break;
	case FLUME_LIST:
		add_list(out, v, style, level);
		break;
	case FLUME_MAP:
		add_map(out, v, style, level);
		break;
	}
}

void write_json(struct text *out, const flume_value *v, enum write_style style)
{
	add_value(out, v, style, 0);
	if (style == WRITE_PRETTY)
		text_add_char(out, '\n');
}
