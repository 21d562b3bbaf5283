/*
 * A candidate is checked and built against the store as it will be, while that may change: each schema
 * that was found there is remembered, and the commit sees whether it still stands.
 */
#include "lib/factory/change.h"

#include "lib/base/report.h"
#include "lib/factory/event.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the check and the build may ask ---- */

struct view { /* the store as it will be */
	flume_change *change;
	const char *self; /* the id being checked */
};

static struct candidate *find_candidate(flume_change *change, const char *id)
{
	for (size_t i = 0; i < change->n; i++)
		if (!strcmp(change->list[i].slot->id, id))
			return &change->list[i];
	return NULL;
}

/* The schema under `id` once the change is in; remembered as read.  A new reference. */
static flume_schema *view_dup(void *arg, const char *id)
{
	const struct view *view = arg;
	flume_change *change = view->change;
	struct candidate *candidate = find_candidate(change, id);
	if (candidate)
		return flume_schema_ref(candidate->schema);
	flume_schema *read = map_get(&change->reads, id);
	if (!read) {
		read = flume_factory_dup_schema(change->factory, id);
		if (!read)
			return NULL;
		if (map_add(&change->reads, id, read)) {
			change->unread = true; /* it is there all the same */
			return read;
		}
	}
	return flume_schema_ref(read);
}

static bool view_has(void *arg, const char *id)
{
	flume_schema *schema = view_dup(arg, id);
	flume_schema_unref(schema);
	return schema;
}

static char *view_dup_cycle(void *arg, const char *id)
{
	const struct view *view = arg;
	return store_dup_cycle(view->change->factory, id, view->self);
}

static char **view_dup_ids(void *arg)
{
	return flume_factory_dup_schema_ids(((const struct view *)arg)->change->factory);
}

/* ---- candidates ---- */

/* The scope comes out for the build. */
static int check_candidate(flume_change *change, struct candidate *it,
			   struct flume_scope *scope, flume_report *report)
{
	flume_factory *factory = change->factory;
	struct view view = {change, it->slot->id};
	const struct store_view store = {view_has, view_dup_cycle, view_dup_ids, &view};
	struct check_result result = {0};
	struct stage stage = stage_begin(factory->hub, FLUME_EVENT_SCHEMA_VALIDATION_STARTED,
					 it->slot->id, it->schema);
	int rc = build_scope(scope, &factory->registry, it->schema);
	if (!rc)
		rc = check_schema(it->schema, scope, &store, &factory->hub->limits, &result,
				  report);
	it->uses = result.uses;
	return stage_end(&stage, rc, report);
}

static int build_candidate(flume_change *change, struct candidate *it,
			   struct flume_scope *scope, flume_report *report)
{
	struct hub *hub = change->factory->hub;
	struct view view = {change, it->slot->id};
	const struct build_source from = {hub, &change->factory->registry, view_dup, &view};
	struct stage stage =
		stage_begin(hub, FLUME_EVENT_SCHEMA_BUILD_STARTED, it->slot->id, it->schema);
	int rc = build_pipeline(&it->pipeline, &from, it->schema, scope, it->slot->id, report);
	if (!rc)
		pipeline_hand_out(it->pipeline);
	return stage_end(&stage, !rc && change->unread ? FLUME_NOMEM : rc, report);
}

static int make_candidate(flume_change *change, struct candidate *it, flume_report *report)
{
	struct flume_scope scope;
	int rc = check_candidate(change, it, &scope, report);
	if (!rc)
		rc = build_candidate(change, it, &scope, report);
	scope_fini(&scope);
	return rc;
}

/* Takes the reference to `slot`.  Lock held. */
static void add_candidate(flume_change *change, struct slot *slot, flume_schema *schema)
{
	change->list[change->n++] = (struct candidate){
		.slot = slot,
		.schema = flume_schema_ref(schema),
		.was = flume_schema_ref(slot->schema),
		.fresh = !slot->schema,
	};
}

/* The stored schemas that refer to it, as the store is now.  Lock held. */
static int add_dependents(flume_change *change, const struct slot *slot)
{
	struct map set = {0};
	int rc = map_add(&set, slot->id, change);
	if (!rc)
		rc = store_add_dependents(change->factory, &set);
	struct candidate *list = rc ? NULL : calloc(set.len, sizeof *list);
	if (list) {
		list[0] = change->own;
		change->list = list;
	} else {
		rc = FLUME_NOMEM;
	}
	for (size_t i = 0; !rc && i < set.len; i++) {
		struct slot *it = set.entries[i].thing;
		if (strcmp(set.entries[i].name, slot->id) != 0)
			add_candidate(change, slot_ref(it), it->schema);
	}
	map_fini(&set);
	return rc;
}

/* A pipeline that a component was taken from by force is not what a set would make of it. */
static bool serves_already(const struct slot *slot, const flume_schema *schema)
{
	return !strcmp(flume_schema_get_digest(slot->schema),
		       flume_schema_get_digest(schema)) &&
	       pipeline_is_whole(slot_pipeline(slot));
}

/* The schema itself and who refers to it.  FLUME_UNCHANGED with nothing collected, if that is
 * `asked`. */
static int collect(flume_change *change, const char *id, flume_schema *schema, bool asked)
{
	flume_factory *factory = change->factory;
	struct slot *fresh = NULL;
	int rc = FLUME_OK;
	factory_lock(factory);
	struct slot *slot = map_get(&factory->slots, id);
	if (!slot)
		fresh = slot_new(id);
	if (asked && slot && serves_already(slot, schema))
		rc = FLUME_UNCHANGED;
	else if (slot || fresh)
		add_candidate(change, slot ? slot_ref(slot) : fresh, schema);
	else
		rc = FLUME_NOMEM;
	if (!rc && slot && slot->users)
		rc = add_dependents(change, slot);
	factory_unlock(factory);
	return rc;
}

/* A dependent that would break is a finding of the schema that is set. */
static int make_dependent(flume_change *change, struct candidate *it, flume_report *report)
{
	flume_report own = {0};
	int rc = make_candidate(change, it, &own);
	const struct flume_issue *first = flume_report_get_issue(&own, 0);
	if (rc == FLUME_REJECTED && first)
		flume_report_add(report, "dependent", it->slot->id, NULL, NULL,
				 "schema '%s', which refers to it, would break: %s: %s",
				 it->slot->id, first->path, first->text);
	report_fini(&own);
	return rc;
}

static int make_all(flume_change *change, const char *id, flume_schema *schema, bool asked,
		    flume_report *report)
{
	int rc = collect(change, id, schema, asked);
	if (!rc)
		rc = make_candidate(change, &change->list[0], report);
	for (size_t i = 1; !rc && i < change->n; i++)
		rc = make_dependent(change, &change->list[i], report);
	return rc;
}

void change_emit_failed(const struct hub *hub, const char *id, const flume_schema *schema,
			int64_t began_ns, int rc, const flume_report *report)
{
	struct flume_err err;
	if (!hub_heard(hub))
		return;
	findings_err(&err, rc, report);
	hub_emit(hub, &(struct flume_event){.kind = FLUME_EVENT_SCHEMA_UPDATE_FAILED,
					    .duration_ns = hub_since(hub, began_ns),
					    .schema_id = id,
					    .version = flume_schema_get_version(schema),
					    .err = &err});
}

int change_prepare(flume_change *change, flume_factory *factory, const char *id,
		   flume_schema *schema, bool asked, flume_report *given)
{
	flume_report own = {0}, *report = given ? given : &own;
	*change = (flume_change){
		.factory = factory, .list = &change->own, .began_ns = hub_began(factory->hub)};
	int rc = make_all(change, id, schema, asked, report);
	if (rc < 0)
		change_emit_failed(factory->hub, id, schema, change->began_ns, rc, report);
	if (rc)
		candidates_fini(change);
	report_fini(&own);
	return rc;
}

int flume_factory_prepare(flume_factory *factory, const char *id, flume_schema *schema,
			  flume_change **out, flume_report *report)
{
	if (!id || !*id || !schema)
		return FLUME_INVALID;
	flume_change *change = malloc(sizeof *change);
	if (!change) {
		change_emit_failed(factory->hub, id, schema, hub_began(factory->hub),
				   FLUME_NOMEM, NULL);
		return FLUME_NOMEM;
	}
	int rc = change_prepare(change, factory, id, schema, false, report);
	if (rc)
		free(change);
	else
		*out = change;
	return rc;
}
