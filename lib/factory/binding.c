/*
 * Names for what runs.
 *
 * A binding is a handle on a live pointer: its slot's, so that there is nothing to keep in step,
 * or one of its own when it is pinned.  When it ends it is pointed nowhere, and nobody who comes
 * later finds anything.  What it tells from then on was written before.
 */
#include "lib/factory/factory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct live nowhere;

static const struct live *live_of(const flume_binding *binding)
{
	return atomic_load_explicit(&binding->live, memory_order_acquire);
}

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
		flume_schema_unref(binding->last.schema);
		free(binding);
	}
	return NULL;
}

/* What it serves, lent under the lock; it has not ended. */
static flume_pipeline *serves(const flume_binding *binding)
{
	return (flume_pipeline *)live_of(binding)->now;
}

/* Lock held.  A pinned one begins with what its slot has now. */
static flume_binding *binding_new(const char *name, struct slot *slot, bool pinned)
{
	size_t size = strlen(name) + 1;
	flume_binding *binding = malloc(sizeof *binding + size);
	if (!binding)
		return NULL;
	memset(binding, 0, sizeof *binding);
	memcpy(binding->name, name, size);
	counted_init(&binding->counted);
	atomic_init(&binding->live, pinned ? &binding->own : &slot->live);
	binding->slot = slot_ref(slot);
	binding->pinned = pinned;
	return binding;
}

/* Lock held.  Keeps `pin`. */
static void pin_to_stored(flume_factory *factory, flume_binding *binding, struct retiring *pin)
{
	struct counted *now = binding->slot->live.now;
	*pin = (struct retiring){.pipeline = (flume_pipeline *)now};
	counted_ref(now);
	live_swap(&binding->own, now);
	retire(factory, binding->pin);
	binding->pin = pin;
}

void binding_end(flume_factory *factory, flume_binding *binding, bool unbound)
{
	const flume_pipeline *now = serves(binding);
	struct flume_pipeline_info info;
	flume_pipeline_read(now, &info);
	binding->last = (struct last){
		.schema = flume_schema_ref(now->schemas[0]),
		.generation = info.generation,
		.calls = info.calls,
		.failures = info.failures,
		.swapped_ns = now->swapped_ns,
		.unbound = unbound,
	};
	atomic_store_explicit(&binding->live, &nowhere, memory_order_release);
	live_swap(&binding->own, NULL);
	retire(factory, binding->pin);
	binding->pin = NULL;
}

/* ---- names ---- */

/* Lock held.  Gives the one there is, or a new one with a reference for the map too. */
static int bind_locked(flume_factory *factory, const char *name, const char *id, bool pinned,
		       flume_binding **out, bool *added, struct flume_err *err)
{
	struct slot *slot = map_get(&factory->slots, id);
	flume_binding *binding = map_get(&factory->bindings, name);
	if (!slot)
		return flume_fail(err, FLUME_NOT_FOUND, "there is no schema '%.128s'", id);
	if (binding && binding->slot != slot)
		return flume_fail(err, FLUME_EXISTS, "'%.128s' is bound to another schema",
				  name);
	if (binding && binding->pinned != pinned)
		return flume_fail(err, FLUME_EXISTS, "'%.128s' is bound, and %s", name,
				  pinned ? "follows" : "pinned");
	if (!binding) {
		struct retiring *pin = pinned ? malloc(sizeof *pin) : NULL;
		binding = !pinned || pin ? binding_new(name, slot, pinned) : NULL;
		if (!binding || map_add(&factory->bindings, binding->name, binding)) {
			free(pin);
			flume_binding_unref(binding);
			return flume_fail(err, FLUME_NOMEM, "out of memory");
		}
		if (pinned)
			pin_to_stored(factory, binding, pin);
		*added = true;
	}
	*out = flume_binding_ref(binding);
	return FLUME_OK;
}

int flume_factory_bind(flume_factory *factory, const char *name, const char *schema_id,
		       unsigned flags, flume_binding **out, struct flume_err *err)
{
	bool added = false;
	flume_binding *binding = NULL;
	if (flags & ~(unsigned)FLUME_BIND_PINNED)
		return flume_fail(err, FLUME_INVALID, "no such flags: %#x", flags);
	if (!name || !schema_id)
		return flume_fail(err, FLUME_INVALID,
				  "a binding needs a name and the id of a schema");
	factory_lock(factory);
	int rc = bind_locked(factory, name, schema_id, flags & FLUME_BIND_PINNED, &binding,
			     &added, err);
	factory_unlock(factory);
	if (rc)
		return rc;
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

int flume_factory_unbind(flume_factory *factory, const char *name)
{
	factory_lock(factory);
	flume_binding *binding = map_remove(&factory->bindings, name);
	if (binding)
		binding_end(factory, binding, true);
	factory_unlock(factory);
	if (!binding)
		return FLUME_NOT_FOUND;
	hub_emit(factory->hub, &(struct flume_event){.kind = FLUME_EVENT_BINDING_REMOVED,
						     .name = binding->name,
						     .schema_id = binding->slot->id});
	flume_binding_unref(binding);
	flume_factory_settle(factory);
	return FLUME_OK;
}

/* Lock held.  Keeps `pin` on success, and gives references to both pipelines and the binding. */
static int repin_locked(flume_factory *factory, const char *name, struct retiring *pin,
			flume_binding **out, flume_pipeline **was, flume_pipeline **now)
{
	flume_binding *binding = map_get(&factory->bindings, name);
	if (!binding)
		return FLUME_NOT_FOUND;
	if (!binding->pinned)
		return FLUME_INVALID;
	if (binding->own.now == binding->slot->live.now)
		return FLUME_UNCHANGED;
	*was = serves(binding);
	counted_ref(&(*was)->counted);
	pin_to_stored(factory, binding, pin);
	*now = serves(binding);
	counted_ref(&(*now)->counted);
	*out = flume_binding_ref(binding);
	return FLUME_OK;
}

int flume_factory_repin(flume_factory *factory, const char *name)
{
	flume_binding *binding;
	flume_pipeline *was, *now;
	struct retiring *pin = malloc(sizeof *pin);
	if (!pin)
		return FLUME_NOMEM;
	factory_lock(factory);
	int rc = repin_locked(factory, name, pin, &binding, &was, &now);
	factory_unlock(factory);
	if (rc) {
		free(pin);
		return rc;
	}
	hub_emit(factory->hub, &(struct flume_event){.kind = FLUME_EVENT_BINDING_SWAPPED,
						     .name = binding->name,
						     .schema_id = binding->slot->id,
						     .version = pipeline_version(now),
						     .old_version = pipeline_version(was),
						     .generation = now->generation});
	pipeline_release(was);
	pipeline_release(now);
	flume_binding_unref(binding);
	flume_factory_settle(factory);
	return FLUME_OK;
}

flume_binding *flume_factory_dup_binding(const flume_factory *factory, const char *name)
{
	factory_lock(factory);
	flume_binding *binding = flume_binding_ref(map_get(&factory->bindings, name));
	factory_unlock(factory);
	if (binding)
		hub_emit(factory->hub,
			 &(struct flume_event){.kind = FLUME_EVENT_PIPELINE_RETRIEVED,
					       .name = binding->name,
					       .schema_id = binding->slot->id});
	return binding;
}

char **flume_factory_dup_binding_names(const flume_factory *factory)
{
	factory_lock(factory);
	char **names = map_dup_names(&factory->bindings);
	factory_unlock(factory);
	return names;
}

/* ---- what runs ---- */

/* It is ending, or has ended; waits for those few instructions, for what it tells then. */
static const struct last *last_of(const flume_binding *binding)
{
	while (live_of(binding) != &nowhere)
		;
	return &binding->last;
}

static int refuse(const flume_binding *binding, struct flume_err *err)
{
	if (last_of(binding)->unbound)
		return flume_fail(err, FLUME_NOT_FOUND, "the binding '%.128s' was removed",
				  binding->name);
	return flume_fail(err, FLUME_NOT_FOUND, "the schema '%.128s' was removed",
			  binding->slot->id);
}

int flume_binding_process(flume_binding *binding, const struct flume_call *call, void **item,
			  struct flume_err *err)
{
	struct counted *now = live_enter(live_of(binding));
	flume_pipeline *pipeline = (flume_pipeline *)now;
	bool brief = pipeline && pipeline->brief && !hub_heard(pipeline->hub);
	int rc = FLUME_OK;
	if (brief)
		rc = pipeline_call(pipeline, call, item, err);
	else if (pipeline)
		counted_ref(now);
	live_leave();
	if (!pipeline)
		return refuse(binding, err);
	if (brief)
		return rc;
	rc = pipeline_call(pipeline, call, item, err);
	pipeline_release(pipeline);
	return rc;
}

flume_pipeline *flume_binding_dup_pipeline(flume_binding *binding)
{
	flume_pipeline *pipeline =
		pipeline_hand_out((flume_pipeline *)live_ref(live_of(binding)));
	if (pipeline)
		hub_emit(pipeline->hub,
			 &(struct flume_event){.kind = FLUME_EVENT_PIPELINE_RETRIEVED,
					       .name = binding->name,
					       .schema_id = binding->slot->id,
					       .version = pipeline_version(pipeline),
					       .generation = pipeline->generation});
	return pipeline;
}

/* ---- what it says of itself ---- */

static void tell(const flume_schema *schema, struct flume_binding_info *out)
{
	snprintf(out->version, sizeof out->version, "%s", flume_schema_get_version(schema));
	snprintf(out->digest, sizeof out->digest, "%s", flume_schema_get_digest(schema));
}

static void tell_now(const flume_pipeline *now, struct flume_binding_info *out)
{
	struct flume_pipeline_info info;
	flume_pipeline_read(now, &info);
	tell(now->schemas[0], out);
	out->generation = info.generation;
	out->swapped_ns = now->swapped_ns;
	out->calls = info.calls;
	out->failures = info.failures;
}

static void tell_last(const struct last *last, struct flume_binding_info *out)
{
	tell(last->schema, out);
	out->generation = last->generation;
	out->swapped_ns = last->swapped_ns;
	out->calls = last->calls;
	out->failures = last->failures;
}

/* What it serves, a new reference, or NULL.  Its slot goes on without it: what was found there is
 * its own only if it had not ended by then, or it would be told to have gone back later. */
static flume_pipeline *dup_served(const flume_binding *binding)
{
	flume_pipeline *now = (flume_pipeline *)live_ref(live_of(binding));
	if (!now || live_of(binding) != &nowhere)
		return now;
	pipeline_release(now);
	return NULL;
}

void flume_binding_read(flume_binding *binding, struct flume_binding_info *out)
{
	flume_pipeline *now = dup_served(binding);
	*out = (struct flume_binding_info){.pinned = binding->pinned};
	snprintf(out->schema_id, sizeof out->schema_id, "%s", binding->slot->id);
	if (now)
		tell_now(now, out);
	else
		tell_last(last_of(binding), out);
	pipeline_release(now);
}
