/*
 * Build aside, swap once, retire later.
 *
 * The commit takes the lock, sees whether all that the change was made from still stands, and swaps.
 * Everything before that line may fail and changes nothing; nothing after it can fail.
 */
#include "lib/factory/change.h"

#include "lib/factory/event.h"

#include <stdlib.h>

void candidates_fini(flume_change *change)
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
		candidates_fini(change);
	free(change);
	return NULL;
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
	change_emit_failed(change->factory->hub, it->slot->id, it->schema, change->began_ns,
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
		int rc = change_prepare(&change, factory, id, schema, true, report);
		if (rc)
			return rc;
		rc = commit(&change, &waits);
		candidates_fini(&change);
		if (!rc && !waits)
			flume_factory_settle(factory);
		if (rc != FLUME_CONFLICT)
			return rc;
	}
}
