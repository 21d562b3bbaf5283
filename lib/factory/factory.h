/*
 * factory.h - the house that is alive.
 *
 * `lock` guards the two maps and what hangs in them.  It is held for look-ups and for the swap,
 * never while a schema is checked or built, nor while a component or a listener runs.  Nothing
 * serialises two setters: each prepares against what it saw and commits only if that still
 * holds, so one of them always gets through and the other looks again.
 */
#ifndef FLUME_FACTORY_FACTORY_H
#define FLUME_FACTORY_FACTORY_H

#include "lib/build/build.h"
#include "lib/check/check.h"

#include <pthread.h>

/* The place of one stored schema.  Bindings hold it; it outlives its schema. */
struct slot {
	struct counted counted;
	struct live live; /* the pipeline that serves; NULL once the schema was removed */
	char *id;
	/* Under the factory's lock: */
	flume_schema *schema;
	struct map uses; /* ids it refers to */
	size_t users;    /* stored schemas that refer to it */
	uint64_t generation;
};

struct retired { /* under the factory's lock */
	flume_pipeline *first;
	size_t n;
	int64_t moment; /* of the last time that one came */
};

struct flume_factory {
	struct hub *hub;
	struct registry registry;
	pthread_mutex_t *lock; /* a pointer, so that const functions can look things up */
	struct map slots;      /* id to struct slot, a reference each                   */
	struct map bindings;   /* name to flume_binding, a reference each               */
	struct retired retired;
};

struct flume_binding {
	struct counted counted;
	char *name;
	struct slot *slot;
};

struct slot *slot_new(const char *id);
struct slot *slot_ref(struct slot *);
struct slot *slot_unref(struct slot *);

/* The parts of a factory that are shared by the rooms below lock themselves. */
void factory_lock(const flume_factory *);
void factory_unlock(const flume_factory *);

/* The registry, for look-ups from const functions; it has a lock of its own. */
struct registry *factory_registry(const flume_factory *);

/* What serves now, or NULL; lent under the lock. */
const flume_pipeline *slot_pipeline(const struct slot *);
/* What was swapped out of a live pointer, with its reference; may be NULL.  Lock held. */
void retire(flume_factory *, struct counted *swapped_out);
/* Sees to it that what was retired is let go. */
void retire_soon(flume_factory *);

/* The event, once for each binding of its schema. */
void bindings_emit(const flume_factory *, struct flume_event *);

#endif
