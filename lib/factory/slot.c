#include "lib/factory/factory.h"

#include <stdlib.h>
#include <string.h>

struct slot *slot_new(const char *id)
{
	struct slot *slot = calloc(1, sizeof *slot);
	if (!slot)
		return NULL;
	counted_init(&slot->counted);
	slot->id = strdup(id);
	return slot->id ? slot : slot_unref(slot);
}

struct slot *slot_ref(struct slot *slot)
{
	counted_ref(&slot->counted);
	return slot;
}

struct slot *slot_unref(struct slot *slot)
{
	if (!slot || !counted_unref(&slot->counted))
		return NULL;
	flume_schema_unref(slot->schema);
	map_fini(&slot->uses);
	free(slot->id);
	free(slot);
	return NULL;
}

const flume_pipeline *slot_pipeline(const struct slot *slot)
{
	return (const flume_pipeline *)slot->live.now;
}
