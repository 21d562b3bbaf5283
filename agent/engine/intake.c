/*
 * What comes in: is it news, can it be read, and what does the table say?
 *
 * What the source brings is what is wanted, whatever becomes of it, and the status says so.
 * What is submitted with somebody waiting for the answer is a proposal: it is wanted only once
 * it runs, so that a refused one leaves nothing behind.
 */
#include "agent/engine/inside.h"

#include "agent/engine/decide.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

struct intake {
	const struct change *change;
	const struct asker *asker;
	int64_t listed_at;
	bool mass_delete;
	bool other_history;   /* the revision was seen, and with another text */
	flume_schema *schema; /* NULL: could not be read */
	flume_report *report;
	int code; /* of the reading */
	struct facts facts;
};

static bool is_proposal(const struct intake *in)
{
	return in->asker->done;
}

/* ---- is it news? ---- */

static void saw(struct lane *lane, int64_t revision)
{
	if (revision <= 0)
		return;
	lane->last_revision = revision;
	lane->recalled = false;
	*lane->said = '\0';
}

/* After a wipe another text may stand at the very revision that was seen. */
static bool is_other_history(const struct lane *lane, const struct change *c)
{
	char said[DIGEST_SIZE];
	if (!c->text || c->revision <= 0 || c->revision != lane->last_revision || !*lane->said)
		return false;
	change_digest(c, said);
	return strcmp(said, lane->said) != 0;
}

/* A list repeats what was said before; only what is not ordered has to be looked at. */
static bool is_repeated(struct lane *lane, const struct change *c)
{
	char seen[DIGEST_SIZE];
	if (c->revision > 0)
		return c->revision == lane->last_revision && !lane->leaving &&
		       !lane->recalled && !is_other_history(lane, c);
	change_digest(c, seen);
	bool same = !strcmp(seen, lane->seen) && !lane->leaving;
	memcpy(lane->seen, seen, sizeof seen);
	return same;
}

/* ---- what the table says ---- */

/* What a held deletion would have deleted may come back as it was, and what the disk knew of comes
 * once more. */
static int64_t last_revision(const struct lane *lane, const struct intake *in)
{
	bool once_more = lane->recalled && in->change->revision == lane->last_revision;
	bool anew = lane->leaving || once_more || in->other_history;
	return anew ? 0 : lane->last_revision;
}

static struct decision ask(const struct lane *lane, const struct intake *in)
{
	return again_ask(lane, &(struct asking){
				       .deleted = !in->change->text,
				       .schema = in->schema,
				       .facts = &in->facts,
				       .last_revision = last_revision(lane, in),
				       .listed_at = in->listed_at,
				       .mass_delete = in->mass_delete,
			       });
}

/* The source's word: this is wanted now. */
static void want(struct lane *lane, const struct intake *in)
{
	lane_supersede_all(lane);
	asker_answer(lane->engine, &lane->leave_asker,
		     &(struct engine_answer){.result = ENGINE_SUPERSEDED});
	lane->wants = true;
	lane->leaving = lane->held_back = lane->held_mass = false;
	lane->wanted = in->facts;
	saw(lane, in->change->revision);
	if (in->change->revision > 0)
		change_digest(in->change, lane->said);
	board_changed(lane->engine);
}

static void ignore(struct lane *lane, struct intake *in, const struct decision *d)
{
	struct asker asker = *in->asker;
	lane_say(lane, &(struct saying){.outcome = OUTCOME_IGNORED,
					.facts = &in->facts,
					.reason = d->reason});
	asker_answer(lane->engine, &asker,
		     &(struct engine_answer){.result = ENGINE_HELD, .reason = d->reason});
}

static void unchanged(struct lane *lane, struct intake *in)
{
	struct asker asker = *in->asker;
	lane_say(lane,
		 &(struct saying){.outcome = OUTCOME_UNCHANGED,
				  .facts = &in->facts,
				  .quiet = in->facts.revision == lane->runs.facts.revision});
	if (!is_proposal(in)) {
		lane_calm(lane, &in->facts);
		lane->success_at = stamp_now();
	}
	asker_answer(lane->engine, &asker,
		     &(struct engine_answer){.result = ENGINE_UNCHANGED,
					     .generation = lane_generation(lane)});
}

/* Becomes the lane's next change.  Takes the schema. */
static void line_up(struct lane *lane, struct intake *in, enum next_stage stage, bool downgrade)
{
	if (is_proposal(in) && lane->next.schema && !lane->next.asker.done)
		lane_put_aside(lane);
	else
		lane_supersede(lane);
	lane->next = (struct next){.schema = in->schema,
				   .facts = in->facts,
				   .place = strdup(in->change->place ? in->change->place : ""),
				   .downgrade = downgrade,
				   .stage = stage,
				   .asker = *in->asker};
	in->schema = NULL;
}

/* The failure that made it known as bad is what there is to say about it. */
static void recall(struct lane *lane, const struct facts *facts)
{
	const struct bad_change *known = bad_find(&lane->bad, facts->digest);
	if (!known)
		return;
	const struct bad_change copy = *known;
	lane_attempted(lane, &copy.facts, copy.stage, strdup(copy.error), NULL);
	lane->attempt.at = copy.at;
}

/* It stays, to be tried when what holds it is over. */
static void keep_held(struct lane *lane, struct intake *in, const struct decision *d)
{
	line_up(lane, in, NEXT_HELD, d->downgrade);
	lane->next.held = d->reason;
	lane->next.over = !strcmp(d->reason, "known-bad");
	if (lane->next.over)
		waits_for_refs(&lane->next.waits, lane->engine, lane->next.schema);
	if (!strcmp(d->reason, "update-breaker"))
		engine_wake(lane->engine, lane->breaker.until);
}

static void hold(struct lane *lane, struct intake *in, const struct decision *d)
{
	struct asker asker = *in->asker;
	lane_say(lane, &(struct saying){.outcome = OUTCOME_HELD,
					.facts = &in->facts,
					.reason = d->reason,
					.downgrade = d->downgrade});
	if (!is_proposal(in)) {
		lane_state(lane, LANE_HELD, d->reason);
		lane->good = false;
		recall(lane, &in->facts);
		keep_held(lane, in, d);
	}
	asker_answer(lane->engine, &asker,
		     &(struct engine_answer){.result = ENGINE_HELD, .reason = d->reason});
}

/* Refused before it was the lane's next change.  Takes error and report. */
static void reject(struct lane *lane, struct intake *in, const char *stage, const char *reason,
		   bool downgrade, char *error, flume_report *report)
{
	struct next refused = {.facts = in->facts, .downgrade = downgrade, .asker = *in->asker};
	lane_reject(lane, &refused, stage, reason, error, report);
}

static void reject_version(struct lane *lane, struct intake *in, const struct decision *d)
{
	struct next refused = {
		.facts = in->facts, .downgrade = d->downgrade, .asker = *in->asker};
	char *place = strdup(in->change->place ? in->change->place : "");
	refused.place = place;
	lane_reject_version(lane, &refused, d);
	free(place);
}

static void reject_text(struct lane *lane, struct intake *in)
{
	const char *place = in->change->place ? in->change->place : "";
	char *error = first_finding(in->report, place, flume_code_text(in->code));
	flume_report *report = in->report;
	in->report = NULL;
	if (in->code == FLUME_NOMEM && !is_proposal(in)) { /* a list brings it again */
		lane->last_revision = 0;
		*lane->seen = '\0';
	}
	reject(lane, in, "parse", "", false, error, report);
}

static void carry_out(struct lane *lane, struct intake *in, const struct decision *d)
{
	switch (d->verdict) {
	case DECIDE_IGNORED:
		ignore(lane, in, d);
		break;
	case DECIDE_UNCHANGED:
		unchanged(lane, in);
		break;
	case DECIDE_HELD:
		hold(lane, in, d);
		break;
	case DECIDE_REJECTED:
		reject_version(lane, in, d);
		break;
	case DECIDE_GO:
		line_up(lane, in, NEXT_DUE, d->downgrade);
		break;
	}
}

static void read_text(struct intake *in)
{
	const struct change *c = in->change;
	in->report = flume_report_new();
	in->code =
		flume_schema_parse(&in->schema, c->text, c->len, c->format, NULL, in->report);
	if (in->code)
		in->schema = NULL;
	in->facts = facts_of(in->schema, c->revision, c->origin);
	if (!in->schema)
		facts_digest_bytes(in->facts.digest, c->text, c->len);
}

static void take_text(struct lane *lane, struct intake *in)
{
	read_text(in);
	in->other_history = is_other_history(lane, in->change);
	struct decision d = ask(lane, in);
	if (d.rewound || in->other_history)
		log_event(LOG_WARN, "the store has forgotten a revision: wiped or restored",
			  LOG_STR("schema", lane->name), LOG_INT("seen", lane->last_revision),
			  LOG_INT("revision", in->change->revision));
	if (d.verdict != DECIDE_IGNORED && !is_proposal(in))
		want(lane, in);
	if (d.verdict != DECIDE_IGNORED && !in->schema)
		reject_text(lane, in);
	else
		carry_out(lane, in, &d);
	flume_schema_unref(in->schema);
	flume_report_free(in->report);
}

/* ---- deletions ---- */

/* Nothing runs, so there is nothing to be careful with. */
static void delete_what_does_not_run(struct lane *lane, struct intake *in)
{
	struct asker asker = *in->asker;
	bool was_wanted = lane->wants;
	lane_supersede_all(lane);
	lane->wants = lane->leaving = lane->held_back = lane->held_mass = false;
	saw(lane, in->change->revision);
	*lane->seen = '\0';
	if (was_wanted) {
		memory_gone(lane); /* there may be a copy that could not be used */
		lane_say(lane,
			 &(struct saying){.outcome = OUTCOME_REMOVED, .facts = &in->facts});
	}
	board_changed(lane->engine);
	asker_answer(lane->engine, &asker, &(struct engine_answer){.result = ENGINE_NOT_FOUND});
}

static void hold_deletion(struct lane *lane, struct intake *in, const char *reason)
{
	lane_supersede_all(lane);
	lane->leaving = true;
	lane->wants = false;
	lane->wanted = in->facts;
	again_hold_deletion(lane, reason);
}

/* The source's word stays what it was: this may be refused. */
static void propose_deletion(struct lane *lane, const struct asker *asker)
{
	asker_answer(lane->engine, &lane->leave_asker,
		     &(struct engine_answer){.result = ENGINE_SUPERSEDED});
	lane->leave_asker = *asker;
	lane->leave_due = true;
}

static void begin_deletion(struct lane *lane, struct intake *in)
{
	lane_supersede_all(lane);
	lane->leaving = true;
	lane->held_back = lane->held_mass = lane->leave_told = lane->wants = false;
	lane->wanted = in->facts;
	saw(lane, in->change->revision);
	lane->leave_due = true;
}

static void take_deletion(struct lane *lane, struct intake *in)
{
	in->facts = facts_of(NULL, in->change->revision, in->change->origin);
	struct decision d = ask(lane, in);
	if (d.verdict == DECIDE_IGNORED) {
		ignore(lane, in, &d);
	} else if (!lane->runs.schema) {
		delete_what_does_not_run(lane, in);
	} else if (d.verdict == DECIDE_HELD && is_proposal(in)) {
		hold(lane, in, &d);
	} else if (d.verdict == DECIDE_HELD) {
		hold_deletion(lane, in, d.reason);
	} else if (is_proposal(in)) {
		propose_deletion(lane, in->asker);
	} else {
		begin_deletion(lane, in);
	}
}

/* It is one thing to be sure of a deletion, and another to release the schema. */
static void confirm(struct lane *lane, struct asker *asker)
{
	struct facts gone = lane->wanted;
	*gone.digest = '\0';
	struct decision d = again_ask(lane, &(struct asking){.deleted = true, .facts = &gone});
	if (d.verdict == DECIDE_HELD) {
		again_hold_deletion(lane, d.reason);
		asker_answer(
			lane->engine, asker,
			&(struct engine_answer){.result = ENGINE_HELD, .reason = d.reason});
		return;
	}
	propose_deletion(lane, asker);
}

void engine_confirm(struct engine *e, const char *name, engine_done_fn *done, void *arg)
{
	struct lane *lane = map_get(&e->lanes, name);
	struct asker asker = {done, arg};
	if (lane && lane->held_back)
		confirm(lane, &asker);
	else
		asker_answer(e, &asker, &(struct engine_answer){.result = ENGINE_NOT_FOUND});
	engine_advance(e);
}

/* ---- one change ---- */

static void lose(struct engine *e, struct intake *in, const char *why)
{
	struct asker asker = *in->asker;
	log_event(LOG_ERROR, "change lost", LOG_STR("schema", in->change->name),
		  LOG_INT("revision", in->change->revision), LOG_STR("reason", why));
	asker_answer(e, &asker,
		     &(struct engine_answer){
			     .result = ENGINE_REJECTED, .stage = "parse", .reason = why});
}

int intake_change(struct engine *e, const struct change *change, const struct asker *asker,
		  int64_t listed_at, bool mass_delete)
{
	struct intake in = {.change = change,
			    .asker = asker,
			    .listed_at = listed_at,
			    .mass_delete = mass_delete};
	bool named = source_name_good(change->name);
	struct lane *lane = named ? engine_lane(e, change->name) : NULL;
	if (!lane)
		lose(e, &in, named ? "out of memory" : "not a name for a schema");
	else if (!change->text)
		take_deletion(lane, &in);
	else if (is_proposal(&in) || !is_repeated(lane, change))
		take_text(lane, &in);
	return in.code == FLUME_NOMEM || (named && !lane) ? FLUME_NOMEM : 0;
}
