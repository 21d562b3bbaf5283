/* Who is told of a swap.  The way goes from name to name, for a listener may bind and unbind. */
#include "lib/factory/factory.h"

#include <string.h>

/* The first behind `after` (NULL: of all) that follows the schema `id`; a new reference. */
static flume_binding *next_binding(const flume_factory *factory, const flume_binding *after,
				   const char *id)
{
	flume_binding *next = NULL;
	factory_lock(factory);
	for (size_t i = 0; i < factory->bindings.len && !next; i++) {
		flume_binding *it = factory->bindings.entries[i].thing;
		if (!it->pinned && !strcmp(it->slot->id, id) &&
		    (!after || strcmp(it->name, after->name) > 0))
			next = flume_binding_ref(it);
	}
	factory_unlock(factory);
	return next;
}

void bindings_emit(const flume_factory *factory, struct flume_event *event)
{
	flume_binding *it = next_binding(factory, NULL, event->schema_id);
	while (it) {
		event->name = it->name;
		hub_emit(factory->hub, event);
		flume_binding *next = next_binding(factory, it, event->schema_id);
		flume_binding_unref(it);
		it = next;
	}
}
