/*
 * A factory's life, its components and its listeners.
 *
 * Freeing waits for the calls in progress: their steps use what the embedding program gave, and
 * it will free that next.  A pipeline's references minus the handles on it are its calls.
 */
#include "lib/factory/factory.h"
#include "lib/factory/event.h"

#include <stdlib.h>
#include <string.h>

static int factory_init(flume_factory *factory, const struct flume_options *options)
{
	registry_init(&factory->registry);
	factory->slots.lent = factory->bindings.lent = true;
	factory->lock = malloc(sizeof *factory->lock);
	factory->hub = hub_new(options);
	if (!factory->lock || !factory->hub)
		return FLUME_NOMEM;
	if (options->listen &&
	    hub_listen(factory->hub, HUB_ALL, options->listen, options->listen_arg) < 0)
		return FLUME_NOMEM;
	pthread_mutex_init(factory->lock, NULL);
	return FLUME_OK;
}

static void factory_fini(flume_factory *factory)
{
	map_fini(&factory->slots);
	map_fini(&factory->bindings);
	registry_fini(&factory->registry);
	if (factory->hub)
		hub_silence(factory->hub);
	hub_unref(factory->hub);
	free(factory->lock);
	free(factory);
}

int flume_factory_new(flume_factory **out, const struct flume_options *options,
		      struct flume_err *err)
{
	if (!options || !options->type || !options->type->clone || !options->type->free)
		return flume_fail(err, FLUME_INVALID,
				  "an item type with clone and free is needed");
	flume_factory *factory = calloc(1, sizeof *factory);
	if (!factory)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (factory_init(factory, options)) {
		factory_fini(factory);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	hub_emit(factory->hub, &(struct flume_event){.kind = FLUME_EVENT_FACTORY_CREATED});
	*out = factory;
	return FLUME_OK;
}

/* Empties the house, so that a step or a listener that still runs finds nothing in it, and adds
 * nothing that nobody would take away. */
static void close_house(flume_factory *factory, struct map *slots, struct map *bindings)
{
	factory_lock(factory);
	factory->closing = true;
	*slots = factory->slots;
	*bindings = factory->bindings;
	factory->slots = factory->bindings = (struct map){0};
	for (size_t i = 0; i < bindings->len; i++)
		binding_end(factory, bindings->entries[i].thing, false);
	for (size_t i = 0; i < slots->len; i++)
		retire_slot(factory, slots->entries[i].thing);
	factory_unlock(factory);
}

flume_factory *flume_factory_free(flume_factory *factory)
{
	if (!factory)
		return NULL;
	struct map slots, bindings;
	close_house(factory, &slots, &bindings);
	flume_factory_settle(factory);
	pipelines_drain(factory->hub);
	for (size_t i = 0; i < bindings.len; i++)
		flume_binding_unref(bindings.entries[i].thing);
	for (size_t i = 0; i < slots.len; i++)
		slot_unref(slots.entries[i].thing);
	map_fini(&bindings);
	map_fini(&slots);
	pthread_mutex_destroy(factory->lock);
	factory_fini(factory);
	return NULL;
}

void flume_factory_read(const flume_factory *factory, struct flume_factory_info *out)
{
	pool_read(factory->hub->pool, out);
}

void factory_lock(const flume_factory *factory)
{
	pthread_mutex_lock(factory->lock);
}

void factory_unlock(const flume_factory *factory)
{
	pthread_mutex_unlock(factory->lock);
}

/* ---- components ---- */

int flume_factory_add(flume_factory *factory, const struct flume_component *row,
		      struct flume_err *err)
{
	struct component *component;
	int rc = component_new(&component, row, err);
	if (rc)
		return rc;
	void (*done)(void *) = component->is.done;
	component->is.done = NULL; /* a failure leaves the caller's argument alone */
	component_ref(component);
	rc = registry_take(&factory->registry, component, err);
	if (!rc) {
		component->is.done = done;
		emit_registered(factory->hub, component);
	}
	component_unref(component);
	return rc;
}

/* Lock held. */
static bool report_users(flume_factory *factory, const struct component *component,
			 flume_report *report)
{
	bool used = false;
	for (size_t i = 0; i < factory->slots.len; i++) {
		const struct slot *slot = factory->slots.entries[i].thing;
		if (!pipeline_has_part(slot_pipeline(slot), component))
			continue;
		flume_report_add(report, "in-use", slot->id, NULL, NULL,
				 "schema '%s' uses %s '%s'", slot->id,
				 flume_kind_text(component->kind), component->is.name);
		used = true;
	}
	return used;
}

/* The lock keeps commits out: what a change was built from is looked at in there. */
int flume_factory_remove(flume_factory *factory, enum flume_kind kind, const char *name,
			 unsigned flags, flume_report *report)
{
	if ((unsigned)kind >= FLUME_KINDS || flags & ~(unsigned)FLUME_REMOVE_FORCED)
		return FLUME_INVALID;
	if (!name)
		return FLUME_NOT_FOUND;
	factory_lock(factory);
	struct component *component = registry_ref(&factory->registry, kind, name);
	struct component *removed = NULL;
	int rc = component ? FLUME_OK : FLUME_NOT_FOUND;
	if (component && report_users(factory, component, report) &&
	    !(flags & FLUME_REMOVE_FORCED))
		rc = FLUME_IN_USE;
	if (!rc) {
		removed = registry_remove(&factory->registry, kind, name);
		component->removed = true;
	}
	factory_unlock(factory);
	if (!rc)
		emit_removed(factory->hub, component);
	component_unref(removed);
	component_unref(component);
	return rc;
}

struct registry *factory_registry(const flume_factory *factory)
{
	struct registry *registry;
	const struct registry *own = &factory->registry;
	memcpy(&registry, &own, sizeof registry);
	return registry;
}

bool flume_factory_has(const flume_factory *factory, enum flume_kind kind, const char *name)
{
	return (unsigned)kind < FLUME_KINDS && name &&
	       registry_has(factory_registry(factory), kind, name);
}

char **flume_factory_dup_names(const flume_factory *factory, enum flume_kind kind)
{
	const struct map none = {0};
	return (unsigned)kind < FLUME_KINDS
		       ? registry_dup_names(factory_registry(factory), kind)
		       : map_dup_names(&none);
}

int flume_factory_add_maker(flume_factory *factory, const struct flume_maker *maker,
			    struct flume_err *err)
{
	return registry_add_maker(&factory->registry, maker, err);
}

/* ---- listeners ---- */

int flume_factory_listen(flume_factory *factory, flume_listen_fn *fn, void *arg)
{
	return fn ? hub_listen(factory->hub, HUB_ALL, fn, arg) : FLUME_INVALID;
}

int flume_factory_listen_to(flume_factory *factory, const enum flume_event_kind *kinds,
			    size_t n, flume_listen_fn *fn, void *arg)
{
	uint64_t wanted = 0;
	if (!fn)
		return FLUME_INVALID;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)kinds[i] >= FLUME_EVENT_COUNT)
			return FLUME_INVALID;
		wanted |= hub_kind(kinds[i]);
	}
	return hub_listen(factory->hub, wanted, fn, arg);
}

int flume_factory_unlisten(flume_factory *factory, int ticket)
{
	return hub_unlisten(factory->hub, ticket);
}
