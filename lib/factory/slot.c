#include "lib/factory/factory.h"

#include <stdlib.h>
#include <string.h>

struct slot *slot_new(const char *id)
{
	size_t size = strlen(id) + 1;
	struct slot *slot = malloc(sizeof *slot + size);
	if (!slot)
		return NULL;
	memset(slot, 0, sizeof *slot);
	memcpy(slot->id, id, size);
	counted_init(&slot->counted);
	return slot;
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
	free(slot);
	return NULL;
}

const flume_pipeline *slot_pipeline(const struct slot *slot)
{
	return (const flume_pipeline *)slot->live.now;
}
