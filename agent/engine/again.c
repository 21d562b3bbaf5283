/*
 * What the table is asked about a lane, and when it is asked again.
 *
 * Between the moment a change comes and the moment it is tried others have moved: an operator held
 * the schema, or released it, or cleared what failed; cases changed; a breaker half-opened.  So
 * whatever is about to be tried is asked about once more, and so is what is held when that may be
 * over.  What is held stays in the lane.  So does what was refused, as long as it is wanted: it
 * may be cleared.
 */
#include "agent/engine/inside.h"

#include "agent/log/log.h"

#include <string.h>

/* ---- the question ---- */

/* A canary's verdict is one on the cases, and on the schemas that this one refers to. */
static bool is_known_bad(const struct lane *lane, const flume_schema *schema,
			 const char *digest)
{
	const struct bad_change *known = bad_find(&lane->bad, digest);
	char context[DIGEST_SIZE];
	if (!known || !schema || (strcmp(known->stage, "canary") != 0 && !*known->context))
		return known;
	return !refs_context(lane, schema, context) && !strcmp(context, known->context);
}

struct decision again_ask(const struct lane *lane, const struct asking *about)
{
	const struct engine *e = lane->engine;
	const flume_schema *schema = about->schema;
	struct question question = {
		.deleted = about->deleted,
		.running_version =
			lane->runs.schema ? flume_schema_get_version(lane->runs.schema) : "",
		.running_digest = lane->runs.schema ? lane->runs.facts.digest : NULL,
		.version = schema ? flume_schema_get_version(schema) : "",
		.digest = about->facts->digest,
		.revision = about->facts->revision,
		.last_revision = about->last_revision,
		.listed_at = about->listed_at,
		.known_bad =
			!about->deleted && is_known_bad(lane, schema, about->facts->digest),
		.breaker_open = schema && breaker_refuses(&lane->breaker, loop_now()),
		.mass_delete = about->mass_delete && !again_confirmed(lane),
		.apply_same_version = e->options.apply_same_version,
		.deny_downgrade = e->options.deny_downgrade,
	};
	holds_ask(e, lane->name, &question);
	return decide(&question);
}

bool again_confirmed(const struct lane *lane)
{
	const struct note *note = side_note(lane->engine, ENGINE_CONFIRMS, lane->name);
	return note && decide_confirmed(note->looked, lane->last_revision);
}

/* ---- changes ---- */

static void refuse_proposal(struct lane *lane, const struct decision *d)
{
	struct next over = lane_take_next(lane);
	lane_say(lane, &(struct saying){.outcome = OUTCOME_HELD,
					.facts = &over.facts,
					.reason = d->reason,
					.downgrade = d->downgrade});
	asker_answer(lane->engine, &over.asker,
		     &(struct engine_answer){.result = ENGINE_HELD, .reason = d->reason});
	next_fini(lane->engine, &over);
	lane_bring_back(lane);
}

static void halt(struct lane *lane, const struct decision *d)
{
	struct next *next = &lane->next;
	bool news = next->stage != NEXT_HELD || strcmp(next->held, d->reason) != 0;
	next_rest(next);
	next->stage = NEXT_HELD;
	next->held = d->reason;
	crash_note(lane); /* whoever waits for its turn need not any more */
	if (next->asker.done) {
		refuse_proposal(lane, d);
		return;
	}
	if (!strcmp(d->reason, "update-breaker"))
		engine_wake(lane->engine, lane->breaker.until);
	if (!news || next->over)
		return; /* its end was told */
	lane_say(lane, &(struct saying){.outcome = OUTCOME_HELD,
					.facts = &next->facts,
					.reason = d->reason,
					.downgrade = d->downgrade});
	lane_state(lane, LANE_HELD, d->reason);
	lane->good = false;
}

/* It runs already, or a version with other content does by now. */
static void settle(struct lane *lane, const struct decision *d)
{
	struct next next = lane_take_next(lane);
	crash_note(lane);
	if (d->verdict == DECIDE_UNCHANGED) {
		if (!next.asker.done)
			lane_calm(lane, &next.facts);
		asker_answer(lane->engine, &next.asker,
			     &(struct engine_answer){.result = ENGINE_UNCHANGED,
						     .generation = lane_generation(lane)});
	} else {
		lane_reject_version(lane, &next, d);
	}
	next_fini(lane->engine, &next);
	lane_bring_back(lane);
}

bool again_may_try(struct lane *lane)
{
	struct next *next = &lane->next;
	struct decision d = again_ask(
		lane, &(struct asking){.schema = next->schema, .facts = &next->facts});
	next->due = next->due && next->stage == NEXT_BLOCKED;
	switch (d.verdict) {
	case DECIDE_HELD:
		halt(lane, &d);
		return false;
	case DECIDE_UNCHANGED:
	case DECIDE_REJECTED:
		settle(lane, &d);
		return false;
	case DECIDE_IGNORED:
	case DECIDE_GO:
		break;
	}
	if (next->stage == NEXT_HELD) {
		next->stage = NEXT_DUE;
		next->over = next->told = next->ever_told = false;
		board_changed(lane->engine);
	}
	next->downgrade = d.downgrade;
	return true;
}

/* ---- deletions ---- */

void again_hold_deletion(struct lane *lane, const char *reason)
{
	bool news = !lane->held_back || strcmp(lane->reason, reason) != 0;
	lane->held_back = true;
	lane->held_mass = !strcmp(reason, "mass-delete");
	lane->leave_due = false;
	if (!news)
		return;
	lane_state(lane, LANE_HELD, reason);
	lane_say(lane, &(struct saying){.outcome = OUTCOME_HELD,
					.facts = &lane->wanted,
					.reason = reason});
}

static void release_deletion(struct lane *lane)
{
	lane->held_back = lane->held_mass = lane->leave_told = false;
	lane->leave_due = true;
	if (lane->wanted.revision > 0)
		lane->last_revision = lane->wanted.revision;
	lane->engine->again = true;
}

static void ask_of_deletion(struct lane *lane)
{
	struct facts gone = lane->wanted;
	*gone.digest = '\0';
	struct decision d = again_ask(lane, &(struct asking){.deleted = true,
							     .facts = &gone,
							     .mass_delete = lane->held_mass});
	if (d.verdict == DECIDE_HELD)
		again_hold_deletion(lane, d.reason);
	else if (lane->held_back)
		release_deletion(lane);
}

static bool agree(struct lane *lane, const struct note *note)
{
	if (!lane->held_mass)
		return false;
	log_event(LOG_WARN, "deletion confirmed", LOG_STR("schema", lane->name),
		  LOG_STR("by", note->by), LOG_STR("why", note->why));
	lane->held_mass = false;
	ask_of_deletion(lane);
	return true;
}

int engine_agree(struct engine *e, const char *name, const struct note *note,
		 struct flume_err *err)
{
	bool any = false;
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (!name || !strcmp(lane->name, name))
			any |= agree(lane, note);
	}
	engine_advance(e);
	return any ? 0
		   : flume_fail(err, FLUME_NOT_FOUND,
				"no deletion%s%s%s is held as one of too many",
				name ? " of '" : "", name ? name : "", name ? "'" : "");
}

/* ---- when something has changed that was an answer ---- */

static bool is_under_way(const struct next *next)
{
	return next->schema && (next->trial || next->share);
}

void again_lane(struct lane *lane)
{
	struct next *next = &lane->next;
	bool known = next->over && bad_find(&lane->bad, next->facts.digest);
	if (next->schema && (next->stage == NEXT_HELD || known))
		next->due = true;
	if (lane->aside.schema && lane->aside.stage == NEXT_HELD)
		lane->aside.due = true;
	if (is_under_way(next)) {
		struct decision d = again_ask(
			lane, &(struct asking){.schema = next->schema, .facts = &next->facts});
		if (d.verdict == DECIDE_HELD)
			halt(lane, &d);
	}
	if (lane->leaving)
		ask_of_deletion(lane);
}

void again_all(struct engine *e)
{
	for (size_t i = 0; i < e->lanes.len; i++)
		again_lane(engine_lane_at(e, i));
	engine_advance(e);
}
