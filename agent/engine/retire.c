/*
 * A schema leaves when nothing refers to it any more: no schema that runs (the factory knows),
 * none that is kept to go back to, and not the guest (guest.h).
 */
#include "agent/engine/inside.h"

#include <stdlib.h>

/* The lane whose way back needs this schema. */
static const struct lane *kept_for(const struct lane *lane)
{
	struct engine *e = lane->engine;
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *other = engine_lane_at(e, i);
		if (other != lane && other->kept.schema &&
		    refs_include(other->kept.schema, lane->name))
			return other;
	}
	return NULL;
}

static void clear(struct lane *lane)
{
	struct engine *e = lane->engine;
	const struct facts gone = lane->runs.facts;
	lane_supersede_all(lane);
	guard_end(lane);
	count_end(lane);
	crash_note(lane);
	lane->binding = flume_binding_unref(lane->binding);
	release_fini(&lane->kept);
	release_fini(&lane->runs);
	lane->leaving = lane->held_back = lane->wants = false;
	*lane->seen = '\0';
	lane_attempted(lane, &(struct facts){0}, "", NULL, NULL);
	lane_state(lane, LANE_RUNNING, "");
	memory_gone(lane);
	waits_fini(&lane->leave_waits);
	engine_moved(e, lane->name);
	lane_say(lane, &(struct saying){.outcome = OUTCOME_REMOVED, .facts = &gone});
	asker_answer(lane->engine, &lane->leave_asker,
		     &(struct engine_answer){.result = ENGINE_APPLIED});
}

/* The findings say who stands against it. */
static flume_report *find_users(struct lane *lane)
{
	flume_report *report = flume_report_new();
	const struct lane *other = kept_for(lane);
	if (other)
		flume_report_add(report, "in-use", other->name, NULL, NULL,
				 "schema '%s', which refers to it, may be gone back to",
				 other->name);
	else if (!guest_needs(lane->engine, lane->name, report))
		(void)flume_factory_remove_schema(lane->engine->factory, lane->name, report);
	return report;
}

/* Each of them has to leave or change, so it will do to wait for those that are named. */
static void wait_for_users(struct lane *lane)
{
	flume_report *report = find_users(lane);
	size_t n = flume_report_size(report);
	waits_fini(&lane->leave_waits);
	lane->leave_waits.any = !n;
	for (size_t i = 0; i < n; i++) {
		const struct flume_issue *issue = flume_report_get_issue(report, i);
		if (issue)
			waits_for(&lane->leave_waits, issue->path);
	}
	flume_report_free(report);
}

bool lane_retire(struct lane *lane)
{
	struct engine *e = lane->engine;
	bool needed = kept_for(lane) || guest_needs(e, lane->name, NULL);
	int rc = needed ? FLUME_IN_USE
			: flume_factory_remove_schema(e->factory, lane->name, NULL);
	lane->leave_due = false;
	if (rc == FLUME_IN_USE) {
		wait_for_users(lane);
		return false;
	}
	clear(lane);
	return true;
}

static void refuse(struct lane *lane, flume_report *report)
{
	struct asker asker = lane->leave_asker;
	lane->leave_asker = (struct asker){0};
	if (!lane->leaving)
		waits_fini(&lane->leave_waits);
	lane_say(lane, &(struct saying){.outcome = OUTCOME_REJECTED,
					.facts = &lane->runs.facts,
					.reason = "in-use"});
	asker_answer(lane->engine, &asker,
		     &(struct engine_answer){
			     .result = ENGINE_IN_USE, .reason = "in-use", .report = report});
	flume_report_free(report);
}

void lane_retire_tell(struct lane *lane)
{
	if (lane->leave_asker.done)
		refuse(lane, find_users(lane));
	if (lane->leave_told || !lane_leaves(lane))
		return;
	flume_report *report = find_users(lane);
	char *error = first_finding(report, "", "in use");
	lane->leave_told = true;
	lane_say(lane, &(struct saying){.outcome = OUTCOME_HELD,
					.facts = &lane->wanted,
					.reason = "in-use",
					.error = error});
	lane_state(lane, LANE_HELD, "in-use");
	lane_attempted(lane, &lane->runs.facts, "", error, report);
}
