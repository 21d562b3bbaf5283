/* Names for what runs.  A binding is a handle on a slot, so there is nothing to keep in step.
 */
#include "lib/factory/factory.h"

#include <stdlib.h>
#include <string.h>

flume_binding *flume_binding_ref(flume_binding *binding)
{
	if (binding)
		counted_ref(&binding->counted);
	return binding;
}

flume_binding *flume_binding_unref(flume_binding *binding)
{
	if (binding && counted_unref(&binding->counted)) {
		slot_unref(binding->slot);
		free(binding->name);
		free(binding);
	}
	return NULL;
}

/* Takes the reference to `slot`. */
static flume_binding *binding_new(const char *name, struct slot *slot)
{
	flume_binding *binding = calloc(1, sizeof *binding);
	if (!binding) {
		slot_unref(slot);
		return NULL;
	}
	counted_init(&binding->counted);
	binding->slot = slot;
	binding->name = strdup(name);
	return binding->name ? binding : flume_binding_unref(binding);
}

/* Lock held.  Gives the one there is, or a new one with a reference for the map too. */
static int bind_locked(flume_factory *factory, const char *name, const char *id,
		       flume_binding **out, bool *added)
{
	struct slot *slot = map_get(&factory->slots, id);
	flume_binding *binding = map_get(&factory->bindings, name);
	if (!slot)
		return FLUME_NOT_FOUND;
	if (binding && binding->slot != slot)
		return FLUME_EXISTS;
	if (!binding) {
		binding = binding_new(name, slot_ref(slot));
		if (!binding)
			return FLUME_NOMEM;
		if (map_add(&factory->bindings, name, binding)) {
			flume_binding_unref(binding);
			return FLUME_NOMEM;
		}
		*added = true;
	}
	*out = flume_binding_ref(binding);
	return FLUME_OK;
}

int flume_factory_bind(flume_factory *factory, const char *name, const char *schema_id,
		       flume_binding **out, struct flume_err *err)
{
	bool added = false;
	flume_binding *binding = NULL;
	factory_lock(factory);
	int rc = bind_locked(factory, name, schema_id, &binding, &added);
	factory_unlock(factory);
	if (rc == FLUME_NOT_FOUND)
		return flume_fail(err, rc, "there is no schema '%.128s'", schema_id);
	if (rc == FLUME_EXISTS)
		return flume_fail(err, rc, "'%.128s' is bound to another schema", name);
	if (rc)
		return flume_fail(err, rc, "out of memory");
	if (added)
		hub_emit(factory->hub, &(struct flume_event){.kind = FLUME_EVENT_BINDING_ADDED,
							     .name = name,
							     .schema_id = schema_id});
	if (out)
		*out = binding;
	else
		flume_binding_unref(binding);
	return FLUME_OK;
}

flume_binding *flume_factory_dup_binding(const flume_factory *factory, const char *name)
{
	factory_lock(factory);
	flume_binding *binding = flume_binding_ref(map_get(&factory->bindings, name));
	factory_unlock(factory);
	return binding;
}

char **flume_factory_dup_binding_names(const flume_factory *factory)
{
	factory_lock(factory);
	char **names = map_dup_names(&factory->bindings);
	factory_unlock(factory);
	return names;
}

/* The first behind `after` (NULL: of all) whose schema is `id`; a new reference. */
static flume_binding *next_binding(const flume_factory *factory, const flume_binding *after,
				   const char *id)
{
	flume_binding *next = NULL;
	factory_lock(factory);
	for (size_t i = 0; i < factory->bindings.len && !next; i++) {
		flume_binding *it = factory->bindings.entries[i].thing;
		if (!strcmp(it->slot->id, id) && (!after || strcmp(it->name, after->name) > 0))
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

int flume_binding_process(flume_binding *binding, const struct flume_call *call, void **item,
			  struct flume_err *err)
{
	struct counted *now = live_enter(&binding->slot->live);
	flume_pipeline *pipeline = (flume_pipeline *)now;
	bool brief = pipeline && pipeline->brief;
	int rc = FLUME_OK;
	if (brief)
		rc = pipeline_call(pipeline, call, item, err);
	else if (pipeline)
		counted_ref(now);
	live_leave();
	if (!pipeline)
		return flume_fail(err, FLUME_NOT_FOUND, "the schema '%.128s' was removed",
				  binding->slot->id);
	if (brief)
		return rc;
	rc = pipeline_call(pipeline, call, item, err);
	pipeline_release(pipeline);
	return rc;
}

flume_pipeline *flume_binding_dup_pipeline(flume_binding *binding)
{
	return pipeline_hand_out((flume_pipeline *)live_ref(&binding->slot->live));
}
