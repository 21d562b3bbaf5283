/*
 * Between the cases and the swap: a shadow, then a live canary, if the schema asks for them.
 *
 * Both need something that runs.  What they said is about the candidate beside that very pipeline,
 * and about the schemas it refers to as they run: when either changes meanwhile, the change starts
 * over.  Once both are over they are not repeated because the swap has to be prepared again.
 *
 * A candidate may crash the agent here as in its cases, so it is noted like them; see crash.c.
 */
#include "agent/engine/inside.h"

#include "agent/engine/terms.h"
#include "agent/log/log.h"

#include <stdio.h>
#include <string.h>

#define LOOK (100 * MS)
#define PACE (1000 * MS) /* between counts on the page */

const char *stage_word(const struct next *next)
{
	if (!next->schema)
		return NULL;
	return next->stage == NEXT_TRIAL    ? "canary"
	       : next->stage == NEXT_SHADOW ? "shadow"
	       : next->stage == NEXT_LIVE   ? "live"
					    : NULL;
}

/* ---- beginning ---- */

static void note_began(struct lane *lane, enum next_stage stage)
{
	struct next *next = &lane->next;
	next->stage = stage;
	next->began = loop_now();
	next->since = stamp_now();
	log_event(LOG_INFO, stage == NEXT_SHADOW ? "shadow begins" : "live canary begins",
		  LOG_STR("schema", lane->name), LOG_STR("version", next->facts.version),
		  LOG_STR("running", lane->runs.facts.version));
	board_changed(lane->engine);
	engine_wake(lane->engine, next->began + LOOK);
}

/* Before anything runs it. */
static void note_begun(struct lane *lane)
{
	lane->next.begun = true;
	crash_note(lane);
}

static struct share_terms terms_of(const struct lane *lane, uint32_t share)
{
	return (struct share_terms){
		.name = lane->name,
		.candidate = flume_change_get_pipeline(lane->next.change, 0),
		.running = lane->counted,
		.share = share,
	};
}

static void begin_shadow(struct lane *lane, const struct shadow_terms *asked)
{
	struct flume_err err = {0};
	struct share_terms terms = terms_of(lane, asked->share);
	terms.except = asked->except;
	terms.max_ratio = asked->limits.max_ratio;
	note_begun(lane);
	int rc = traffic_open_shadow(lane->engine->traffic, &terms, &lane->next.share, &err);
	if (!rc)
		note_began(lane, NEXT_SHADOW);
	else if (rc == FLUME_FAILED)
		lane_fail(lane, "shadow", &err);
	else
		lane_block(lane, rc);
}

static void begin_live(struct lane *lane, const struct live_terms *asked)
{
	struct flume_err err = {0};
	struct share_terms terms = terms_of(lane, asked->share);
	terms.by = asked->by;
	note_begun(lane);
	int rc = traffic_open_live(lane->engine->traffic, &terms, &lane->next.share, &err);
	if (!rc)
		note_began(lane, NEXT_LIVE);
	else if (rc == FLUME_FAILED)
		lane_fail(lane, "live", &err);
	else
		lane_block(lane, rc);
}

void stages_begin(struct lane *lane)
{
	struct next *next = &lane->next;
	struct shadow_terms shadow;
	struct live_terms live;
	bool beside = lane->counted && !next->tried && !lane_keeps(lane, &next->facts);
	if (beside && next->stage < NEXT_SHADOW && terms_shadow(next->schema, &shadow)) {
		begin_shadow(lane, &shadow);
	} else if (beside && next->stage < NEXT_LIVE && terms_live(next->schema, &live)) {
		begin_live(lane, &live);
	} else {
		next->tried = true;
		lane_swap(lane);
	}
}

/* ---- under way ---- */

static void say_counts(const struct lane *lane, const char *verdict,
		       const struct share_counts *counts)
{
	const struct next *next = &lane->next;
	bool shadow = next->stage == NEXT_SHADOW;
	log_event(LOG_INFO, shadow ? "shadow ends" : "live canary ends",
		  LOG_STR("schema", lane->name), LOG_STR("version", next->facts.version),
		  LOG_STR("verdict", verdict),
		  LOG_INT("documents",
			  (int64_t)(shadow ? counts->compared : counts->candidate_calls)),
		  LOG_INT(shadow ? "differed" : "failed",
			  (int64_t)(shadow ? counts->differed : counts->candidate_failures)));
}

static void pass(struct lane *lane, const char *verdict, const struct share_counts *counts)
{
	struct next *next = &lane->next;
	say_counts(lane, verdict, counts);
	*(next->stage == NEXT_SHADOW ? &next->verdicts.shadow : &next->verdicts.live) = verdict;
	next->share = traffic_close(next->share);
	stages_begin(lane);
}

static int64_t look_again(struct lane *lane, int64_t duration_ns, int64_t now)
{
	struct next *next = &lane->next;
	int64_t end = next->began + duration_ns;
	if (now >= next->counted_at + PACE) {
		next->counted_at = now;
		board_counted(lane->engine);
	}
	return end > now && end < now + LOOK ? end : now + LOOK;
}

static int64_t look_at_shadow(struct lane *lane, const struct share_counts *c, int64_t now)
{
	struct flume_err err = {0};
	struct shadow_terms asked = {0};
	char why[sizeof err.text];
	terms_shadow(lane->next.schema, &asked);
	const struct shadow_tally tally = {c->compared, c->differed, c->slower, c->stuck_ns};
	enum shadow_verdict verdict =
		shadow_judge(&asked.limits, &tally, now - lane->next.began);
	switch (verdict) {
	case SHADOW_WAIT:
		return look_again(lane, asked.limits.duration_ns, now);
	case SHADOW_GOOD:
		pass(lane, "passed", c);
		break;
	case SHADOW_NO_VERDICT:
		pass(lane, "inconclusive", c);
		break;
	case SHADOW_DIFFERS:
	case SHADOW_SLOW:
	case SHADOW_STUCK:
		shadow_explain(verdict, &asked.limits, &tally, c->first, why, sizeof why);
		flume_fail(&err, FLUME_FAILED, "%s", why);
		lane_fail(lane, "shadow", &err);
		break;
	}
	return INT64_MAX;
}

static int64_t look_at_live(struct lane *lane, const struct share_counts *c, int64_t now)
{
	struct flume_err err = {0};
	struct live_terms asked = {0};
	char why[sizeof err.text];
	terms_live(lane->next.schema, &asked);
	const struct tally candidate = {c->candidate_calls, c->candidate_failures},
			   running = {c->running_calls, c->running_failures};
	switch (live_judge(&asked.limits, candidate, running, now - lane->next.began)) {
	case LIVE_WAIT:
		return look_again(lane, asked.limits.duration_ns, now);
	case LIVE_GOOD:
		pass(lane, "passed", c);
		break;
	case LIVE_NO_VERDICT:
		pass(lane, "inconclusive", c);
		break;
	case LIVE_BAD:
		live_explain(&asked.limits, candidate, running, why, sizeof why);
		flume_fail(&err, FLUME_FAILED, "%s", why);
		lane_fail(lane, "live", &err);
		break;
	}
	return INT64_MAX;
}

/* Does it still stand beside what runs, refer to what runs, and meet the cases in force? */
static bool is_stale(struct lane *lane)
{
	struct next *next = &lane->next;
	char context[DIGEST_SIZE];
	if (share_running(next->share) != lane->counted)
		return true;
	const struct engine *e = lane->engine;
	if (lane_met_other_cases(lane))
		return true;
	if ((next->as_of == e->commits && next->cases_as_of == e->sides.moved) ||
	    refs_context(lane, next->schema, context))
		return false;
	next->as_of = e->commits;
	next->cases_as_of = e->sides.moved;
	return strcmp(context, next->context) != 0;
}

static void start_over(struct lane *lane)
{
	struct next *next = &lane->next;
	log_event(LOG_INFO, "what it was tried beside has changed: it starts over",
		  LOG_STR("schema", lane->name), LOG_STR("version", next->facts.version),
		  LOG_STR("stage", stage_word(next)));
	next_rest(next);
	crash_note(lane);
	board_changed(lane->engine);
}

int64_t stages_look(struct lane *lane, int64_t now)
{
	struct share_counts counts;
	if (is_stale(lane)) {
		start_over(lane);
		return INT64_MAX;
	}
	share_read(lane->next.share, &counts);
	return lane->next.stage == NEXT_SHADOW ? look_at_shadow(lane, &counts, now)
					       : look_at_live(lane, &counts, now);
}
