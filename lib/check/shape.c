#include "lib/check/shape.h"

#include <stdlib.h>
#include <string.h>

void met_add(struct met *met, enum flume_kind kind, bool schema, const char *name)
{
	if (met->failed)
		return;
	if (met->n == met->cap) {
		size_t cap = met->cap ? 2 * met->cap : 16;
		struct reference *more = reallocarray(met->list, cap, sizeof *more);
		if (!more) {
			met->failed = true;
			return;
		}
		met->list = more;
		met->cap = cap;
	}
	met->list[met->n++] = (struct reference){name, kind, schema};
}

void met_fini(struct met *met)
{
	free(met->list);
}

static void shape_free(struct schema_notes *notes)
{
	free(notes);
}

const struct shape *shape_get(const flume_schema *schema)
{
	return (const struct shape *)schema_get_notes(schema);
}

void shape_keep(flume_schema *schema, struct met *met, size_t nodes, unsigned depth)
{
	if (met->failed || shape_get(schema) || !schema_met(schema))
		return;
	struct shape *shape = malloc(sizeof *shape + met->n * sizeof *met->list);
	if (!shape)
		return;
	*shape = (struct shape){{shape_free}, nodes, depth, met->n};
	if (met->n)
		memcpy(shape->references, met->list, met->n * sizeof *met->list);
	schema_take_notes(schema, &shape->notes);
}
