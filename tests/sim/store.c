#include "tests/sim/store.h"

#include <stdlib.h>
#include <string.h>

static void *grow(void *list, size_t n, size_t size)
{
	void *grown = reallocarray(list, n ? n : 1, size);
	if (!grown)
		abort();
	return grown;
}

void store_init(struct store *s)
{
	*s = (struct store){.last = 1};
}

static void free_key(struct key *key)
{
	for (size_t i = 0; i < key->n; i++)
		free(key->list[i].value);
	free(key->list);
	free(key->name);
}

void store_fini(struct store *s)
{
	for (size_t i = 0; i < s->keys_len; i++)
		free_key(&s->keys[i]);
	for (int64_t r = 2; r <= s->last; r++)
		free(s->log[r - 2].items);
	free(s->keys);
	free(s->log);
	free(s->leases);
	*s = (struct store){0};
}

/* ---- keys ---- */

static size_t place_of(const struct store *s, const char *name)
{
	size_t at = 0;
	while (at < s->keys_len && strcmp(s->keys[at].name, name) < 0)
		at++;
	return at;
}

static struct key *find(const struct store *s, const char *name)
{
	size_t at = place_of(s, name);
	return at < s->keys_len && !strcmp(s->keys[at].name, name) ? &s->keys[at] : NULL;
}

/* What the log says of keys beyond `at` moves up by one. */
static void make_room(struct store *s, size_t at)
{
	for (int64_t r = 2; r <= s->last; r++)
		for (size_t i = 0; i < s->log[r - 2].n; i++)
			s->log[r - 2].items[i].key += s->log[r - 2].items[i].key >= at;
	s->keys = grow(s->keys, s->keys_len + 1, sizeof *s->keys);
	memmove(s->keys + at + 1, s->keys + at, (s->keys_len - at) * sizeof *s->keys);
	s->keys_len++;
}

static struct key *find_or_make(struct store *s, const char *name)
{
	struct key *key = find(s, name);
	if (key)
		return key;
	size_t at = place_of(s, name);
	make_room(s, at);
	s->keys[at] = (struct key){.name = strdup(name)};
	return &s->keys[at];
}

const struct version *key_at(const struct key *key, int64_t revision)
{
	for (size_t i = key->n; i; i--)
		if (key->list[i - 1].revision <= revision)
			return key->list[i - 1].deleted ? NULL : &key->list[i - 1];
	return NULL;
}

const struct version *store_get(const struct store *s, const char *name, int64_t revision)
{
	const struct key *key = find(s, name);
	return key ? key_at(key, revision) : NULL;
}

/* ---- writing ---- */

void store_begin(struct store *s)
{
	s->open = false;
}

void store_end(struct store *s)
{
	s->open = false;
}

static void add(struct store *s, struct key *key, struct version version)
{
	if (!s->open) {
		s->log = grow(s->log, (size_t)s->last, sizeof *s->log);
		s->log[s->last - 1] = (struct revision){0};
		s->last++;
		s->open = true;
	}
	if (key->n == key->cap) {
		key->cap = key->cap ? key->cap * 2 : 8;
		key->list = grow(key->list, key->cap, sizeof *key->list);
	}
	version.revision = s->last;
	struct revision *r = &s->log[s->last - 2];
	r->items = grow(r->items, r->n + 1, sizeof *r->items);
	r->items[r->n++] = (struct item){(size_t)(key - s->keys), key->n};
	key->list[key->n++] = version;
}

void store_put(struct store *s, const char *name, const char *value, size_t len, int64_t lease)
{
	struct key *key = find_or_make(s, name);
	const struct version *old = key_at(key, s->last);
	int64_t next = s->open ? s->last : s->last + 1;
	struct version v = {.create_revision = old ? old->create_revision : next,
			    .number = old ? old->number + 1 : 1,
			    .lease = lease,
			    .value = malloc(len + 1),
			    .len = len};
	if (!v.value)
		abort();
	memcpy(v.value, value, len);
	v.value[len] = '\0';
	add(s, key, v);
}

bool store_delete(struct store *s, const char *name)
{
	struct key *key = find(s, name);
	if (!key || !key_at(key, s->last))
		return false;
	add(s, key, (struct version){.deleted = true});
	return true;
}

void store_cut(struct store *s, int64_t revision)
{
	for (size_t i = 0; i < s->keys_len; i++) {
		struct key *key = &s->keys[i];
		while (key->n && key->list[key->n - 1].revision > revision)
			free(key->list[--key->n].value);
	}
	for (; s->last > revision; s->last--)
		free(s->log[s->last - 2].items);
	if (s->compacted > s->last)
		s->compacted = s->last;
}

/* ---- leases ---- */

struct lease *store_lease(struct store *s, int64_t id)
{
	for (size_t i = 0; i < s->leases_len; i++)
		if (s->leases[i].id == id)
			return &s->leases[i];
	return NULL;
}

void store_grant(struct store *s, int64_t id, int64_t ttl_ns, int64_t now)
{
	s->leases = grow(s->leases, s->leases_len + 1, sizeof *s->leases);
	s->leases[s->leases_len++] = (struct lease){id, ttl_ns, now + ttl_ns};
}

void store_revoke(struct store *s, int64_t id)
{
	struct lease *lease = store_lease(s, id);
	if (!lease)
		return;
	*lease = s->leases[--s->leases_len];
	store_begin(s);
	for (size_t i = 0; i < s->keys_len; i++) {
		const struct version *now = key_at(&s->keys[i], s->last);
		if (now && now->lease == id)
			store_delete(s, s->keys[i].name);
	}
	store_end(s);
}
