/*
 * Build aside, swap once, retire later.
 *
 * A change holds a candidate for the schema that is set and for each stored schema that refers
 * to it.  It remembers what it looked at; the commit takes the lock, sees whether all of that
 * still stands, and swaps.  Everything before that line may fail and changes nothing; nothing
 * after it can fail.
 */
#include "lib/factory/store.h"

#include "lib/base/report.h"
#include "lib/factory/event.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
	struct slot *slot;    /* a reference; of a new id: not in the store yet */
	flume_schema *schema; /* to be stored, or stored already when it is a dependent's */
	flume_schema *was;    /* what the store held; NULL: nothing */
	flume_pipeline *pipeline;
	struct map uses;
	bool fresh;          /* the store does not have this id */
	flume_pipeline *old; /* during the commit: what it took the place of, if that keeps
			      * states */
};

struct flume_change {
	flume_factory *factory;
	struct candidate own;   /* the one that is set */
	struct candidate *list; /* with those that refer to it; of one: &own */
	size_t n;
	struct map reads; /* id to the schema that was found under it, a reference each */
	bool unread;      /* one of them could not be remembered, for want of memory     */
	bool committed;
	int64_t began_ns;
};

static void change_fini(flume_change *change)
{
	for (size_t i = 0; i < change->n; i++) {
		struct candidate *it = &change->list[i];
		slot_unref(it->slot);
		flume_schema_unref(it->schema);
		flume_schema_unref(it->was);
		flume_pipeline_unref(it->pipeline);
		map_fini(&it->uses);
	}
	for (size_t i = 0; i < change->reads.len; i++)
		flume_schema_unref(change->reads.entries[i].thing);
	map_fini(&change->reads);
	if (change->list != &change->own)
		free(change->list);
}

flume_change *flume_change_free(flume_change *change)
{
	if (change)
		change_fini(change);
	free(change);
	return NULL;
}

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

/* ---- preparing ---- */

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

static void emit_failed(const struct hub *hub, const char *id, const flume_schema *schema,
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

/* Fills the change; what does not return 0 has left nothing in it. */
static int prepare(flume_change *change, flume_factory *factory, const char *id,
		   flume_schema *schema, bool asked, flume_report *given)
{
	flume_report own = {0}, *report = given ? given : &own;
	*change = (flume_change){
		.factory = factory, .list = &change->own, .began_ns = hub_began(factory->hub)};
	int rc = make_all(change, id, schema, asked, report);
	if (rc < 0)
		emit_failed(factory->hub, id, schema, change->began_ns, rc, report);
	if (rc)
		change_fini(change);
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
		emit_failed(factory->hub, id, schema, hub_began(factory->hub), FLUME_NOMEM,
			    NULL);
		return FLUME_NOMEM;
	}
	int rc = prepare(change, factory, id, schema, false, report);
	if (rc)
		free(change);
	else
		*out = change;
	return rc;
}

static struct candidate *candidate_at(flume_change *change, size_t i)
{
	return i < change->n ? &change->list[i] : NULL;
}

flume_pipeline *flume_change_get_pipeline(flume_change *change, size_t i)
{
	struct candidate *it = candidate_at(change, i);
	return it ? it->pipeline : NULL;
}

flume_schema *flume_change_get_schema(flume_change *change, size_t i)
{
	struct candidate *it = candidate_at(change, i);
	return it ? it->schema : NULL;
}

const char *flume_change_get_id(flume_change *change, size_t i)
{
	struct candidate *it = candidate_at(change, i);
	return it ? it->slot->id : NULL;
}

/* ---- committing ---- */

static bool same_dependents(flume_change *change)
{
	struct map set = {0};
	bool same = !map_add(&set, change->list[0].slot->id, change) &&
		    !store_add_dependents(change->factory, &set) && set.len == change->n;
	for (size_t i = 0; same && i < change->n; i++)
		same = map_get(&set, change->list[i].slot->id);
	map_fini(&set);
	return same;
}

/* Does the store still hold what the change was made from?  Lock held. */
static bool still_stands(flume_change *change)
{
	flume_factory *factory = change->factory;
	for (size_t i = 0; i < change->n; i++) {
		const struct candidate *it = &change->list[i];
		const struct slot *slot = map_get(&factory->slots, it->slot->id);
		if (slot != (it->fresh ? NULL : it->slot) ||
		    (slot && slot->schema != it->was) || !pipeline_is_whole(it->pipeline))
			return false;
	}
	for (size_t i = 0; i < change->reads.len; i++) {
		const struct map_entry *read = &change->reads.entries[i];
		const struct slot *slot = map_get(&factory->slots, read->name);
		if (!slot || slot->schema != read->thing)
			return false;
	}
	const struct slot *own = change->list[0].slot;
	return (change->n == 1 && !own->users) || same_dependents(change);
}

/* Lock held; cannot fail. */
static void swap_in(flume_factory *factory, struct candidate *it, int64_t now_ns)
{
	struct slot *slot = it->slot;
	atomic_store_explicit(&it->pipeline->generation, ++slot->generation,
			      memory_order_relaxed); /* the swap publishes it */
	it->pipeline->swapped_ns = now_ns;
	flume_schema_unref(slot->schema);
	slot->schema = flume_schema_ref(it->schema);
	struct map uses = slot->uses;
	slot->uses = it->uses;
	it->uses = uses;
	store_count_users(factory, &slot->uses, 1);
	store_count_users(factory, &it->uses, -1);
	counted_ref(&it->pipeline->counted); /* the store's */
	pipeline_adopt_kept(it->pipeline, now_ns);
	flume_pipeline *served =
		(flume_pipeline *)live_swap(&slot->live, &it->pipeline->counted);
	if (served && served->n_kept) {
		it->old = served;
		pipeline_keep(served);
	}
	retire(factory, served ? &served->retiring : NULL);
}

static void emit_committed(const flume_change *change)
{
	for (size_t i = 0; i < change->n; i++) {
		const struct candidate *it = &change->list[i];
		struct flume_event event = {
			.kind = it->was ? FLUME_EVENT_SCHEMA_UPDATED
					: FLUME_EVENT_SCHEMA_REGISTERED,
			.duration_ns = hub_since(change->factory->hub, change->began_ns),
			.schema_id = it->slot->id,
			.version = flume_schema_get_version(it->schema),
			.old_version = it->was ? flume_schema_get_version(it->was) : "",
			.generation = it->pipeline->generation,
		};
		if (i == 0)
			hub_emit(change->factory->hub, &event);
		event.kind = FLUME_EVENT_BINDING_SWAPPED;
		event.duration_ns = 0;
		bindings_emit(change->factory, &event);
	}
}

static void tell_lost(flume_change *change)
{
	for (size_t i = 0; i < change->n; i++) {
		struct candidate *it = &change->list[i];
		if (it->old)
			pipeline_emit_lost(it->old, it->pipeline);
		pipeline_release(it->old);
		it->old = NULL;
	}
}

static int commit_failed(const flume_change *change)
{
	const struct candidate *it = &change->list[0];
	emit_failed(change->factory->hub, it->slot->id, it->schema, change->began_ns,
		    FLUME_NOMEM, NULL);
	return FLUME_NOMEM;
}

/* Also whether what it took the place of waits for more of its kind. */
static int commit(flume_change *change, bool *out_waits)
{
	flume_factory *factory = change->factory;
	if (change->committed)
		return FLUME_INVALID;
	int64_t now_ns = hub_now(factory->hub), moment = retire_moment();
	factory_lock(factory);
	int rc = factory->closing       ? FLUME_CANCELLED
		 : still_stands(change) ? FLUME_OK
					: FLUME_CONFLICT;
	struct candidate *first = &change->list[0];
	if (!rc && first->fresh &&
	    !(rc = map_add(&factory->slots, first->slot->id, first->slot)))
		slot_ref(first->slot);
	/* The point of no return. */
	for (size_t i = 0; !rc && i < change->n; i++)
		swap_in(factory, &change->list[i], now_ns);
	*out_waits = !rc && retire_waits(factory, moment);
	factory_unlock(factory);
	if (rc == FLUME_NOMEM)
		return commit_failed(change);
	if (rc)
		return rc;
	change->committed = true;
	if (hub_heard(factory->hub))
		emit_committed(change);
	tell_lost(change);
	return FLUME_OK;
}

int flume_change_commit(flume_change *change)
{
	bool waits;
	int rc = commit(change, &waits);
	if (!rc)
		flume_factory_settle(change->factory);
	return rc;
}

int flume_factory_set_schema(flume_factory *factory, const char *id, flume_schema *schema,
			     flume_report *report)
{
	if (!id || !*id || !schema)
		return FLUME_INVALID;
	for (;;) {
		flume_change change;
		bool waits;
		int rc = prepare(&change, factory, id, schema, true, report);
		if (rc)
			return rc;
		rc = commit(&change, &waits);
		change_fini(&change);
		if (!rc && !waits)
			flume_factory_settle(factory);
		if (rc != FLUME_CONFLICT)
			return rc;
	}
}
