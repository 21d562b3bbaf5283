/* Reading the store, and taking schemas out of it. */
#include "lib/factory/store.h"

#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

flume_schema *flume_factory_dup_schema(const flume_factory *factory, const char *id)
{
	factory_lock(factory);
	const struct slot *slot = map_get(&factory->slots, id);
	flume_schema *schema = slot ? flume_schema_ref(slot->schema) : NULL;
	factory_unlock(factory);
	return schema;
}

char **flume_factory_dup_schema_ids(const flume_factory *factory)
{
	factory_lock(factory);
	char **ids = map_dup_names(&factory->slots);
	factory_unlock(factory);
	return ids;
}

/* Adds whoever uses something in `set` until nobody is left; each round is one pass. */
int store_add_dependents(const flume_factory *factory, struct map *set)
{
	for (size_t before = 0; before != set->len;) {
		before = set->len;
		for (size_t i = 0; i < factory->slots.len; i++) {
			struct slot *slot = factory->slots.entries[i].thing;
			for (size_t u = 0; u < slot->uses.len; u++) {
				if (!map_get(set, slot->uses.entries[u].name))
					continue;
				if (map_add(set, slot->id, slot) == FLUME_NOMEM)
					return FLUME_NOMEM;
				break;
			}
		}
	}
	return FLUME_OK;
}

void store_count_users(flume_factory *factory, const struct map *uses, int more)
{
	for (size_t i = 0; i < uses->len; i++) {
		struct slot *slot = map_get(&factory->slots, uses->entries[i].name);
		if (slot)
			slot->users += (size_t)more;
	}
}

/* ---- circles ---- */

/* Does `id` lead to `target`?  Writes the way from `id` on into `way`.  Each schema is looked
 * at once; the way is as deep as schemas may be joined, for the store itself has no circle. */
static bool leads_to(const flume_factory *factory, const char *id, const char *target,
		     struct map *seen, struct text *way)
{
	size_t back = way->len;
	text_addf(way, " -> %s", id);
	if (!strcmp(id, target))
		return true;
	const struct slot *slot = map_get(&factory->slots, id);
	if (slot && map_add(seen, id, seen) == FLUME_OK)
		for (size_t i = 0; i < slot->uses.len; i++)
			if (leads_to(factory, slot->uses.entries[i].name, target, seen, way))
				return true;
	way->len = back;
	return false;
}

char *store_dup_cycle(const flume_factory *factory, const char *id, const char *from)
{
	struct map seen = {0};
	struct text way = {0};
	text_add(&way, from);
	factory_lock(factory);
	bool circle = leads_to(factory, id, from, &seen, &way);
	factory_unlock(factory);
	map_fini(&seen);
	if (circle)
		return text_take(&way);
	text_fini(&way);
	return NULL;
}

/* ---- removal ---- */

static bool report_users(const flume_factory *factory, const char *id, flume_report *report)
{
	bool used = false;
	for (size_t i = 0; i < factory->slots.len; i++) {
		const struct slot *slot = factory->slots.entries[i].thing;
		if (!map_get(&slot->uses, id))
			continue;
		flume_report_add(report, "in-use", slot->id, NULL, NULL,
				 "schema '%s' refers to it", slot->id);
		used = true;
	}
	return used;
}

/* The bindings of `slot`, ended and taken off the map, in a list.  Lock held. */
static flume_binding *take_bindings(flume_factory *factory, const struct slot *slot)
{
	flume_binding *list = NULL, **end = &list;
	for (size_t i = 0; i < factory->bindings.len;) {
		flume_binding *it = factory->bindings.entries[i].thing;
		if (it->slot != slot) {
			i++;
			continue;
		}
		map_remove(&factory->bindings, it->name);
		binding_end(factory, it, false);
		*end = it;
		end = &it->next;
	}
	return list;
}

static void drop_bindings(const flume_factory *factory, flume_binding *list)
{
	for (flume_binding *it = list, *next; it; it = next) {
		next = it->next;
		hub_emit(factory->hub,
			 &(struct flume_event){.kind = FLUME_EVENT_BINDING_REMOVED,
					       .name = it->name,
					       .schema_id = it->slot->id});
		flume_binding_unref(it);
	}
}

int flume_factory_remove_schema(flume_factory *factory, const char *id, flume_report *report)
{
	struct slot *slot = NULL;
	flume_binding *bindings = NULL;
	factory_lock(factory);
	int rc = !map_get(&factory->slots, id)       ? FLUME_NOT_FOUND
		 : report_users(factory, id, report) ? FLUME_IN_USE
						     : FLUME_OK;
	if (!rc) {
		slot = map_remove(&factory->slots, id);
		store_count_users(factory, &slot->uses, -1);
		bindings = take_bindings(factory, slot);
		retire_slot(factory, slot);
	}
	factory_unlock(factory);
	if (rc)
		return rc;
	drop_bindings(factory, bindings);
	hub_emit(factory->hub,
		 &(struct flume_event){.kind = FLUME_EVENT_SCHEMA_REMOVED,
				       .schema_id = slot->id,
				       .old_version = flume_schema_get_version(slot->schema),
				       .generation = slot->generation});
	slot_unref(slot);
	flume_factory_settle(factory);
	return FLUME_OK;
}
