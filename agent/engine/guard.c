/*
 * Probation: the calls of the new release are counted (see count.c), and looked at now and then.
 *
 * Going back is a swap like any other, to the release that was kept.  It can fail only when
 * what that one needs is gone; then the new one goes on, the status says so, and it is tried
 * again.
 */
#include "agent/engine/inside.h"

#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define LOOK  (100 * MS)
#define AGAIN (1000 * MS)
#define TRIES 8

static int64_t next_look(const struct lane *lane, int64_t now)
{
	int64_t left = lane->limits.duration_ns - (now - lane->began);
	return left < LOOK ? now + (left > 0 ? left : 0) : now + LOOK;
}

void guard_begin(struct lane *lane, const struct probation_limits *limits)
{
	int64_t now = loop_now();
	lane->watched = true;
	lane->limits = *limits;
	lane->began = now;
	engine_wake(lane->engine, next_look(lane, now));
}

void guard_end(struct lane *lane)
{
	lane->watched = false;
	lane->fall_at = 0;
}

/* ---- verdicts ---- */

/* A newer change may have had its own outcome meanwhile, and that is what the state is about.
 */
static void show(struct lane *lane, const struct facts *facts, enum lane_state state,
		 const char *stage, const char *error)
{
	if (lane->state == LANE_PROBATION) {
		lane_attempted(lane, facts, stage, error ? strdup(error) : NULL, NULL);
		lane_state(lane, state, "");
	}
	board_changed(lane->engine);
}

static void keep(struct lane *lane, bool proven)
{
	guard_end(lane);
	release_fini(&lane->kept);
	engine_moved(lane->engine, lane->name); /* nothing that it kept is needed any more */
	lane->runs.proven = proven;
	lane->runs.inconclusive = !proven;
	lane->save = SAVE_DUE;
	lane->save_at = 0;
	engine_wake(lane->engine, 0);
	breaker_good(&lane->breaker);
	crash_clear(lane, &lane->runs.facts);
	crash_note(lane);
	show(lane, &lane->runs.facts, LANE_RUNNING, "", NULL);
	lane_say(lane,
		 &(struct saying){.outcome = proven ? OUTCOME_PROVEN : OUTCOME_INCONCLUSIVE,
				  .facts = &lane->runs.facts,
				  .stage = "probation",
				  .reason = proven ? NULL : "inconclusive"});
}

static int swap_back(struct lane *lane, flume_report *report)
{
	flume_factory *factory = lane->engine->factory;
	int rc = FLUME_CONFLICT;
	for (int i = 0; rc == FLUME_CONFLICT && i < TRIES; i++) {
		flume_change *change;
		rc = flume_factory_prepare(factory, lane->name, lane->kept.schema, &change,
					   report);
		if (rc)
			break;
		rc = count_commit(lane->engine, change);
		flume_change_free(change);
	}
	return rc;
}

static void cannot_fall(struct lane *lane, int rc, flume_report *report)
{
	const struct flume_issue *first = flume_report_get_issue(report, 0);
	if (!lane->fall_at)
		log_event(LOG_ERROR, "no way back: the bad version goes on",
			  LOG_STR("schema", lane->name),
			  LOG_STR("version", lane->runs.facts.version),
			  LOG_STR("to", lane->kept.facts.version),
			  LOG_STR("error", first ? first->text : flume_code_text(rc)));
	lane->fall_at = loop_now() + (rc == FLUME_NOMEM ? LOOK : AGAIN);
	if (lane->state == LANE_ROLLED_BACK || lane->state == LANE_PROBATION)
		lane_state(lane, LANE_ROLLED_BACK, "no-way-back");
}

/* It was wanted, and is bad: it stays in case it is cleared, aside while a proposal is tried. */
static void keep_refused(struct lane *lane)
{
	struct release *bad = &lane->runs;
	struct next *place = lane->next.asker.done ? &lane->aside : &lane->next;
	if (place->schema || strcmp(lane->wanted.digest, bad->facts.digest) != 0)
		return;
	*place = (struct next){.schema = bad->schema, .facts = bad->facts};
	bad->schema = NULL;
	next_refused(place);
}

static void fall(struct lane *lane, const char *why)
{
	flume_report *report = flume_report_new();
	struct facts bad = lane->runs.facts;
	int rc = swap_back(lane, report);
	if (rc) {
		cannot_fall(lane, rc, report);
	} else {
		engine_moved(lane->engine, lane->name);
		guard_end(lane);
		keep_refused(lane);
		crash_note(lane);
		release_fini(&lane->runs);
		lane->runs = lane->kept;
		lane->runs.since = stamp_now();
		lane->kept = (struct release){0};
		if (lane->state == LANE_ROLLED_BACK)
			lane_state(lane, LANE_ROLLED_BACK, "");
		lane_say(lane, &(struct saying){.outcome = OUTCOME_ROLLED_BACK,
						.facts = &bad,
						.to = lane->runs.facts.version,
						.stage = "probation",
						.error = why});
		board_changed(lane->engine);
	}
	flume_report_free(report);
}

static void condemn(struct lane *lane, struct tally now)
{
	char why[240];
	const struct facts bad = lane->runs.facts;
	probation_explain(&lane->limits, lane->runs.before, now, why, sizeof why);
	if (lane->state == LANE_PROBATION)
		lane->good = false;
	show(lane, &bad, LANE_ROLLED_BACK, "probation", why);
	fall(lane, why); /* the service first: the disk may be slow */
	memory_bad(lane, &bad, "", "probation", why);
}

int64_t guard_look(struct lane *lane, int64_t now)
{
	if (!lane->watched)
		return INT64_MAX;
	if (lane->fall_at) {
		if (now >= lane->fall_at)
			fall(lane, "");
		return lane->fall_at ? lane->fall_at : INT64_MAX;
	}
	struct tally tally = count_calls(lane);
	switch (probation_judge(&lane->limits, lane->runs.before, tally, now - lane->began)) {
	case PROBATION_WAIT:
		return next_look(lane, now);
	case PROBATION_PROVEN:
		keep(lane, true);
		break;
	case PROBATION_INCONCLUSIVE:
		keep(lane, false);
		break;
	case PROBATION_ROLL_BACK:
		condemn(lane, tally);
		break;
	}
	return lane->fall_at ? lane->fall_at : INT64_MAX;
}
