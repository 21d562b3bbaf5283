/*
 * A declaration is made when it is first asked for, because predicates may name one another in
 * any order; one that is asked for while it is being made closes a circle.
 */
#include "lib/component/scope.h"

#include "lib/base/report.h"
#include "lib/base/suggest.h"
#include "lib/schema/get.h"
#include "lib/schema/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOO_DEEP "predicates are made of one another more than %u deep"

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

static struct declared *find_own(struct flume_scope *scope, enum flume_kind kind,
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

static const struct flume_maker *find_maker(struct flume_scope *scope, enum flume_kind kind,
					    const struct declared *own, struct place *place,
					    flume_report *report)
{
	const flume_value *value = flume_value_get(own->decl, "kind");
	const char *word = flume_value_text(value);
	const struct flume_maker *maker = registry_maker(scope->registry, kind, word);
	if (maker && (!maker->local || scope->local))
		return maker;
	if (maker) {
		flume_report_add(report, "not-allowed-here", place_text(place), value,
				 "declare it in the configuration of the node",
				 "a %s of kind '%.64s' may not be declared by a schema",
				 flume_kind_text(kind), word);
		return NULL;
	}
	char **names = registry_dup_makers(scope->registry, kind);
	size_t n = 0;
	while (names && names[n])
		n++;
	const char *near = names ? suggest(word, (const char *const *)names, n) : NULL;
	char hint[160];
	snprintf(hint, sizeof hint, "did you mean '%s'?", near ? near : "");
	flume_report_add(report, "unknown-kind", place_text(place), value, near ? hint : NULL,
			 "no kind of %s is called '%.64s'", flume_kind_text(kind), word);
	free(names);
	return NULL;
}

static void drop_uses(struct uses *uses)
{
	for (size_t i = 0; i < uses->n; i++)
		component_unref(uses->list[i]);
	free(uses->list);
}

/* Asking a component asks what it was made from, so both the way down and the whole have the
 * bounds of a document. */
static int measure(const struct uses *uses, unsigned *depth, size_t *weight,
		   const flume_value *at, const char *path, flume_report *report)
{
	*depth = 1;
	*weight = 1;
	for (size_t i = 0; i < uses->n; i++) {
		if (uses->list[i]->depth >= *depth)
			*depth = uses->list[i]->depth + 1;
		*weight += uses->list[i]->weight;
	}
	if (*depth > LIMIT_LEVELS)
		flume_report_add(report, "too-deep", path, at, NULL, TOO_DEEP, LIMIT_LEVELS);
	else if (*weight > LIMIT_NODES)
		flume_report_add(report, "too-many-nodes", path, at, NULL,
				 "made of more than %zu predicates", LIMIT_NODES);
	else
		return FLUME_OK;
	return FLUME_REJECTED;
}

/* Takes what the maker filled into `row`, and the uses on success. */
static int keep_made(struct flume_scope *scope, const struct flume_maker *maker,
		     struct declared *own, const struct flume_component *row,
		     const struct uses *uses, const char *path, flume_report *report)
{
	unsigned depth;
	size_t weight;
	struct flume_err err = {0};
	int rc = measure(uses, &depth, &weight, own->name, path, report);
	if (!rc && component_kind(row) != (int)maker->of)
		rc = flume_fail(&err, FLUME_INVALID, "its maker did not make a %s",
				flume_kind_text(maker->of));
	if (!rc)
		rc = component_new(&own->made, row, &err);
	if (rc == FLUME_INVALID)
		flume_report_add(report, "bad-name", path, own->name, NULL, "%s", err.text);
	if (rc) {
		if (row->done)
			row->done(row->arg);
		return rc;
	}
	struct component *made = own->made;
	made->uses = uses->list;
	made->n_uses = uses->n;
	made->depth = depth;
	made->weight = weight;
	for (size_t i = 0; i < uses->n; i++) {
		made->is.blocks |= uses->list[i]->is.blocks;
		made->is.prompt &= uses->list[i]->is.prompt;
	}
	if (scope->keep) {
		made->keep = scope->ref_keep(scope->keep);
		made->unkeep = scope->unkeep;
	}
	return FLUME_OK;
}

/* The component that `maker` makes of a declaration whose fields were checked. */
static int run_maker(struct flume_scope *scope, const struct flume_maker *maker,
		     struct declared *own, const char *path, flume_report *report)
{
	struct flume_component row = {.name = flume_value_text(own->name),
				      .about = maker->about};
	struct uses outer = scope->uses;
	const struct flume_maker *outer_maker = scope->maker;
	scope->uses = (struct uses){0};
	scope->maker = maker;
	scope->depth++;
	int rc = maker->make(own->decl, path, scope, &row, report);
	scope->depth--;
	struct uses uses = scope->uses;
	scope->uses = outer;
	scope->maker = outer_maker;
	if (!rc)
		rc = keep_made(scope, maker, own, &row, &uses, path, report);
	if (rc)
		drop_uses(&uses);
	return rc;
}

static void make(struct flume_scope *scope, enum flume_kind kind, struct declared *own,
		 flume_report *report)
{
	if (own->state != DECLARED_NEW)
		return;
	own->state = DECLARED_BEGUN;
	static const struct flume_field *const also[] = {declaration_fields, NULL};
	struct place place;
	place_init(&place, "components");
	place_key(&place, flume_kind_key(kind));
	place_key(&place, flume_value_text(own->name));
	size_t before = flume_report_size(report);
	const struct flume_maker *maker = find_maker(scope, kind, own, &place, report);
	if (maker)
		fields_check(maker->fields, also, own->decl, &place, report);
	if (place.failed)
		scope->failed_alloc = true;
	else if (maker && flume_report_size(report) == before && !report_full(report) &&
		 run_maker(scope, maker, own, place_text(&place), report) == FLUME_NOMEM)
		scope->failed_alloc = true;
	place_fini(&place);
	own->state = DECLARED_DONE;
}

/* What was not made has a finding, its own or that of a predicate it asked for. */
void scope_make_all(struct flume_scope *scope, flume_report *report)
{
	size_t before = flume_report_size(report);
	for (int k = 0; scope->declares && k < FLUME_KINDS; k++) {
		for (size_t i = 0; i < scope->n_own[k]; i++) {
			struct declared *own = &scope->own[k][i];
			make(scope, k, own, report);
			if (!own->made && !scope->failed_alloc &&
			    flume_report_size(report) == before)
				flume_report_add(report, "not-made", "components", own->name,
						 NULL, "the maker of '%.128s' gave no reason",
						 flume_value_text(own->name));
		}
	}
}

/* ---- names ---- */

/* What a declaration of its own means, a new reference.  False: there is none. */
static bool look_up_own(struct flume_scope *scope, struct names_entry *wanted)
{
	struct declared *own = find_own(scope, wanted->kind, wanted->name);
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
	return scope_find(scope, kind, name) || find_own(scope, kind, value_text(name));
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

static int use(struct uses *uses, struct component *component)
{
	struct component **list = realloc(uses->list, (uses->n + 1) * sizeof *list);
	if (!list)
		return FLUME_NOMEM;
	list[uses->n++] = component;
	uses->list = list;
	return FLUME_OK;
}

/* What a declaration is made from: found or made now, and kept as long as that is. */
static int use_named(flume_scope *scope, enum flume_kind kind, const flume_value *name,
		     const char *path, const struct component **out, flume_report *report)
{
	const char *word = flume_value_text(name), *what = flume_kind_text(kind);
	struct declared *own = find_own(scope, kind, word);
	if (own && own->state == DECLARED_BEGUN) {
		flume_report_add(report, "cycle", path, name, NULL,
				 "%s '%.64s' is made of itself", what, word);
		return FLUME_REJECTED;
	}
	if (own && own->state == DECLARED_NEW && scope->depth >= LIMIT_LEVELS) {
		flume_report_add(report, "too-deep", path, name, NULL, TOO_DEEP, LIMIT_LEVELS);
		return FLUME_REJECTED;
	}
	if (own)
		make(scope, kind, own, report);
	struct names_entry wanted = entry_of(kind, name);
	look_up(scope, &wanted);
	struct component *found = wanted.thing;
	if (!found && own) /* its own findings say why */
		return scope->failed_alloc ? FLUME_NOMEM : FLUME_REJECTED;
	if (!found) {
		char hint[160];
		scope_suggest(scope, kind, word, NULL, hint, sizeof hint);
		flume_report_add(report, "unknown-component", path, name, *hint ? hint : NULL,
				 "%s '%.64s' not found", what, word);
		return FLUME_REJECTED;
	}
	if (use(&scope->uses, found)) {
		component_unref(found);
		return FLUME_NOMEM;
	}
	*out = found;
	return FLUME_OK;
}

const struct flume_maker *flume_scope_maker(const flume_scope *scope)
{
	return scope->maker;
}

int flume_scope_predicate(flume_scope *scope, const flume_value *name, const char *path,
			  struct flume_predicate_ref *out, flume_report *report)
{
	const struct component *found = NULL;
	int rc = use_named(scope, FLUME_PREDICATE, name, path, &found, report);
	if (!rc)
		*out = (struct flume_predicate_ref){found->is.test, found->is.arg};
	return rc;
}

int flume_scope_channel(flume_scope *scope, const flume_value *name, const char *path,
			struct flume_channel_ref *out, flume_report *report)
{
	const struct component *found = NULL;
	int rc = use_named(scope, FLUME_CHANNEL, name, path, &found, report);
	if (!rc)
		*out = (struct flume_channel_ref){found->is.send, found->is.arg};
	return rc;
}
