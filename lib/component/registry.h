/*
 * registry.h - the components and makers that every schema of a factory may name.
 *
 * Has a lock of its own, held for look-ups and never while a component's code runs.
 */
#ifndef FLUME_COMPONENT_REGISTRY_H
#define FLUME_COMPONENT_REGISTRY_H

#include "lib/base/map.h"
#include "lib/base/names.h"
#include "lib/component/component.h"

#include <pthread.h>

struct registry {
	pthread_mutex_t lock;
	struct map components[FLUME_KINDS]; /* for lists, by name ... */
	struct names names;                 /* ... and to find one    */
	struct map makers[FLUME_KINDS];
};

void registry_init(struct registry *);
void registry_fini(struct registry *);

/* Takes the caller's reference, even on failure.  FLUME_EXISTS or FLUME_NOMEM. */
int registry_take(struct registry *, struct component *, struct flume_err *err);
/* Gives the registry's reference back; NULL when there is none of that name. */
struct component *registry_remove(struct registry *, enum flume_kind, const char *name);
/* A new reference, or NULL. */
struct component *registry_ref(struct registry *, enum flume_kind, const char *name);
/* The same for each that has no thing yet; it stays so where there is none of that name. */
void registry_ref_all(struct registry *, struct names_entry *wanted, size_t n);
bool registry_has(struct registry *, enum flume_kind, const char *name);
/* Sorted, NULL at the end, one block for free(3). */
char **registry_dup_names(struct registry *, enum flume_kind);

int registry_add_maker(struct registry *, const struct flume_maker *, struct flume_err *err);
/* Rows are never removed, so the pointer stays good. */
const struct flume_maker *registry_maker(struct registry *, enum flume_kind of,
					 const char *kind);
char **registry_dup_makers(struct registry *, enum flume_kind);

#endif
