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
	/* Under the factory's lock: */
	flume_schema *schema;
	struct map uses; /* ids it refers to */
	size_t users;    /* stored schemas that refer to it */
	uint64_t generation;
	char id[];
};

struct retired { /* under the factory's lock */
	struct retiring *first;
	size_t n;
	int64_t moment; /* of the last time that one came */
};

struct flume_factory {
	struct hub *hub;
	struct registry registry;
	pthread_mutex_t *lock; /* a pointer, so that const functions can look things up */
	struct map slots;      /* id to struct slot, a reference each; lent   */
	struct map bindings;   /* name to flume_binding, a reference each; lent */
	struct retired retired;
	bool closing; /* under the lock; nothing is added any more */
};

/* What a binding tells when nothing is there any more. */
struct last {
	flume_schema *schema;
	uint64_t generation, calls, failures;
	int64_t swapped_ns;
	bool unbound;
};

struct flume_binding {
	struct counted counted;
	_Atomic(const struct live *)
		live; /* its slot's, its own, or nowhere once it has ended */
	struct slot *slot;
	bool pinned;
	struct live own;      /* the pipeline it is pinned to ...       */
	struct retiring *pin; /* ... and what that leaves behind        */
	struct last last;     /* written once, before it ends           */
	flume_binding *next;  /* in a list of those that leave together */
	char name[];
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
/* Of a pipeline that was swapped out of a live pointer, with that one's reference; may be NULL.
 * Lock held. */
void retire(flume_factory *, struct retiring *);
/* Takes away what the slot serves.  Lock held. */
void retire_slot(flume_factory *, struct slot *);
/* Of a set, some time before and with the lock held: may what was retired wait for that of the
 * next ones?  If not, flume_factory_settle is due. */
int64_t retire_moment(void);
bool retire_waits(flume_factory *, int64_t moment);

/* Whoever calls it or reads it finds nothing from then on.  Lock held, once in its life, and
 * before its slot is retired. */
void binding_end(flume_factory *, flume_binding *, bool unbound);
/* The event, once for each binding that follows its schema. */
void bindings_emit(const flume_factory *, struct flume_event *);

#endif
