#include "lib/base/names.h"

#include "lib/flume.h"

#include <stdlib.h>
#include <string.h>

void names_init(struct names *names)
{
	names->entries = names->few;
	names->buckets = names->few_buckets;
	names->n = 0;
	names->room = NAMES_FEW;
	memset(names->few_buckets, 0, sizeof names->few_buckets);
}

void names_fini(struct names *names)
{
	if (names->entries == names->few)
		return;
	free(names->entries);
	free(names->buckets);
}

static uint32_t hash_of(unsigned kind, const char *name) /* FNV-1a */
{
	uint32_t hash = 2166136261u ^ kind;
	for (const char *c = name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return hash ^ hash >> 15;
}

static uint32_t *bucket_of(const struct names *names, uint32_t hash)
{
	return &names->buckets[hash & (2 * names->room - 1)];
}

/* From 1; 0: absent. */
static uint32_t find(const struct names *names, unsigned kind, const char *name, uint32_t hash)
{
	uint32_t i = *bucket_of(names, hash);
	for (; i; i = names->entries[i - 1].next) {
		const struct names_entry *it = &names->entries[i - 1];
		if (it->hash == hash && it->kind == kind && !strcmp(it->name, name))
			break;
	}
	return i;
}

void *names_get(const struct names *names, unsigned kind, const char *name)
{
	uint32_t i = find(names, kind, name, hash_of(kind, name));
	return i ? names->entries[i - 1].thing : NULL;
}

static void enter(struct names *names, size_t i)
{
	uint32_t *bucket = bucket_of(names, names->entries[i].hash);
	names->entries[i].next = *bucket;
	*bucket = (uint32_t)i + 1;
}

static void leave(struct names *names, size_t i)
{
	uint32_t *at = bucket_of(names, names->entries[i].hash);
	while (*at != i + 1)
		at = &names->entries[*at - 1].next;
	*at = names->entries[i].next;
}

static bool grow(struct names *names)
{
	bool few = names->entries == names->few;
	size_t room = 2 * names->room;
	uint32_t *buckets = calloc(2 * room, sizeof *buckets);
	struct names_entry *entries =
		buckets ? reallocarray(few ? NULL : names->entries, room, sizeof *entries)
			: NULL;
	if (!entries) {
		free(buckets);
		return false;
	}
	if (few)
		memcpy(entries, names->few, sizeof names->few);
	else
		free(names->buckets);
	names->entries = entries;
	names->buckets = buckets;
	names->room = room;
	for (size_t i = 0; i < names->n; i++)
		enter(names, i);
	return true;
}

int names_add(struct names *names, unsigned kind, const char *name, void *thing)
{
	if (names->n == names->room && !grow(names))
		return FLUME_NOMEM;
	names->entries[names->n] = (struct names_entry){
		.name = name, .thing = thing, .hash = hash_of(kind, name), .kind = kind};
	enter(names, names->n++);
	return FLUME_OK;
}

void names_remove(struct names *names, unsigned kind, const char *name)
{
	uint32_t found = find(names, kind, name, hash_of(kind, name));
	if (!found)
		return;
	size_t i = found - 1, last = names->n - 1;
	leave(names, i);
	if (i != last) {
		leave(names, last);
		names->entries[i] = names->entries[last];
		enter(names, i);
	}
	names->n--;
}
