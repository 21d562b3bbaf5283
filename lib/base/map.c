#include "lib/base/map.h"

#include "lib/flume.h"

#include <stdlib.h>
#include <string.h>

/* Where `name` is (*found), or where it belongs. */
static size_t find(const struct map *m, const char *name, bool *found)
{
	size_t low = 0, high = m->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(m->entries[middle].name, name);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

static int insert(struct map *m, size_t at, const char *name, void *thing)
{
	if (m->len == m->cap) {
		uint32_t cap = m->cap ? m->cap * 2 : 8;
		struct map_entry *grown =
			cap > m->cap ? reallocarray(m->entries, cap, sizeof *grown) : NULL;
		if (!grown)
			return FLUME_NOMEM;
		m->entries = grown;
		m->cap = cap;
	}
	struct map_entry entry = {.name = name, .thing = thing};
	if (!m->lent && !(entry.copy = strdup(name)))
		return FLUME_NOMEM;
	struct map_entry *e = m->entries + at;
	memmove(e + 1, e, (m->len - at) * sizeof *e);
	*e = entry;
	m->len++;
	return 0;
}

void *map_get(const struct map *m, const char *name)
{
	bool found = false;
	size_t at = name ? find(m, name, &found) : 0;
	return found ? m->entries[at].thing : NULL;
}

int map_add(struct map *m, const char *name, void *thing)
{
	bool found;
	size_t at = find(m, name, &found);
	return found ? FLUME_EXISTS : insert(m, at, name, thing);
}

int map_put(struct map *m, const char *name, void *thing, void **out_old)
{
	bool found;
	void *old = NULL;
	size_t at = find(m, name, &found);
	if (found) {
		old = m->entries[at].thing;
		m->entries[at].thing = thing;
	} else {
		int rc = insert(m, at, name, thing);
		if (rc)
			return rc;
	}
	if (out_old)
		*out_old = old;
	return 0;
}

void *map_remove(struct map *m, const char *name)
{
	bool found = false;
	size_t at = name ? find(m, name, &found) : 0;
	if (!found)
		return NULL;
	struct map_entry *e = m->entries + at;
	void *thing = e->thing;
	if (!m->lent)
		free(e->copy);
	m->len--;
	memmove(e, e + 1, (m->len - at) * sizeof *e);
	return thing;
}

void map_fini(struct map *m)
{
	for (size_t i = 0; i < m->len && !m->lent; i++)
		free(m->entries[i].copy);
	free(m->entries);
	*m = (struct map){.lent = m->lent};
}

char **map_dup_names(const struct map *m)
{
	size_t bytes = (m->len + 1) * sizeof(char *);
	for (size_t i = 0; i < m->len; i++)
		bytes += strlen(m->entries[i].name) + 1;
	char **names = malloc(bytes);
	if (!names)
		return NULL;
	char *next = (char *)(names + m->len + 1);
	for (size_t i = 0; i < m->len; i++) {
		size_t n = strlen(m->entries[i].name) + 1;
		names[i] = memcpy(next, m->entries[i].name, n);
		next += n;
	}
	names[m->len] = NULL;
	return names;
}
