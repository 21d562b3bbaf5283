#include "lib/component/registry.h"

#include <stdlib.h>
#include <string.h>

void registry_init(struct registry *registry)
{
	memset(registry, 0, sizeof *registry);
	names_init(&registry->names);
	pthread_mutex_init(&registry->lock, NULL);
}

void registry_fini(struct registry *registry)
{
	for (size_t k = 0; k < FLUME_KINDS; k++) {
		for (size_t i = 0; i < registry->components[k].len; i++)
			component_unref(registry->components[k].entries[i].thing);
		map_fini(&registry->components[k]);
		map_fini(&registry->makers[k]);
	}
	names_fini(&registry->names);
	pthread_mutex_destroy(&registry->lock);
}

static struct names_entry entry_of(enum flume_kind kind, const char *name, void *thing)
{
	return names_entry(kind, name, strlen(name), thing);
}

/* Lock held. */
static int add(struct registry *registry, struct component *component)
{
	struct map *list = &registry->components[component->kind];
	const char *name = component->is.name;
	struct names_entry entry = entry_of(component->kind, name, component);
	int rc = map_add(list, name, component);
	if (!rc && (rc = names_add(&registry->names, &entry)))
		map_remove(list, name);
	return rc;
}

int registry_take(struct registry *registry, struct component *component, struct flume_err *err)
{
	enum flume_kind kind = component->kind;
	component->shared = true;
	pthread_mutex_lock(&registry->lock);
	int rc = add(registry, component);
	pthread_mutex_unlock(&registry->lock);
	if (!rc)
		return FLUME_OK;
	if (rc == FLUME_EXISTS)
		flume_fail(err, rc, "there is a %s '%s' already", flume_kind_text(kind),
			   component->is.name);
	else
		flume_fail(err, rc, "out of memory");
	component_unref(component);
	return rc;
}

struct component *registry_remove(struct registry *registry, enum flume_kind kind,
				  const char *name)
{
	const struct names_entry wanted = entry_of(kind, name, NULL);
	pthread_mutex_lock(&registry->lock);
	names_remove(&registry->names, &wanted);
	struct component *component = map_remove(&registry->components[kind], name);
	pthread_mutex_unlock(&registry->lock);
	return component;
}

struct component *registry_ref(struct registry *registry, enum flume_kind kind,
			       const char *name)
{
	struct names_entry wanted = entry_of(kind, name, NULL);
	registry_ref_all(registry, &wanted, 1);
	return wanted.thing;
}

void registry_ref_all(struct registry *registry, struct names_entry *wanted, size_t n)
{
	pthread_mutex_lock(&registry->lock);
	for (; n--; wanted++) {
		const struct names_entry *found =
			wanted->thing ? NULL : names_find(&registry->names, wanted);
		if (found)
			wanted->thing = component_ref(found->thing);
	}
	pthread_mutex_unlock(&registry->lock);
}

bool registry_has(struct registry *registry, enum flume_kind kind, const char *name)
{
	const struct names_entry wanted = entry_of(kind, name, NULL);
	pthread_mutex_lock(&registry->lock);
	bool has = names_find(&registry->names, &wanted);
	pthread_mutex_unlock(&registry->lock);
	return has;
}

static char **dup_names(struct registry *registry, const struct map *map)
{
	pthread_mutex_lock(&registry->lock);
	char **names = map_dup_names(map);
	pthread_mutex_unlock(&registry->lock);
	return names;
}

char **registry_dup_names(struct registry *registry, enum flume_kind kind)
{
	return dup_names(registry, &registry->components[kind]);
}

int registry_add_maker(struct registry *registry, const struct flume_maker *maker,
		       struct flume_err *err)
{
	if ((unsigned)maker->of >= FLUME_KINDS || !maker->kind || !maker->make)
		return flume_fail(err, FLUME_INVALID, "a maker needs a kind and a function");
	void *row; /* the map's things are not const; this one is only ever read */
	memcpy(&row, &maker, sizeof row);
	pthread_mutex_lock(&registry->lock);
	int rc = map_add(&registry->makers[maker->of], maker->kind, row);
	pthread_mutex_unlock(&registry->lock);
	if (rc == FLUME_EXISTS)
		return flume_fail(err, rc, "there is a maker of %s '%s' already",
				  flume_kind_key(maker->of), maker->kind);
	return rc ? flume_fail(err, rc, "out of memory") : FLUME_OK;
}

const struct flume_maker *registry_maker(struct registry *registry, enum flume_kind of,
					 const char *kind)
{
	pthread_mutex_lock(&registry->lock);
	const struct flume_maker *maker = map_get(&registry->makers[of], kind);
	pthread_mutex_unlock(&registry->lock);
	return maker;
}

char **registry_dup_makers(struct registry *registry, enum flume_kind kind)
{
	return dup_names(registry, &registry->makers[kind]);
}
