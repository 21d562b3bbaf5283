/*
 * What did not get on waits for the schemas that can make a difference, and for no others: a
 * check is work on the loop's thread, and a document that nothing can help would cost it again
 * with every change of every other schema.
 *
 * An unknown ref is helped by the schema of that name; a cycle, or a dependent that would break,
 * by any schema on the way.  Other findings are about the document itself.
 */
#include "agent/engine/inside.h"

#include <string.h>

void waits_fini(struct waits *w)
{
	map_fini(&w->names);
	*w = (struct waits){0};
}

/* Without memory for the name it waits for any. */
void waits_for(struct waits *w, const char *name)
{
	if (map_add(&w->names, name, w) == FLUME_NOMEM)
		w->any = true;
}

void waits_for_refs(struct waits *w, struct engine *e, const flume_schema *schema)
{
	if (refs_reach(e, schema, &w->names))
		w->any = true;
}

void waits_for_dependent(struct waits *w, struct engine *e, const char *name)
{
	flume_schema *schema = flume_factory_dup_schema(e->factory, name);
	waits_for(w, name);
	if (schema)
		waits_for_refs(w, e, schema);
	flume_schema_unref(schema);
}

static bool is_curable(const struct flume_issue *issue)
{
	return !strcmp(issue->code, "unknown-ref") || !strcmp(issue->code, "dependent") ||
	       !strcmp(issue->code, "cycle");
}

static void wait_for(struct waits *w, struct engine *e, const flume_schema *schema,
		     const struct flume_issue *issue)
{
	const char *missing = strcmp(issue->code, "unknown-ref") != 0
				      ? NULL
				      : refs_name_at(schema, issue->line, issue->column);
	if (missing)
		waits_for(w, missing);
	else
		waits_for_refs(w, e, schema);
	if (!strcmp(issue->code, "dependent"))
		waits_for_dependent(w, e, issue->path);
}

/* All of them have to be cured, so it will do to wait for the first few. */
#define FINDINGS_MOST 16

void waits_for_findings(struct waits *w, struct engine *e, const flume_schema *schema,
			const flume_report *report)
{
	size_t n = flume_report_size(report);
	const struct flume_issue *issue = NULL;
	w->any = !n;
	for (size_t i = 0; i < n; i++) {
		issue = flume_report_get_issue(report, i);
		if (issue && !is_curable(issue))
			return;
	}
	for (size_t i = 0; i < n && i < FINDINGS_MOST; i++) {
		issue = flume_report_get_issue(report, i);
		if (issue)
			wait_for(w, e, schema, issue);
	}
}

static bool includes(const struct waits *w, const char *name)
{
	return w->any || map_get(&w->names, name);
}

void engine_stir(struct engine *e, const char *name)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (includes(&lane->leave_waits, name))
			lane->leave_due = true;
		if (includes(&lane->next.waits, name))
			lane->next.due = true;
		if (includes(&lane->aside.waits, name))
			lane->aside.due = true;
	}
}

void engine_moved(struct engine *e, const char *name)
{
	e->commits++;
	engine_stir(e, name);
}
