#include "lib/check/shape.h"

#include <stdlib.h>

static void shape_free(struct schema_notes *notes)
{
	free(notes);
}

const struct shape *shape_get(const flume_schema *schema)
{
	return (const struct shape *)schema_get_notes(schema);
}

void shape_keep(flume_schema *schema, const struct names *met, size_t nodes, unsigned depth)
{
	if (!schema_met(schema))
		return;
	struct shape *shape = malloc(sizeof *shape + met->n * sizeof *shape->names);
	const char **end[FLUME_KINDS];
	if (!shape)
		return;
	*shape = (struct shape){.notes = {shape_free}, .nodes = nodes, .depth = depth};
	for (size_t i = 0; i < met->n; i++)
		shape->n[met->entries[i].kind]++;
	end[0] = shape->names;
	for (size_t k = 1; k < FLUME_KINDS; k++)
		end[k] = end[k - 1] + shape->n[k - 1];
	for (size_t i = 0; i < met->n; i++)
		*end[met->entries[i].kind]++ = met->entries[i].name;
	schema_take_notes(schema, &shape->notes);
}
