/* Open addressing over entries in the order they came, and one text that holds all keys and values. */
#include "agent/outside/table.h"

#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct entry {
	size_t key, key_len, value, len; /* places in the text */
};

struct table {
	struct text text;
	struct entry *entries;
	size_t n, cap;
	uint32_t *slots; /* 0: free; else an entry and one */
	size_t n_slots;  /* a power of two */
};

struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

struct table *table_free(struct table *t)
{
	if (t) {
		text_fini(&t->text);
		free(t->entries);
		free(t->slots);
		free(t);
	}
	return NULL;
}

size_t table_size(const struct table *t)
{
	return t->n;
}

/* Where it is, or where it would be. */
static uint32_t *find(const struct table *t, const char *key, size_t len)
{
	for (size_t i = XXH3_64bits(key, len);; i++) {
		uint32_t *slot = &t->slots[i & (t->n_slots - 1)];
		if (!*slot)
			return slot;
		const struct entry *entry = &t->entries[*slot - 1];
		if (entry->key_len == len && !memcmp(t->text.s + entry->key, key, len))
			return slot;
	}
}

const char *table_get(const struct table *t, const char *key, size_t len, size_t *out_len)
{
	uint32_t at = t->n ? *find(t, key, len) : 0;
	if (!at)
		return NULL;
	const struct entry *entry = &t->entries[at - 1];
	*out_len = entry->len;
	return t->text.s + entry->value;
}

static bool grow(struct table *t)
{
	size_t cap = t->cap ? t->cap * 2 : 64;
	struct entry *entries = realloc(t->entries, cap * sizeof *entries);
	if (!entries)
		return false;
	t->entries = entries;
	uint32_t *slots = cap < UINT32_MAX / 4 ? calloc(cap * 2, sizeof *slots) : NULL;
	if (!slots)
		return false;
	free(t->slots);
	t->slots = slots;
	t->n_slots = cap * 2;
	t->cap = cap;
	for (size_t i = 0; i < t->n; i++)
		*find(t, t->text.s + entries[i].key, entries[i].key_len) = (uint32_t)i + 1;
	return true;
}

int table_add(struct table *t, const char *key, size_t key_len, const char *json, size_t len)
{
	if (t->n == t->cap && !grow(t))
		return FLUME_NOMEM;
	uint32_t *slot = find(t, key, key_len);
	if (*slot)
		return FLUME_EXISTS;
	struct entry *entry = &t->entries[t->n];
	*entry = (struct entry){t->text.len, key_len, t->text.len + key_len, len};
	text_add_n(&t->text, key, key_len);
	text_add_n(&t->text, json, len);
	text_add_n(&t->text, "", 0); /* so that there is a text, even an empty one */
	if (t->text.failed)
		return FLUME_NOMEM;
	*slot = (uint32_t)++t->n;
	return FLUME_OK;
}
