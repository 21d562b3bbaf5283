/*
 * What comes in: is it news, can it be read, and what does the table say?
 *
 * What the source brings is what is wanted, whatever becomes of it, and the status says so.  What is
 * submitted is a proposal, carried out at once or refused, and then it leaves nothing behind.
 *
 * An operator's hold keeps a switch as it keeps a schema, with one exception: turning a switch off
 * is what people do when something burns, so a version that is off and has the default of the one
 * that runs goes on.
 */
#include "agent/switches/inside.h"

#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

struct intake {
	const struct change *change;
	const struct switch_asker *asker;
	int64_t listed_at;
	bool mass_delete;
	struct edition edition; /* no switch: it could not be read, or is none */
	flume_report *report;
	int code; /* of the reading, or of the check */
	char said[DIGEST_SIZE];
};

static bool is_proposal(const struct intake *in)
{
	return in->asker->done;
}

static void answer(const struct intake *in, const struct engine_answer *given)
{
	struct engine_answer full = *given;
	full.stage = given->stage ? given->stage : "";
	full.reason = given->reason ? given->reason : "";
	if (is_proposal(in))
		in->asker->done(in->asker->arg, &full);
}

static const char *place_of(const struct intake *in)
{
	return in->change->place ? in->change->place : "";
}

/* ---- what the table says ---- */

static bool only_turns_off(const struct ab_switch *now, const struct ab_switch *next)
{
	const char *before = ab_variant(now, ab_default(now))->name;
	const char *after = ab_variant(next, ab_default(next))->name;
	return !ab_enabled(next) && !strcmp(before, after);
}

static void lift_holds(struct question *q)
{
	memset(q->pins, 0, sizeof q->pins);
	memset(q->freezes, 0, sizeof q->freezes);
}

struct decision switch_decide(const struct switch_lane *lane, const struct switch_asking *about)
{
	const struct edition *runs = &lane->runs;
	const struct edition *next = about->edition;
	struct question question = {
		.deleted = !next,
		.running_version = runs->facts.version,
		.running_digest = runs->sw ? runs->facts.digest : NULL,
		.version = next ? next->facts.version : "",
		.digest = about->facts->digest,
		.revision = about->facts->revision,
		.last_revision = about->last_revision,
		.listed_at = about->listed_at,
		.mass_delete = about->mass_delete,
	};
	engine_ask_operators(lane->all->engine, lane->name, lane->last_revision, &question);
	if (runs->sw && next && next->sw && only_turns_off(runs->sw, next->sw))
		lift_holds(&question);
	return decide(&question);
}

/* What a held deletion would have deleted may come back as it was; what the disk knew of comes once
 * more; and after a wipe another text may stand at the very revision that was seen. */
static int64_t last_revision(const struct switch_lane *lane, const struct intake *in)
{
	bool anew = lane->leaving || in->change->revision == lane->last_revision;
	return anew ? 0 : lane->last_revision;
}

static struct decision ask(const struct switch_lane *lane, const struct intake *in)
{
	return switch_decide(lane, &(struct switch_asking){
					   .edition = in->change->text ? &in->edition : NULL,
					   .facts = &in->edition.facts,
					   .last_revision = last_revision(lane, in),
					   .listed_at = in->listed_at,
					   .mass_delete = in->mass_delete,
				   });
}

/* ---- what becomes of it ---- */

void switch_supersede(struct switch_lane *lane)
{
	if (lane->next.sw && lane->state != SWITCH_REJECTED)
		switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_SUPERSEDED,
							 .facts = &lane->next.facts});
	edition_fini(&lane->next);
	free(lane->place);
	lane->place = NULL;
}

static void saw(struct switch_lane *lane, const struct intake *in)
{
	if (in->change->revision > 0)
		lane->last_revision = in->change->revision;
	memcpy(lane->said, in->said, sizeof lane->said);
}

/* The source's word: this is wanted now. */
static void want(struct switch_lane *lane, const struct intake *in)
{
	switch_supersede(lane);
	lane->wants = true;
	lane->leaving = lane->held_mass = false;
	lane->wanted = in->edition.facts;
	saw(lane, in);
	engine_guest_changed(lane->all->engine);
}

static void ignore(struct switch_lane *lane, const struct intake *in, const struct decision *d)
{
	switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_IGNORED,
						 .facts = &in->edition.facts,
						 .reason = d->reason});
	answer(in, &(struct engine_answer){.result = ENGINE_HELD, .reason = d->reason});
}

static void unchanged(struct switch_lane *lane, const struct intake *in)
{
	const struct facts *facts = &in->edition.facts;
	switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_UNCHANGED,
						 .facts = facts,
						 .quiet = facts->revision ==
							  lane->runs.facts.revision});
	if (!is_proposal(in))
		switch_calm(lane, facts);
	answer(in, &(struct engine_answer){.result = ENGINE_UNCHANGED,
					   .generation = lane->generation});
}

/* Takes error and the report. */
static void reject(struct switch_lane *lane, struct intake *in, const char *stage,
		   const char *reason, bool downgrade, char *error)
{
	const struct facts *facts = &in->edition.facts;
	const char *text = error ? error : "out of memory";
	switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_REJECTED,
						 .facts = facts,
						 .stage = stage,
						 .reason = reason,
						 .error = text,
						 .downgrade = downgrade});
	answer(in, &(struct engine_answer){.result = ENGINE_REJECTED,
					   .stage = stage,
					   .reason = text,
					   .report = in->report});
	if (is_proposal(in)) {
		free(error);
		return;
	}
	switch_set_state(lane, SWITCH_REJECTED, reason);
	switch_attempted(lane, facts, stage, error, in->report);
	in->report = NULL;
}

static void reject_version(struct switch_lane *lane, struct intake *in,
			   const struct decision *d)
{
	flume_report_free(in->report);
	in->report = NULL;
	reject(lane, in, "check", d->reason, d->downgrade,
	       switch_explain_version(lane, &in->edition.facts, place_of(in), d));
}

static void reject_document(struct switch_lane *lane, struct intake *in)
{
	if (in->code == FLUME_NOMEM && !is_proposal(in)) { /* a list brings it again */
		lane->last_revision = 0;
		*lane->said = '\0';
	}
	reject(lane, in, in->code == FLUME_REJECTED ? "check" : "parse", "", false,
	       first_finding(in->report, place_of(in), flume_code_text(in->code)));
}

/* It is tried with all others that can be. */
static void line_up(struct switch_lane *lane, struct intake *in)
{
	lane->next = in->edition;
	in->edition.sw = NULL;
	lane->place = strdup(place_of(in));
}

static void propose(struct switch_lane *lane, struct intake *in, bool downgrade)
{
	enum judge_verdict verdict = switch_swap(lane, &in->edition, downgrade, in->report);
	if (verdict == JUDGE_GO) {
		switch_supersede(lane);
		*lane->said = '\0'; /* what the source says is news again */
		answer(in, &(struct engine_answer){.result = ENGINE_APPLIED,
						   .generation = lane->generation});
		return;
	}
	in->code = verdict == JUDGE_NOMEM ? FLUME_NOMEM : FLUME_REJECTED;
	reject_document(lane, in);
}

static void hold(struct switch_lane *lane, struct intake *in, const struct decision *d)
{
	switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_HELD,
						 .facts = &in->edition.facts,
						 .reason = d->reason,
						 .downgrade = d->downgrade});
	if (!is_proposal(in)) {
		switch_set_state(lane, SWITCH_HELD, d->reason);
		line_up(lane, in);
	}
	answer(in, &(struct engine_answer){.result = ENGINE_HELD, .reason = d->reason});
}

static void carry_out(struct switch_lane *lane, struct intake *in, const struct decision *d)
{
	switch (d->verdict) {
	case DECIDE_IGNORED:
		break;
	case DECIDE_UNCHANGED:
		unchanged(lane, in);
		break;
	case DECIDE_REJECTED:
		reject_version(lane, in, d);
		break;
	case DECIDE_HELD:
		hold(lane, in, d);
		break;
	case DECIDE_GO:
		if (is_proposal(in))
			propose(lane, in, d->downgrade);
		else
			line_up(lane, in);
		break;
	}
}

/* ---- a text ---- */

static void read_document(struct intake *in, const char *name)
{
	const struct change *c = in->change;
	flume_schema *document = NULL;
	in->report = flume_report_new();
	in->code = flume_schema_parse(&document, c->text, c->len, c->format, NULL, in->report);
	if (in->code)
		document = NULL;
	in->edition.facts = facts_of(document, c->revision, c->origin);
	if (!document)
		facts_digest_bytes(in->edition.facts.digest, c->text, c->len);
	else
		in->code = ab_make(&in->edition.sw, name, document, in->report);
	if (in->code)
		in->edition.sw = NULL;
	flume_schema_unref(document);
}

static void take_text(struct switch_lane *lane, struct intake *in)
{
	read_document(in, lane->name);
	struct decision d = ask(lane, in);
	if (d.rewound)
		log_event(LOG_WARN, "the store has forgotten a revision: wiped or restored",
			  LOG_STR("switch", lane->name), LOG_INT("seen", lane->last_revision),
			  LOG_INT("revision", in->change->revision));
	if (d.verdict == DECIDE_IGNORED)
		ignore(lane, in, &d);
	else if (!is_proposal(in))
		want(lane, in);
	if (d.verdict != DECIDE_IGNORED && !in->edition.sw)
		reject_document(lane, in);
	else
		carry_out(lane, in, &d);
	edition_fini(&in->edition);
	flume_report_free(in->report);
}

/* ---- deletions ---- */

static void forget(struct switch_lane *lane, struct intake *in)
{
	bool wanted = lane->wants;
	switch_supersede(lane);
	lane->wants = lane->leaving = lane->held_mass = false;
	*in->said = '\0';
	saw(lane, in);
	if (wanted) {
		copy_due(lane); /* there may be one that could not be used */
		switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_REMOVED,
							 .facts = &in->edition.facts});
	}
	engine_guest_changed(lane->all->engine);
	answer(in, &(struct engine_answer){.result = ENGINE_NOT_FOUND});
}

static void propose_deletion(struct switch_lane *lane, struct intake *in)
{
	flume_report *report = flume_report_new();
	if (switch_remove(lane, report)) {
		switch_supersede(lane);
		answer(in, &(struct engine_answer){.result = ENGINE_APPLIED});
	} else {
		switch_say(lane, &(struct switch_saying){.outcome = SWITCH_OUTCOME_REJECTED,
							 .facts = &lane->runs.facts,
							 .reason = "in-use"});
		answer(in, &(struct engine_answer){.result = ENGINE_IN_USE,
						   .reason = "in-use",
						   .report = report});
	}
	flume_report_free(report);
}

static void begin_deletion(struct switch_lane *lane, struct intake *in,
			   const struct decision *d)
{
	switch_supersede(lane);
	lane->leaving = true;
	lane->wants = false;
	lane->held_mass = !strcmp(d->reason, "mass-delete");
	lane->wanted = in->edition.facts;
	*in->said = '\0';
	if (d->verdict == DECIDE_GO)
		saw(lane, in);
	*lane->said = '\0';
}

static void take_deletion(struct switch_lane *lane, struct intake *in)
{
	in->edition.facts = facts_of(NULL, in->change->revision, in->change->origin);
	struct decision d = ask(lane, in);
	if (d.verdict == DECIDE_IGNORED)
		ignore(lane, in, &d);
	else if (!lane->runs.sw)
		forget(lane, in);
	else if (is_proposal(in) && d.verdict == DECIDE_HELD)
		answer(in, &(struct engine_answer){.result = ENGINE_HELD, .reason = d.reason});
	else if (is_proposal(in))
		propose_deletion(lane, in);
	else
		begin_deletion(lane, in, &d);
}

/* ---- one change ---- */

/* A list repeats what was said before. */
static bool is_repeated(const struct switch_lane *lane, const struct intake *in)
{
	bool same_revision =
		in->change->revision <= 0 || in->change->revision == lane->last_revision;
	return same_revision && !lane->leaving && !strcmp(in->said, lane->said);
}

static int lose(const struct intake *in, const char *why)
{
	log_event(LOG_ERROR, "change of a switch lost", LOG_STR("switch", in->change->name),
		  LOG_INT("revision", in->change->revision), LOG_STR("reason", why));
	answer(in, &(struct engine_answer){
			   .result = ENGINE_REJECTED, .stage = "parse", .reason = why});
	return FLUME_NOMEM;
}

int switch_change(struct switches *all, const struct change *change,
		  const struct switch_asker *asker, int64_t listed_at, bool mass_delete)
{
	struct intake in = {.change = change,
			    .asker = asker,
			    .listed_at = listed_at,
			    .mass_delete = mass_delete};
	if (!source_name_good(change->name)) {
		(void)lose(&in, "not a name for a switch");
		return 0;
	}
	struct switch_lane *lane = switch_lane(all, change->name);
	if (!lane)
		return lose(&in, "out of memory");
	if (!change->text) {
		take_deletion(lane, &in);
		return 0;
	}
	change_digest(change, in.said);
	if (is_proposal(&in) || !is_repeated(lane, &in))
		take_text(lane, &in);
	return in.code == FLUME_NOMEM ? FLUME_NOMEM : 0;
}
