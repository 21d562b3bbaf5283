/*
 * map.h - names to things, kept sorted by name: few writers, many look-ups, listings in order.
 *
 * Not locked; the things are the caller's, and so are the names of a map that is `lent` them: they
 * must last until they are removed.
 */
#ifndef FLUME_BASE_MAP_H
#define FLUME_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	union {
		const char *name;
		char *copy; /* unless it is lent */
	};
	void *thing;
};

struct map { /* all zero is an empty one */
	struct map_entry *entries;
	uint32_t len, cap;
	bool lent;
};

/* NULL when absent, as NULL always is. */
void *map_get(const struct map *, const char *name);
/* Copies the name, unless it is lent.  Returns 0, FLUME_EXISTS or FLUME_NOMEM. */
int map_add(struct map *, const char *name, void *thing);
/* Adds or replaces; gives back what was there (NULL when new).  FLUME_NOMEM leaves all as it
 * was. */
int map_put(struct map *, const char *name, void *thing, void **out_old);
/* Returns what was there; NULL as above. */
void *map_remove(struct map *, const char *name);
/* Frees the names, not the things. */
void map_fini(struct map *);

/* Sorted names, NULL at the end, one block for free(3); NULL when out of memory. */
char **map_dup_names(const struct map *);

#endif
