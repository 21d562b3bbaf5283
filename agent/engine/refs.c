/*
 * A schema that refers to one which is not here yet is no mistake when that one is on its way.
 * The library says where it found an unknown ref, so what is looked for is the text that stands
 * there, under the key `ref`.
 */
#include "agent/engine/inside.h"

#include <string.h>

#define FINDINGS_MOST 64

struct search { /* a ref by its name, or by its place */
	const char *name;
	unsigned line, column;
};

static bool fits(const struct search *s, const flume_value *ref)
{
	if (s->name)
		return !strcmp(flume_value_text(ref), s->name);
	return flume_value_line(ref) == s->line && flume_value_column(ref) == s->column;
}

static const flume_value *find(const struct search *s, const flume_value *value)
{
	const flume_value *found = NULL;
	for (size_t i = 0; !found && i < flume_value_size(value); i++) {
		const flume_value *below = flume_value_at(value, i);
		const flume_value *key = flume_value_key(value, i);
		bool is_ref = key && !strcmp(flume_value_text(key), "ref");
		found = is_ref && fits(s, below) ? below : find(s, below);
	}
	return found;
}

const char *refs_name_at(const flume_schema *schema, unsigned line, unsigned column)
{
	const struct search at = {.line = line, .column = column};
	const flume_value *ref = line ? find(&at, flume_schema_get_root(schema)) : NULL;
	return ref ? flume_value_text(ref) : NULL;
}

static bool is_awaited(struct engine *e, const flume_schema *schema,
		       const struct flume_issue *issue)
{
	if (strcmp(issue->code, "unknown-ref") != 0)
		return false;
	const char *name = refs_name_at(schema, issue->line, issue->column);
	const struct lane *lane = name ? map_get(&e->lanes, name) : NULL;
	return lane && lane->wants && !lane->leaving;
}

bool refs_are_awaited(struct engine *e, const flume_schema *schema, const flume_report *report)
{
	size_t n = flume_report_size(report);
	if (!n || n > FINDINGS_MOST)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_awaited(e, schema, flume_report_get_issue(report, i)))
			return false;
	return true;
}

bool refs_include(const flume_schema *schema, const char *name)
{
	return find(&(struct search){.name = name}, flume_schema_get_root(schema));
}

/* ---- all that a schema refers to ---- */

struct reach {
	struct engine *engine;
	struct map *out;
	int rc;
};

static void reach_value(struct reach *r, const flume_value *value);

static void reach_name(struct reach *r, const char *name)
{
	struct lane *lane = map_get(&r->engine->lanes, name);
	if (!lane || map_get(r->out, name) || r->rc)
		return;
	r->rc = map_add(r->out, name, lane);
	flume_schema *schema = flume_factory_dup_schema(r->engine->factory, name);
	if (schema)
		reach_value(r, flume_schema_get_root(schema));
	flume_schema_unref(schema);
}

static void reach_value(struct reach *r, const flume_value *value)
{
	for (size_t i = 0; !r->rc && i < flume_value_size(value); i++) {
		const flume_value *below = flume_value_at(value, i);
		const flume_value *key = flume_value_key(value, i);
		if (key && !strcmp(flume_value_text(key), "ref"))
			reach_name(r, flume_value_text(below));
		reach_value(r, below);
	}
}

int refs_reach(struct engine *e, const flume_schema *schema, struct map *out)
{
	struct reach r = {e, out, 0};
	reach_value(&r, flume_schema_get_root(schema));
	return r.rc;
}

static bool add_line(struct digest *d, const struct engine *e, const char *name)
{
	flume_schema *schema = flume_factory_dup_schema(e->factory, name);
	if (!schema)
		return false;
	const char *digest = flume_schema_get_digest(schema);
	digest_add(d, name, strlen(name));
	digest_add(d, " ", 1);
	digest_add(d, digest, strlen(digest));
	digest_add(d, "\n", 1);
	flume_schema_unref(schema);
	return true;
}

static bool add_cases(struct digest *d, const struct lane *lane)
{
	const flume_schema *cases = extras_of(lane->engine, lane->name);
	if (!cases)
		return false;
	const char *digest = flume_schema_get_digest(cases);
	digest_add(d, "cases ", 6);
	digest_add(d, digest, strlen(digest));
	digest_add(d, "\n", 1);
	return true;
}

int refs_context(const struct lane *lane, const flume_schema *schema, char out[DIGEST_SIZE])
{
	struct engine *e = lane->engine;
	struct map names = {0};
	struct digest d;
	bool any = false;
	int rc = refs_reach(e, schema, &names);
	*out = '\0';
	digest_init(&d);
	for (size_t i = 0; !rc && i < names.len; i++)
		any |= add_line(&d, e, names.entries[i].name);
	any |= add_cases(&d, lane);
	if (any)
		digest_end(&d, out);
	map_fini(&names);
	return rc;
}
