/*
 * names.h - things by kind and name: many look-ups, in the order they were added.
 *
 * Names are borrowed and things are the caller's.  Not locked.  A few need no memory of their own.
 */
#ifndef FLUME_BASE_NAMES_H
#define FLUME_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names_entry {
	const char *name;
	void *thing;
	uint32_t hash;
	uint32_t next; /* of its bucket, from 1; 0: the last */
	unsigned kind;
};

#define NAMES_FEW 8

struct names {
	struct names_entry *entries;
	uint32_t *buckets; /* twice as many as there is room for entries */
	size_t n, room;
	struct names_entry few[NAMES_FEW];
	uint32_t few_buckets[2 * NAMES_FEW];
};

/* It must not move in memory from then on. */
void names_init(struct names *);
void names_fini(struct names *);
/* NULL when absent. */
void *names_get(const struct names *, unsigned kind, const char *name);
/* One that is not there yet.  0 or FLUME_NOMEM. */
int names_add(struct names *, unsigned kind, const char *name, void *thing);
/* No-op when absent; the last entry takes its place. */
void names_remove(struct names *, unsigned kind, const char *name);

#endif
