/*
 * A schema that refers to one which is not here yet is no mistake when that one is on its way.
 * The library says where it found an unknown ref, so what is looked for is the text that stands
 * there, under the key `ref`.
 */
#include "agent/engine/lane.h"

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

static bool is_awaited(struct engine *e, const flume_schema *schema,
		       const struct flume_issue *issue)
{
	const struct search at = {.line = issue->line, .column = issue->column};
	if (strcmp(issue->code, "unknown-ref") != 0 || !issue->line)
		return false;
	const flume_value *ref = find(&at, flume_schema_get_root(schema));
	const struct lane *lane = ref ? map_get(&e->lanes, flume_value_text(ref)) : NULL;
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
