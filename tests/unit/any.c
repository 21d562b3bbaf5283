#include "tests/unit/any.h"

#include <stdlib.h>
#include <string.h>

unsigned any_number(struct draw *draw, unsigned below)
{
	draw->seed = draw->seed * 1103515245u + 12345u;
	return (draw->seed >> 8) % below;
}

const char *any_word(struct draw *draw, const char *const *list)
{
	unsigned n = 0;
	while (list[n])
		n++;
	return list[any_number(draw, n)];
}

const struct connector *any_connector(struct draw *draw)
{
	unsigned n = 0;
	while (connectors[n])
		n++;
	return connectors[any_number(draw, n)];
}

static void child(struct draw *draw, unsigned depth)
{
	any_node(draw, depth ? any_connector(draw) : connector_form("ref"), depth ? depth : 1);
}

static void children(struct draw *draw, const struct flume_field *row, unsigned depth)
{
	int64_t n = row->max ? row->max : row->min + any_number(draw, 3);
	text_add_char(&draw->out, '[');
	for (int64_t i = 0; i < (n ? n : 1); i++) {
		text_add(&draw->out, i ? ", " : "");
		child(draw, depth);
	}
	text_add_char(&draw->out, ']');
}

static void routes(struct draw *draw, unsigned depth)
{
	text_add(&draw->out, "{x: ");
	child(draw, depth);
	text_add(&draw->out, ", y: ");
	child(draw, depth);
	text_add_char(&draw->out, '}');
}

static const char *ref(struct draw *draw)
{
	if (draw->from->schemas && any_number(draw, 4) == 0)
		return any_word(draw, draw->from->schemas);
	return any_word(draw, draw->from->names[FLUME_PROCESSOR]);
}

static void count(struct draw *draw, const struct flume_field *row)
{
	unsigned more = any_number(draw, 3);
	int64_t n = (row->min ? row->min : 1) + more;
	text_addf(&draw->out, "%lld", (long long)(row->max && n > row->max ? row->max : n));
}

static void value(struct draw *draw, const struct flume_field *row, unsigned depth)
{
	const char *const *const *names = draw->from->names;
	switch (row->type) {
	case FLUME_FIELD_NODE:
		child(draw, depth);
		break;
	case FLUME_FIELD_NODES:
		children(draw, row, depth);
		break;
	case FLUME_FIELD_ROUTES:
		routes(draw, depth);
		break;
	case FLUME_FIELD_REF:
		text_add(&draw->out, ref(draw));
		break;
	case FLUME_FIELD_PREDICATE:
	case FLUME_FIELD_PREDICATES:
		text_add(&draw->out, any_word(draw, names[FLUME_PREDICATE]));
		break;
	case FLUME_FIELD_CONDITION:
		text_add(&draw->out, any_word(draw, names[FLUME_CONDITION]));
		break;
	case FLUME_FIELD_REDUCER:
		text_add(&draw->out, any_word(draw, names[FLUME_REDUCER]));
		break;
	case FLUME_FIELD_ERROR_HANDLER:
		text_add(&draw->out, any_word(draw, names[FLUME_ERROR_HANDLER]));
		break;
	case FLUME_FIELD_CHANNEL:
		text_add(&draw->out, any_word(draw, names[FLUME_CHANNEL]));
		break;
	case FLUME_FIELD_DURATION:
		text_addf(&draw->out, "%ums", 1 + any_number(draw, 3));
		break;
	case FLUME_FIELD_COUNT:
		count(draw, row);
		break;
	case FLUME_FIELD_NUMBER:
		text_add(&draw->out, "50000");
		break;
	case FLUME_FIELD_PERCENT:
		text_add(&draw->out, "50%");
		break;
	case FLUME_FIELD_BOOL:
		text_add(&draw->out, "true");
		break;
	case FLUME_FIELD_TEXT:
	case FLUME_FIELD_SCALAR:
	case FLUME_FIELD_ANY:
		text_add(&draw->out, "word");
		break;
	case FLUME_FIELD_TEXTS:
		text_add(&draw->out, "[word]");
		break;
	case FLUME_FIELD_MAP:
	case FLUME_FIELD_TEXT_MAP:
		text_add(&draw->out, "{key: word}");
		break;
	}
}

/* Of the ways on that a node may do without it takes one at most: some exclude one another. */
static void fields(struct draw *draw, const struct flume_field *row, unsigned depth)
{
	bool leads_on = false;
	for (; row && row->name; row++) {
		bool way = row->type == FLUME_FIELD_NODE || row->type == FLUME_FIELD_NODES;
		if (!row->required && (any_number(draw, 2) || (way && leads_on)))
			continue;
		leads_on |= way;
		text_addf(&draw->out, ", %s: ", row->name);
		value(draw, row, depth);
	}
}

static void inside(struct draw *draw, const struct connector *connector, unsigned depth)
{
	if (!connector->form)
		text_addf(&draw->out, ", type: %s", connector->type);
	if (any_number(draw, 3) == 0)
		text_addf(&draw->out, ", name: n%u", draw->count++);
	fields(draw, connector->fields, depth - 1);
}

void any_node(struct draw *draw, const struct connector *connector, unsigned depth)
{
	text_addf(&draw->out, "{x-seed: %u", draw->seed);
	inside(draw, connector, depth);
	text_add_char(&draw->out, '}');
}

flume_schema *any_schema(struct draw *draw, const struct connector *connector, unsigned depth)
{
	flume_schema *schema = NULL;
	text_addf(&draw->out, "{version: v%u", draw->count++);
	inside(draw, connector, depth);
	text_add_char(&draw->out, '}');
	char *yaml = text_take(&draw->out);
	if (!yaml || flume_schema_parse(&schema, yaml, strlen(yaml), FLUME_YAML, NULL, NULL))
		abort(); /* it is ours */
	free(yaml);
	return schema;
}
