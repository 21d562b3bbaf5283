/*
 * A declaration is made when it is first asked for, because predicates may name one another in
 * any order; one that is asked for while it is being made closes a circle.
 */
#include "lib/component/inside.h"

#include "lib/base/report.h"
#include "lib/base/suggest.h"
#include "lib/schema/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define TOO_DEEP "predicates are made of one another more than %u deep"

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

/* ---- what a maker asks for ---- */

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
	struct declared *own = scope_find_own(scope, kind, word);
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
	struct component *found = scope_look_up_one(scope, kind, name);
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
