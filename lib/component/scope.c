#include "lib/component/inside.h"

#include "lib/base/suggest.h"
#include "lib/schema/get.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const struct declared *left = a, *right = b;
	return strcmp(flume_value_text(left->name), flume_value_text(right->name));
}

static int fill_own(struct flume_scope *scope, const flume_value *components)
{
	for (int k = 0; k < FLUME_KINDS; k++) {
		const flume_value *section = flume_value_get(components, flume_kind_key(k));
		size_t n = section ? flume_value_size(section) : 0;
		if (!n || flume_value_type(section) != FLUME_MAP)
			continue;
		scope->own[k] = calloc(n, sizeof *scope->own[k]);
		if (!scope->own[k])
			return FLUME_NOMEM;
		scope->n_own[k] = n;
		scope->declares = true;
		for (size_t i = 0; i < n; i++) {
			scope->own[k][i].name = flume_value_key(section, i);
			scope->own[k][i].decl = flume_value_at(section, i);
		}
		qsort(scope->own[k], n, sizeof *scope->own[k], by_name);
	}
	return FLUME_OK;
}

int scope_init(struct flume_scope *scope, struct registry *registry,
	       const flume_value *components, bool local, void *keep, void *(*ref_keep)(void *),
	       void (*unkeep)(void *))
{
	scope->registry = registry;
	names_init(&scope->known); /* most of it is room that need not be cleared */
	scope->next = 0;
	memset(scope->own, 0, sizeof scope->own);
	memset(scope->n_own, 0, sizeof scope->n_own);
	scope->declares = false;
	scope->uses = (struct uses){0};
	scope->depth = 0;
	scope->local = local;
	scope->failed_alloc = false;
	scope->keep = keep;
	scope->ref_keep = ref_keep;
	scope->unkeep = unkeep;
	return components ? fill_own(scope, components) : FLUME_OK;
}

void scope_fini(struct flume_scope *scope)
{
	for (int k = 0; scope->declares && k < FLUME_KINDS; k++) {
		for (size_t i = 0; i < scope->n_own[k]; i++)
			component_unref(scope->own[k][i].made);
		free(scope->own[k]);
	}
	for (size_t i = 0; i < scope->known.n; i++)
		component_unref(scope->known.entries[i].thing);
	names_fini(&scope->known);
}

struct declared *scope_find_own(struct flume_scope *scope, enum flume_kind kind,
				const char *name)
{
	struct declared *own = scope->own[kind];
	size_t low = 0, high = scope->n_own[kind];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, flume_value_text(own[middle].name));
		if (!order)
			return &own[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* ---- names ---- */

/* What a declaration of its own means, a new reference.  False: there is none. */
static bool look_up_own(struct flume_scope *scope, struct names_entry *wanted)
{
	struct declared *own = scope_find_own(scope, wanted->kind, wanted->name);
	if (own)
		wanted->thing = component_ref(own->made);
	return own;
}

static void look_up(struct flume_scope *scope, struct names_entry *wanted)
{
	if (!look_up_own(scope, wanted))
		registry_ref_all(scope->registry, wanted, 1);
}

static struct names_entry entry_of(enum flume_kind kind, const flume_value *name)
{
	const char *text = value_text(name);
	return names_entry(kind, text, *text ? name->size : 0, NULL);
}

struct component *scope_look_up_one(struct flume_scope *scope, enum flume_kind kind,
				    const flume_value *name)
{
	struct names_entry wanted = entry_of(kind, name);
	look_up(scope, &wanted);
	return wanted.thing;
}

void scope_expect(struct flume_scope *scope, size_t more)
{
	names_expect(&scope->known, more);
}

void scope_note(struct flume_scope *scope, enum flume_kind kind, const char *name, size_t size)
{
	const struct names_entry entry = names_entry(kind, name, size, NULL);
	if (!names_find(&scope->known, &entry) && names_add(&scope->known, &entry))
		scope->failed_alloc = true;
}

/* A declaration hides what the factory has under its name, so they are asked first. */
void scope_look_up(struct flume_scope *scope)
{
	struct names *known = &scope->known;
	for (size_t i = 0; scope->declares && i < known->n; i++) {
		struct names_entry *it = &known->entries[i];
		if (!it->thing)
			look_up_own(scope, it);
	}
	registry_ref_all(scope->registry, known->entries, known->n);
}

/* Who builds asks in about the order in which the names were noted. */
static struct names_entry *find_known(struct flume_scope *scope, enum flume_kind kind,
				      const flume_value *name)
{
	struct names_entry *it = &scope->known.entries[scope->next];
	if (scope->next == scope->known.n || it->name != value_text(name) || it->kind != kind) {
		const struct names_entry wanted = entry_of(kind, name);
		it = names_find(&scope->known, &wanted);
	}
	if (it)
		scope->next = (size_t)(it - scope->known.entries) + 1;
	return it;
}

const struct component *scope_find(struct flume_scope *scope, enum flume_kind kind,
				   const flume_value *name)
{
	const struct names_entry *known = find_known(scope, kind, name);
	if (known)
		return known->thing;
	struct names_entry entry = entry_of(kind, name);
	look_up(scope, &entry);
	if (entry.thing && names_add(&scope->known, &entry)) {
		scope->failed_alloc = true;
		component_unref(entry.thing);
		return NULL;
	}
	return entry.thing;
}

bool scope_has(struct flume_scope *scope, enum flume_kind kind, const flume_value *name)
{
	return scope_find(scope, kind, name) || scope_find_own(scope, kind, value_text(name));
}

size_t scope_count(const struct flume_scope *scope)
{
	size_t n = scope->known.n;
	for (int k = 0; scope->declares && k < FLUME_KINDS; k++)
		n += scope->n_own[k];
	return n;
}

size_t scope_take_all(struct flume_scope *scope, struct component **out)
{
	size_t n = 0;
	for (size_t i = 0; i < scope->known.n; i++)
		if (scope->known.entries[i].thing)
			out[n++] = scope->known.entries[i].thing;
	scope->known.n = 0;
	for (int k = 0; scope->declares && k < FLUME_KINDS; k++)
		for (size_t i = 0; i < scope->n_own[k]; i++)
			if (scope->own[k][i].made)
				out[n++] = component_ref(scope->own[k][i].made);
	return n;
}

void scope_suggest(struct flume_scope *scope, enum flume_kind kind, const char *word,
		   char *const *others, char *hint, size_t size)
{
	char **shared = registry_dup_names(scope->registry, kind);
	size_t n = scope->n_own[kind], total = n;
	for (size_t i = 0; shared && shared[i]; i++)
		total++;
	for (size_t i = 0; others && others[i]; i++)
		total++;
	const char **names = malloc((total + 1) * sizeof *names);
	hint[0] = '\0';
	if (names) {
		for (size_t i = 0; i < n; i++)
			names[i] = flume_value_text(scope->own[kind][i].name);
		for (size_t i = 0; shared && shared[i]; i++)
			names[n++] = shared[i];
		for (size_t i = 0; others && others[i]; i++)
			names[n++] = others[i];
		const char *near = suggest(word, names, n);
		if (near)
			snprintf(hint, size, "did you mean '%s'?", near);
	}
	free(names);
	free(shared);
}
