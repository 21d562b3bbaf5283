/*
 * Probation: the calls of the new generation are counted from the outside, by looking.
 *
 * A lane's pipeline may be replaced while it is on probation, when a schema it refers to
 * changes. That is still the same release, so what its pipelines counted is added up.  It also
 * works inside the pipelines of the schemas that refer to it, so what those count that were
 * swapped in with it is added too.
 *
 * Going back is a swap like any other, to the release that was kept.  It can fail only when
 * what that one needs is gone; then the new one goes on, the status says so, and it is tried
 * again.
 */
#include "agent/engine/lane.h"

#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define LOOK  (100 * MS)
#define AGAIN (1000 * MS)
#define TRIES 8

/* ---- who is watched ---- */

static struct tally add(struct tally a, struct tally b)
{
	return (struct tally){a.calls + b.calls, a.failures + b.failures};
}

static struct tally tally_of(const flume_pipeline *pipeline)
{
	struct flume_pipeline_info info = {0};
	if (pipeline)
		flume_pipeline_read(pipeline, &info);
	return (struct tally){info.calls,
			      info.failures < info.calls ? info.failures : info.calls};
}

struct tally guard_before(struct engine *e, flume_change *change)
{
	struct tally sum = {0};
	const char *id;
	for (size_t i = 0; (id = flume_change_get_id(change, i)); i++) {
		const struct lane *lane = map_get(&e->lanes, id);
		flume_pipeline *pipeline = lane && lane->binding
						   ? flume_binding_dup_pipeline(lane->binding)
						   : NULL;
		sum = add(sum, tally_of(pipeline));
		flume_pipeline_unref(pipeline);
	}
	return sum;
}

int followers_of(flume_change *change, struct followers *out)
{
	size_t n = 1; /* its own is always there */
	while (flume_change_get_pipeline(change, n))
		n++;
	*out = (struct followers){calloc(n, sizeof(flume_pipeline *)), 0};
	if (!out->list)
		return FLUME_NOMEM;
	for (size_t i = 1; i < n; i++)
		out->list[out->n++] = flume_pipeline_ref(flume_change_get_pipeline(change, i));
	return 0;
}

void followers_fini(struct followers *f)
{
	for (size_t i = 0; i < f->n; i++)
		flume_pipeline_unref(f->list[i]);
	free(f->list);
	*f = (struct followers){0};
}

static int64_t next_look(const struct lane *lane, int64_t now)
{
	int64_t left = lane->limits.duration_ns - (now - lane->began);
	return left < LOOK ? now + (left > 0 ? left : 0) : now + LOOK;
}

void guard_begin(struct lane *lane, const struct probation_limits *limits,
		 struct followers *followers)
{
	int64_t now = loop_now();
	lane->watched = flume_binding_dup_pipeline(lane->binding);
	lane->followers = *followers;
	*followers = (struct followers){0};
	lane->limits = *limits;
	lane->past = (struct tally){0};
	lane->began = now;
	engine_wake(lane->engine, next_look(lane, now));
}

void guard_end(struct lane *lane)
{
	lane->watched = flume_pipeline_unref(lane->watched);
	followers_fini(&lane->followers);
	lane->fall_at = 0;
}

/* ---- counting ---- */

static struct tally count(struct lane *lane)
{
	flume_pipeline *serves = flume_binding_dup_pipeline(lane->binding);
	if (serves && serves != lane->watched) {
		lane->past = add(lane->past, tally_of(lane->watched));
		flume_pipeline_unref(lane->watched);
		lane->watched = serves;
	} else {
		flume_pipeline_unref(serves);
	}
	struct tally sum = add(lane->past, tally_of(lane->watched));
	for (size_t i = 0; i < lane->followers.n; i++)
		sum = add(sum, tally_of(lane->followers.list[i]));
	return sum;
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
		rc = flume_change_commit(change);
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
	lane->fall_at = loop_now() + AGAIN;
	if (lane->state == LANE_ROLLED_BACK || lane->state == LANE_PROBATION)
		lane_state(lane, LANE_ROLLED_BACK, "no-way-back");
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
	probation_explain(&lane->limits, lane->before, now, why, sizeof why);
	memory_bad(lane, &bad, "", "probation", why);
	if (lane->state == LANE_PROBATION)
		lane->good = false;
	show(lane, &bad, LANE_ROLLED_BACK, "probation", why);
	fall(lane, why);
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
	struct tally tally = count(lane);
	switch (probation_judge(&lane->limits, lane->before, tally, now - lane->began)) {
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
