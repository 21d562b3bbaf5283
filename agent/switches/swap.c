/*
 * Into force, and out of it.
 *
 * The swap is two pointers: the switchboard's, from which on documents go by the new version, and the
 * shelf's, from which on HTTP sees it.  All that may fail comes before the first.
 */
#include "agent/switches/inside.h"

#include "agent/split/routes.h"

#include <stdio.h>

/* ---- what the schemas say ---- */

static enum engine_presence find_schema(void *arg, const char *name)
{
	const struct switches *all = arg;
	return engine_find(all->engine, name);
}

static int check_one(const struct switches *all, const struct ab_switch *sw, const char *id,
		     flume_report *report)
{
	flume_schema *schema = flume_factory_dup_schema(all->factory, id);
	int rc = schema ? ab_check_switch(sw, id, schema, all->components, report) : 0;
	flume_schema_unref(schema);
	return rc;
}

static int users_of(struct switches *all, const char *name, const struct map **out)
{
	return uses_find(&all->uses,
			 &(struct uses_from){all->factory, all->engine, all->components}, name,
			 out);
}

static int check_routes(void *arg, const struct ab_switch *sw, flume_report *report)
{
	struct switches *all = arg;
	const struct map *users;
	int rc = users_of(all, ab_name(sw), &users);
	int worst = rc;
	for (size_t i = 0; !rc && i < users->len; i++) {
		int one = check_one(all, sw, users->entries[i].name, report);
		worst = one ? one : worst;
		rc = one == FLUME_NOMEM ? one : 0;
	}
	return worst;
}

bool switch_is_unasked(const struct switch_lane *lane)
{
	const struct judge_world world = switches_world(lane->all);
	const struct map *users;
	return engine_is_ready(lane->all->engine) && !users_of(lane->all, lane->name, &users) &&
	       judge_is_unasked(&world, lane->runs.sw, users->len);
}

struct judge_world switches_world(struct switches *all)
{
	return (struct judge_world){find_schema, check_routes, all, "on this node", false};
}

/* ---- the shelf ---- */

/* As it is to be: with `edition` in that lane, or, when it has no switch, without that lane.  NULL
 * when out of memory. */
static struct shelf_view *make_view(const struct switches *all, const struct switch_lane *lane,
				    const struct edition *edition, bool front)
{
	size_t n = 0;
	struct shelf_view *view = shelf_make(all->lanes.len);
	if (!view)
		return NULL;
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *other = switch_at(all, i);
		bool it = edition && other == lane;
		const struct edition *shown = it ? edition : &other->runs;
		if (!shown->sw)
			continue;
		view->items[n++] = (struct shelf_item){
			.sw = ab_ref(shown->sw),
			.slot = other->slot,
			.facts = shown->facts,
			.generation = other->generation + it,
			.front = it ? front : other->front,
		};
	}
	view->n = n;
	return view;
}

/* The last step, which cannot fail: the board is as the view says. */
static void show(struct switches *all, struct shelf_view *view)
{
	view->generation = switchboard_generation(all->board);
	shelf_put(all->shelf, view);
}

/* ---- the swap ---- */

static void runs_from_now_on(struct switch_lane *lane, struct edition *edition, bool front)
{
	edition_fini(&lane->runs);
	lane->runs = *edition;
	edition->sw = NULL;
	lane->generation++;
	lane->since = stamp_now();
	lane->front = front;
	lane->taken = false;
	lane->missing = NULL;
	lane->unasked = false;
	lane->wants = true;
	lane->leaving = lane->held_mass = false;
	lane->wanted = lane->runs.facts;
	skew_forget(lane);
	copy_due(lane);
}

static void tell_schemas(struct switch_lane *lane)
{
	char what[160];
	snprintf(what, sizeof what, "switches/%s", lane->name);
	engine_guest_moved(lane->all->engine, what);
}

enum judge_verdict switch_swap(struct switch_lane *lane, struct edition *edition,
			       bool downgrade, flume_report *report)
{
	struct switches *all = lane->all;
	struct judge_world world = switches_world(all);
	world.serves = lane->front || lane->taken || lane->missing;
	bool front;
	enum judge_verdict verdict = judge(&world, edition->sw, &front, report);
	if (verdict != JUDGE_GO)
		return verdict;
	struct shelf_view *view = make_view(all, lane, edition, front);
	if (!view || switchboard_put(all->board, edition->sw)) {
		shelf_drop(view);
		return JUDGE_NOMEM;
	}
	show(all, view);
	const struct facts before = lane->runs.facts;
	runs_from_now_on(lane, edition, front);
	switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_APPLIED,
						 .facts = &lane->runs.facts,
						 .from = before.version,
						 .downgrade = downgrade});
	switch_calm(lane, &lane->runs.facts);
	tell_schemas(lane);
	return JUDGE_GO;
}

/* ---- the removal ---- */

/* Schemas that ask for its variants. */
static bool is_used(struct switch_lane *lane, flume_report *report)
{
	struct switches *all = lane->all;
	const struct map *users;
	if (users_of(all, lane->name, &users)) {
		switches_try_again(all);
		return true;
	}
	for (size_t i = 0; i < users->len; i++)
		flume_report_add(report, "in-use", users->entries[i].name, NULL, NULL,
				 "schema '%s' asks this switch", users->entries[i].name);
	return users->len;
}

bool switch_remove(struct switch_lane *lane, flume_report *report)
{
	struct switches *all = lane->all;
	static const struct edition none;
	if (is_used(lane, report))
		return false;
	struct shelf_view *view = make_view(all, lane, &none, false);
	if (!view) {
		switches_try_again(all);
		return false;
	}
	(void)switchboard_remove(all->board, lane->name);
	show(all, view);
	const struct facts gone = lane->runs.facts;
	edition_fini(&lane->runs);
	lane->missing = NULL;
	lane->unasked = lane->front = lane->taken = lane->wants = lane->leaving =
		lane->held_mass = false;
	*lane->said = '\0';
	skew_forget(lane);
	copy_due(lane);
	switch_attempted(lane, &(struct facts){0}, "", NULL, NULL);
	switch_set_state(lane, SWITCH_RUNNING, "");
	switch_say(lane,
		   &(struct switch_saying){.outcome = SWITCH_OUTCOME_REMOVED, .facts = &gone});
	tell_schemas(lane);
	return true;
}

int switches_show(struct switches *all)
{
	struct shelf_view *view = make_view(all, NULL, NULL, false);
	if (!view)
		return FLUME_NOMEM;
	show(all, view);
	return 0;
}
