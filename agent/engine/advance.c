/*
 * From decided to running: check and build, canary, swap.
 *
 * Whether a schema checks depends on others, so what did not is kept and tried again when one
 * of those changed; likewise a deletion that another schema stood against.  A round tries
 * all that is due, and rounds go on as long as one of them changed the store.  So a list of
 * schemas that refer to one another settles in whatever order it came, and only what is left
 * over then is worth a word.
 *
 * An answer may submit something new while a round is under way; that waits for the next one.
 */
#include "agent/engine/inside.h"

#include "agent/document/places.h"
#include "agent/engine/canary.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define ALL_CASES (60000 * MS) /* that a canary may take */

/* ---- failures ---- */

/* It did not get on, and waits for nobody yet. */
static void stop(struct lane *lane, int code, flume_report *report)
{
	struct next *next = &lane->next;
	flume_report_free(next->report);
	next->change = flume_change_free(next->change);
	next->share = traffic_close(next->share);
	next->report = report;
	next->code = code;
	next->stage = NEXT_BLOCKED;
	next->due = next->begun = false;
	waits_fini(&next->waits);
	next->told = false;
	next->began = loop_now();
	if (code == FLUME_NOMEM)
		engine_wake(lane->engine, next->began);
	crash_note(lane);
}

static void block(struct lane *lane, int code, flume_report *report)
{
	struct next *next = &lane->next;
	stop(lane, code, report);
	waits_for_findings(&next->waits, lane->engine, next->schema, report);
}

static const char *stage_of(const struct next *next)
{
	return next->code == FLUME_REJECTED ? "check"
	       : next->code == FLUME_FAILED ? next->failed
					    : "build";
}

static void tell_waiting(struct lane *lane, char *error)
{
	struct next *next = &lane->next;
	lane_say(lane, &(struct saying){.outcome = OUTCOME_WAITING,
					.facts = &next->facts,
					.stage = stage_of(next),
					.error = error,
					.downgrade = next->downgrade});
	lane->good = false;
	lane_state(lane, LANE_WAITING, "unknown-ref");
	lane_attempted(lane, &next->facts, stage_of(next), error, next->report);
	next->report = NULL;
}

static void tell_rejected(struct lane *lane, char *error)
{
	struct next *next = &lane->next;
	flume_report *report = next->report;
	next->report = NULL;
	lane_reject(lane, next, stage_of(next), "", error, report);
}

static bool is_old_news(const struct lane *lane, enum lane_state state, const char *error)
{
	return lane->next.ever_told && lane->state == state && lane->attempt.error && error &&
	       !strcmp(lane->attempt.error, error);
}

/* Says why a change did not get on, unless it was said before; a proposal has its answer then,
 * and is over. */
static void tell_blocked(struct lane *lane)
{
	struct next *next = &lane->next;
	if (next->told)
		return;
	bool waits =
		!next->asker.done && refs_are_awaited(lane->engine, next->schema, next->report);
	char *error = first_finding(next->report, next->place ? next->place : "",
				    flume_code_text(next->code));
	if (next->asker.done) {
		struct next over = lane_take_next(lane);
		flume_report *report = over.report;
		over.report = NULL;
		lane_reject(lane, &over, stage_of(&over), "", error, report);
		next_fini(lane->engine, &over);
		lane_bring_back(lane);
		return;
	}
	if (is_old_news(lane, waits ? LANE_WAITING : LANE_REJECTED, error))
		free(error);
	else if (waits)
		tell_waiting(lane, error);
	else
		tell_rejected(lane, error);
	next->told = next->ever_told = true;
}

/* It stays, and says so once. */
static void refuse_for_now(struct lane *lane, const char *stage, const struct flume_err *err)
{
	struct next *next = &lane->next;
	next_refused(next);
	crash_note(lane);
	if (!is_old_news(lane, LANE_REJECTED, err->text))
		lane_reject(lane, next, stage, "", strdup(err->text), NULL);
	next->told = next->ever_told = true;
}

static void refuse(struct lane *lane, const char *stage, const struct flume_err *err)
{
	struct next next = lane_take_next(lane);
	crash_note(lane);
	next.share = traffic_close(next.share);
	lane_reject(lane, &next, stage, "", strdup(err->text), NULL);
	next_fini(lane->engine, &next);
	lane_bring_back(lane);
}

/* Others had a part in it: it is refused, and tried again when one of them changes. */
static void await_others(struct lane *lane, const char *stage, const struct flume_err *err)
{
	struct engine *e = lane->engine;
	struct next *next = &lane->next;
	next->failed = stage;
	stop(lane, FLUME_FAILED, NULL);
	waits_for_refs(&next->waits, e, next->schema);
	if (*err->path)
		waits_for_dependent(&next->waits, e, err->path);
	if (!is_old_news(lane, LANE_REJECTED, err->text))
		lane_reject(lane, next, stage, "", strdup(err->text), NULL);
	next->told = next->ever_told = next->over = true;
	/* It may be over already. */
	next->due = e->commits != next->as_of || e->sides.moved != next->cases_as_of;
}

/* A change is bad by itself, or together with what it refers to; what fails in the case of
 * another schema may be right for the next version of that one. */
void lane_fail(struct lane *lane, const char *stage, const struct flume_err *err)
{
	struct next *next = &lane->next;
	bool others = *err->path || *next->context;
	if (*err->path)
		memory_bad_update(lane, &next->facts);
	else
		memory_bad(lane, &next->facts, next->context, stage, err->text);
	if (next->asker.done)
		refuse(lane, stage, err);
	else if (others)
		await_others(lane, stage, err);
	else
		refuse_for_now(lane, stage, err);
}

void lane_block(struct lane *lane, int code)
{
	block(lane, code, NULL);
}

/* ---- the swap ---- */

bool lane_keeps(const struct lane *lane, const struct facts *facts)
{
	return lane->kept.schema && !strcmp(lane->kept.facts.digest, facts->digest);
}

static bool is_watched(const struct lane *lane, const struct next *next,
		       struct probation_limits *out)
{
	*out = canary_probation(next->schema, &lane->engine->probation);
	return lane->runs.schema && out->duration_ns > 0 && !lane_keeps(lane, &next->facts);
}

/* The release that ran becomes the one to go back to, if it is worth it. */
static void turn_over(struct lane *lane, struct next *next)
{
	struct release fresh = {.schema = next->schema,
				.facts = next->facts,
				.since = stamp_now(),
				.verdicts = next->verdicts};
	struct probation_limits limits;
	bool watch = is_watched(lane, next, &limits);
	next->schema = NULL;
	/* What is on probation is not what a newer one is compared with. */
	fresh.before = lane->watched
			       ? lane->runs.before
			       : probation_before(&limits, lane->runs.past, lane->runs.before);
	if (watch && !lane->watched) {
		lane->kept = lane->runs;
		lane->runs = (struct release){0};
	}
	guard_end(lane);
	release_fini(&lane->runs);
	lane->runs = fresh;
	if (watch) {
		guard_begin(lane, &limits);
		return;
	}
	release_fini(&lane->kept);
	crash_clear(lane, &lane->runs.facts);
	lane->runs.proven = true;
	lane->save = SAVE_DUE;
	lane->save_at = 0;
	engine_wake(lane->engine, 0);
	breaker_good(&lane->breaker);
}

static void swapped(struct lane *lane)
{
	struct next next = lane_take_next(lane);
	char from[FACTS_VERSION];
	memcpy(from, lane->runs.facts.version, sizeof from);
	lane->wants = true;
	lane->leaving = lane->held_back = lane->held_mass = false;
	waits_fini(&lane->leave_waits);
	lane->wanted = next.facts;
	if (next.asker.done)
		*lane->seen = '\0'; /* what the source says is news again */
	turn_over(lane, &next);
	crash_note(lane);
	if (lane->aside.schema)
		lane_supersede_all(lane);
	lane_calm(lane, &next.facts);
	lane->success_at = stamp_now();
	lane_say(lane, &(struct saying){.outcome = OUTCOME_APPLIED,
					.facts = &next.facts,
					.from = from,
					.downgrade = next.downgrade});
	asker_answer(lane->engine, &next.asker,
		     &(struct engine_answer){.result = ENGINE_APPLIED,
					     .generation = lane_generation(lane)});
	next_fini(lane->engine, &next);
}

/* A schema that HTTP cannot find does not run. */
static int bind(struct lane *lane)
{
	flume_factory *factory = lane->engine->factory;
	if (lane->binding)
		return 0;
	int rc = flume_factory_bind(factory, lane->name, lane->name, 0, &lane->binding, NULL);
	if (rc) {
		(void)flume_factory_remove_schema(factory, lane->name, NULL);
		count_end(lane);
	}
	return rc;
}

void lane_swap(struct lane *lane)
{
	struct next *next = &lane->next;
	struct engine *e = lane->engine;
	struct probation_limits limits;
	flume_change *change = next->change;
	if (is_watched(lane, next, &limits)) {
		next->begun = true; /* live calls are next */
		crash_note(lane);
	}
	next->change = NULL;
	int rc = count_commit(e, change);
	flume_change_free(change);
	if (rc == FLUME_CONFLICT) {
		next->stage = NEXT_DUE;
		next->begun = false;
		e->again = true;
		return;
	}
	if (!rc)
		rc = bind(lane);
	if (rc) {
		block(lane, rc, NULL);
		return;
	}
	engine_moved(e, lane->name);
	swapped(lane);
}

/* ---- trying ---- */

bool lane_met_other_cases(const struct lane *lane)
{
	const struct next *next = &lane->next;
	char now[DIGEST_SIZE];
	if (next->cases_as_of == lane->engine->sides.moved)
		return false;
	extras_digest(lane->engine, next->change, now);
	return strcmp(now, next->cases) != 0;
}

static void on_trial(void *arg, const struct flume_err *err)
{
	struct lane *lane = arg;
	lane->next.trial = NULL;
	if (lane_met_other_cases(lane))
		next_rest(&lane->next); /* it met cases that may not be in force any more */
	else if (!err)
		stages_begin(lane);
	else if (err->code == FLUME_FAILED)
		lane_fail(lane, "canary", err);
	else
		block(lane, err->code, NULL);
	engine_advance(lane->engine);
}

static void on_trial_begin(void *arg)
{
	struct lane *lane = arg;
	lane->next.begun = true;
	crash_note(lane);
}

static flume_schema *find_extra(void *arg, const char *id)
{
	return extras_of(arg, id);
}

static bool has_extra(struct engine *e, flume_change *change)
{
	const char *id;
	for (size_t i = 0; (id = flume_change_get_id(change, i)); i++)
		if (extras_of(e, id))
			return true;
	return false;
}

static void begin_trial(struct lane *lane)
{
	const struct trial_calls calls = {on_trial_begin, on_trial, lane};
	struct next *next = &lane->next;
	struct engine *e = lane->engine;
	const struct trial_limits limits = {.case_ns = e->options.case_limit_ns,
					    .all_ns = ALL_CASES,
					    .running = lane->counted,
					    .extra = find_extra,
					    .arg = e};
	next->began = loop_now();
	next->since = stamp_now();
	next->shown = next->begun = false;
	if (canary_compares(next->schema) && !lane->counted)
		log_event(LOG_INFO, "nothing runs that the canary could be compared with",
			  LOG_STR("schema", lane->name),
			  LOG_STR("version", next->facts.version));
	next->trial = trial_start(e->trials, next->change, &limits, &calls);
	if (!next->trial) {
		block(lane, FLUME_NOMEM, NULL);
		return;
	}
	engine_wake(e, next->began);
}

/* What the stages after the cases said holds as long as what it refers to is the same. */
static int look_around(struct lane *lane)
{
	struct next *next = &lane->next;
	char before[DIGEST_SIZE];
	memcpy(before, next->context, sizeof before);
	next->as_of = lane->engine->commits;
	next->cases_as_of = lane->engine->sides.moved;
	extras_digest(lane->engine, next->change, next->cases);
	if (refs_context(lane, next->schema, next->context))
		return FLUME_NOMEM;
	if (strcmp(before, next->context) != 0)
		next->tried = false;
	return 0;
}

static void try_next(struct lane *lane)
{
	struct next *next = &lane->next;
	flume_report *report = flume_report_new();
	next->due = false;
	int rc = places_check(flume_schema_get_canary(next->schema), report);
	bool placed = !rc;
	if (placed)
		rc = guest_check(lane->engine, next->schema, report);
	bool refused = placed && rc;
	if (!rc)
		rc = flume_factory_prepare(lane->engine->factory, lane->name, next->schema,
					   &next->change, report);
	if (rc) {
		block(lane, rc, report);
		if (refused)
			guest_wait(&next->waits);
		return;
	}
	flume_report_free(report);
	if (look_around(lane)) {
		block(lane, FLUME_NOMEM, NULL);
		return;
	}
	next->stage = NEXT_TRIAL;
	if (trial_needed(next->change) || has_extra(lane->engine, next->change))
		begin_trial(lane);
	else
		stages_begin(lane);
}

static bool is_due(const struct lane *lane)
{
	const struct next *next = &lane->next;
	return next->schema &&
	       (next->stage == NEXT_DUE ||
		((next->stage == NEXT_BLOCKED || next->stage == NEXT_HELD) && next->due));
}

static void round_of_tries(struct engine *e)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (lane_leaves(lane) && lane->leave_due)
			lane_retire(lane);
		else if (is_due(lane) && again_may_try(lane) && turns_allow(lane))
			try_next(lane);
	}
}

/* An answer may change the lanes; what it adds has its own round. */
static void tell_left_over(struct engine *e)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (lane_leaves(lane))
			lane_retire_tell(lane);
		if (lane->next.schema && lane->next.stage == NEXT_BLOCKED)
			tell_blocked(lane);
	}
}

void engine_advance(struct engine *e)
{
	e->again = true;
	if (e->advancing || !sides_ready(e))
		return;
	e->advancing = true;
	while (e->again) {
		e->again = false;
		uint64_t before = e->commits;
		round_of_tries(e);
		if (e->commits != before)
			e->again = true;
		else if (!e->again)
			tell_left_over(e);
	}
	e->advancing = false;
	guest_moved(e);
}
