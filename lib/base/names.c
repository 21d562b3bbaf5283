/*
 * Most names are short, so they are hashed and compared by words of eight bytes, without a call.
 */
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

/* Up to eight bytes as a number: different ones of the same size give different numbers. */
static inline uint64_t word_of(const char *s, size_t n)
{
	uint32_t first, last;
	if (n < 4) {
		const unsigned char *c = (const unsigned char *)s;
		return n ? c[0] | (uint32_t)c[n / 2] << 8 | (uint32_t)c[n - 1] << 16 : 0;
	}
	memcpy(&first, s, sizeof first);
	memcpy(&last, s + n - sizeof last, sizeof last);
	return first | (uint64_t)last << 32;
}

static inline uint32_t hash_of(unsigned kind, const char *name, size_t n)
{
	const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t hash = n ^ (uint64_t)kind << 32;
	for (; n > 8; name += 8, n -= 8)
		hash = (hash ^ word_of(name, 8)) * factor, hash ^= hash >> 32;
	hash = (hash ^ word_of(name, n)) * factor;
	return (uint32_t)(((hash ^ hash >> 32) * factor) >> 32);
}

struct names_entry names_entry(unsigned kind, const char *name, size_t size, void *thing)
{
	return (struct names_entry){.name = name,
				    .thing = thing,
				    .size = (uint32_t)size,
				    .hash = hash_of(kind, name, size),
				    .kind = kind};
}

static inline bool same(const struct names_entry *a, const struct names_entry *b)
{
	if (a->hash != b->hash || a->kind != b->kind || a->size != b->size)
		return false;
	const char *left = a->name, *right = b->name;
	size_t n = a->size;
	for (; n > 8; left += 8, right += 8, n -= 8)
		if (word_of(left, 8) != word_of(right, 8))
			return false;
	return word_of(left, n) == word_of(right, n);
}

static inline uint32_t *bucket_of(const struct names *names, uint32_t hash)
{
	return &names->buckets[hash & (2 * names->room - 1)];
}

struct names_entry *names_find(const struct names *names, const struct names_entry *wanted)
{
	uint32_t i = *bucket_of(names, wanted->hash);
	while (i && !same(&names->entries[i - 1], wanted))
		i = names->entries[i - 1].next;
	return i ? &names->entries[i - 1] : NULL;
}

static inline void enter(struct names *names, size_t i)
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

static bool grow(struct names *names, size_t room)
{
	bool few = names->entries == names->few;
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

void names_expect(struct names *names, size_t more)
{
	size_t room = names->room;
	while (room - names->n < more && room < NAMES_EXPECTED)
		room *= 2;
	if (room > names->room)
		grow(names, room);
}

int names_add(struct names *names, const struct names_entry *entry)
{
	if (names->n == names->room && !grow(names, 2 * names->room))
		return FLUME_NOMEM;
	names->entries[names->n] = *entry;
	enter(names, names->n++);
	return FLUME_OK;
}

void names_remove(struct names *names, const struct names_entry *wanted)
{
	const struct names_entry *found = names_find(names, wanted);
	if (!found)
		return;
	size_t i = (size_t)(found - names->entries), last = names->n - 1;
	leave(names, i);
	if (i != last) {
		leave(names, last);
		names->entries[i] = names->entries[last];
		enter(names, i);
	}
	names->n--;
}
