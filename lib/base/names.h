/*
 * names.h - things by kind and name: many look-ups, in the order they were added.
 *
 * Names are borrowed and things are the caller's.  Not locked.  A few need no memory of their own.
 */
#ifndef FLUME_BASE_NAMES_H
#define FLUME_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct names_entry {
	const char *name;
	void *thing;
	uint32_t size; /* of the name */
	uint32_t hash; /* of kind and name */
	unsigned kind;
	uint32_t next; /* of its bucket, from 1; 0: the last */
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

/* What to look for or to add, in as many tables as you like: it is hashed once.  The name is of
 * `size` bytes. */
struct names_entry names_entry(unsigned kind, const char *name, size_t size, void *thing);
/* The one of that kind and name, until one is added or removed; NULL when absent. */
struct names_entry *names_find(const struct names *, const struct names_entry *);
/* One that is not there yet.  0 or FLUME_NOMEM. */
int names_add(struct names *, const struct names_entry *);
/* So many, or not quite, will be added; spares growing by and by.  A failure is met later. */
#define NAMES_EXPECTED ((size_t)4096) /* at the most */
void names_expect(struct names *, size_t more);
/* No-op when absent; the last entry takes its place. */
void names_remove(struct names *, const struct names_entry *);

#endif
