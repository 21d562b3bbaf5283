/*
 * The walk needs no grammar of nodes: what has `type: switch` and routes is such a node wherever it
 * stands, but in what belongs to readers, to components or to cases.
 */
#include "agent/split/routes.h"

#include "lib/base/suggest.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	const flume_value *own, *shared; /* `components` */
	struct text path;
	/* For every route, and what every flag asks for. */
	void (*met)(void *arg, const char *path, const char *name, const flume_value *variant,
		    bool flag);
	void *arg;
};

/* ---- the walk ---- */

static const flume_value *declared(const struct walk *walk, const char *section,
				   const char *name)
{
	const flume_value *found = flume_value_get(flume_value_get(walk->own, section), name);
	return found ? found : flume_value_get(flume_value_get(walk->shared, section), name);
}

static const char *text_of(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

static bool is_kind(const flume_value *decl, const char *kind)
{
	return !strcmp(text_of(decl, "kind"), kind);
}

static void meet(struct walk *walk, const char *name, const flume_value *variant, bool flag)
{
	if (!walk->path.failed)
		walk->met(walk->arg, walk->path.s, name, variant, flag);
}

/* "default" is what all others are sent to. */
static void walk_routes(struct walk *walk, const flume_value *node)
{
	const flume_value *routes = flume_value_get(node, "routes");
	const flume_value *asks = declared(walk, "conditions", text_of(node, "condition"));
	if (strcmp(text_of(node, "type"), "switch") != 0 || !is_kind(asks, "ab"))
		return;
	for (size_t i = 0; i < flume_value_size(routes); i++) {
		const flume_value *key = flume_value_key(routes, i);
		size_t back = walk->path.len;
		text_addf(&walk->path, ".routes.%s", flume_value_text(key));
		if (key && strcmp(flume_value_text(key), "default") != 0)
			meet(walk, text_of(asks, "switch"), key, false);
		walk->path.len = back;
	}
}

static bool is_other(const char *key, bool root)
{
	return !strncmp(key, "x-", 2) || !strcmp(key, "description") ||
	       (root && (!strcmp(key, "components") || !strcmp(key, "canary")));
}

/* As deep as a schema may be, which its limits say.  NOLINTNEXTLINE(misc-no-recursion) */
static void walk_node(struct walk *walk, const flume_value *node, bool root)
{
	walk_routes(walk, node);
	for (size_t i = 0; i < flume_value_size(node); i++) {
		const flume_value *key = flume_value_key(node, i);
		size_t back = walk->path.len;
		if (key && is_other(flume_value_text(key), root))
			continue;
		if (key)
			text_addf(&walk->path, ".%s", flume_value_text(key));
		else
			text_addf(&walk->path, "[%zu]", i);
		walk_node(walk, flume_value_at(node, i), false);
		walk->path.len = back;
	}
}

static void walk_flags(struct walk *walk)
{
	const flume_value *predicates = flume_value_get(walk->own, "predicates");
	for (size_t i = 0; i < flume_value_size(predicates); i++) {
		const flume_value *decl = flume_value_at(predicates, i);
		const flume_value *variant = flume_value_get(decl, "variant");
		size_t back = walk->path.len;
		text_addf(&walk->path, "components.predicates.%s.variant",
			  flume_value_text(flume_value_key(predicates, i)));
		if (variant && is_kind(decl, "flag"))
			meet(walk, text_of(decl, "switch"), variant, true);
		walk->path.len = back;
	}
}

static int walk_schema(struct walk *walk, const flume_schema *schema, const flume_value *shared)
{
	const flume_value *root = flume_schema_get_root(schema);
	walk->own = flume_value_get(root, "components");
	walk->shared = shared;
	walk_flags(walk);
	text_add(&walk->path, "root");
	walk_node(walk, root, true);
	bool failed = walk->path.failed;
	text_fini(&walk->path);
	return failed ? FLUME_NOMEM : FLUME_OK;
}

/* ---- from the schema's side ---- */

struct of_schema {
	ab_find_fn *find;
	void *arg;
	flume_report *report;
	bool bad;
};

static void list_variants(const struct ab_switch *sw, const char *name, char *hint, size_t size)
{
	const char *names[AB_VARIANTS];
	size_t n = ab_count(sw), at = 0;
	for (size_t i = 0; i < n; i++)
		names[i] = ab_variant(sw, i)->name;
	const char *near = suggest(name, names, n);
	if (near) {
		snprintf(hint, size, "did you mean '%s'?", near);
		return;
	}
	at = (size_t)snprintf(hint, size, "it has ");
	for (size_t i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(hint + at, size - at, "%s%s", i ? ", " : "", names[i]);
}

static void check_variant(void *arg, const char *path, const char *name,
			  const flume_value *variant, bool flag)
{
	struct of_schema *check = arg;
	const struct ab_switch *sw = check->find(check->arg, name);
	const char *wanted = flume_value_text(variant);
	char hint[200];
	if (!sw || ab_find(sw, wanted) >= 0)
		return;
	list_variants(sw, wanted, hint, sizeof hint);
	check->bad = true;
	flume_report_add(check->report, flag ? "unknown-variant" : "unreachable-route", path,
			 variant, hint, "switch '%.64s' has no variant '%.64s'", name, wanted);
}

int ab_check_schema(const flume_schema *schema, const flume_value *shared, ab_find_fn *find,
		    void *arg, flume_report *report)
{
	struct of_schema check = {find, arg, report, false};
	struct walk walk = {.met = check_variant, .arg = &check};
	int rc = walk_schema(&walk, schema, shared);
	return rc ? rc : check.bad ? FLUME_REJECTED : FLUME_OK;
}

/* ---- from the switch's side ---- */

struct of_switch {
	const struct ab_switch *sw;
	const char *id;
	flume_report *report;
	bool bad;
};

static void check_still_there(void *arg, const char *path, const char *name,
			      const flume_value *variant, bool flag)
{
	struct of_switch *check = arg;
	const char *wanted = flume_value_text(variant);
	const flume_value *root = flume_schema_get_root(ab_document(check->sw));
	if (strcmp(name, ab_name(check->sw)) != 0 || ab_find(check->sw, wanted) >= 0)
		return;
	check->bad = true;
	flume_report_add(check->report, flag ? "unknown-variant" : "unreachable-route",
			 "switch.variants", flume_value_get(root, "variants"),
			 flag ? "take it out of the schema first"
			      : "take the route out of the schema first",
			 "schema '%.64s' has '%.64s' at %.100s, and no variant is called so",
			 check->id, wanted, path);
}

int ab_check_switch(const struct ab_switch *sw, const char *id, const flume_schema *schema,
		    const flume_value *shared, flume_report *report)
{
	struct of_switch check = {sw, id, report, false};
	struct walk walk = {.met = check_still_there, .arg = &check};
	int rc = walk_schema(&walk, schema, shared);
	return rc ? rc : check.bad ? FLUME_REJECTED : FLUME_OK;
}

/* ---- by name ---- */

static int each_name(const flume_value *components, const char *section, const char *kind,
		     int (*fn)(void *arg, const char *name), void *arg)
{
	const flume_value *decls = flume_value_get(components, section);
	int rc = 0;
	for (size_t i = 0; i < flume_value_size(decls) && !rc; i++) {
		const flume_value *decl = flume_value_at(decls, i);
		if (is_kind(decl, kind) && flume_value_get(decl, "switch"))
			rc = fn(arg, text_of(decl, "switch"));
	}
	return rc;
}

int ab_each_name(const flume_schema *schema, const flume_value *shared,
		 int (*fn)(void *arg, const char *name), void *arg)
{
	const flume_value *own = flume_value_get(flume_schema_get_root(schema), "components");
	int rc = each_name(own, "conditions", "ab", fn, arg);
	rc = rc ? rc : each_name(own, "predicates", "flag", fn, arg);
	rc = rc ? rc : each_name(shared, "conditions", "ab", fn, arg);
	return rc ? rc : each_name(shared, "predicates", "flag", fn, arg);
}
