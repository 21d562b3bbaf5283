/*
 * Whether a switch fits depends on the schemas, which have their own pace, and whether a schema fits
 * depends on the switches.  So what did not get on stays in its lane, and all of that is tried whenever
 * the engine has moved; that is cheap, for few wait at a time.  A word is said only when it is another
 * one than before.
 */
#include "agent/switches/inside.h"

#include "agent/log/log.h"
#include "agent/split/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN (250 * MS) /* when only memory was missing */

/* ---- what there is to say ---- */

struct word {
	enum switch_outcome outcome;
	enum switch_state state;
	const char *stage, *reason; /* static; "": none */
	const struct facts *facts;
	char *error;
	flume_report *report;
	bool downgrade;
};

static bool is_old_news(const struct switch_lane *lane, const struct word *w)
{
	const struct attempt *a = &lane->attempt;
	bool same_error = !w->error || (a->error && !strcmp(a->error, w->error) &&
					!strcmp(a->facts.digest, w->facts->digest));
	return lane->state == w->state && !strcmp(lane->reason, w->reason) && same_error;
}

/* Takes error and report. */
static void tell(struct switch_lane *lane, struct word *w)
{
	if (is_old_news(lane, w)) {
		free(w->error);
		flume_report_free(w->report);
		return;
	}
	switch_say(lane, &(struct switch_saying){.outcome = w->outcome,
						 .facts = w->facts,
						 .stage = *w->stage ? w->stage : NULL,
						 .reason = *w->reason ? w->reason : NULL,
						 .error = w->error,
						 .downgrade = w->downgrade});
	switch_set_state(lane, w->state, w->reason);
	if (w->error)
		switch_attempted(lane, w->facts, w->stage, w->error, w->report);
	else
		flume_report_free(w->report);
}

static void tell_held(struct switch_lane *lane, const struct facts *facts,
		      const struct decision *d)
{
	tell(lane, &(struct word){.outcome = SWITCH_OUTCOME_HELD,
				  .state = SWITCH_HELD,
				  .stage = "",
				  .reason = d->reason,
				  .facts = facts,
				  .downgrade = d->downgrade});
}

static const char *place_of(const struct switch_lane *lane)
{
	return lane->place ? lane->place : "";
}

/* It does not fit, now.  Takes the report. */
static void tell_misfit(struct switch_lane *lane, enum judge_verdict verdict, bool downgrade,
			flume_report *report)
{
	bool waits = verdict == JUDGE_WAITS;
	char *error = first_finding(report, place_of(lane), "it does not fit");
	if (!error)
		switches_try_again(lane->all);
	tell(lane, &(struct word){waits ? SWITCH_OUTCOME_WAITING : SWITCH_OUTCOME_REJECTED,
				  waits ? SWITCH_WAITING : SWITCH_REJECTED, "check",
				  waits ? "unknown-schema" : "", &lane->next.facts, error,
				  report, downgrade});
}

char *switch_explain_version(const struct switch_lane *lane, const struct facts *facts,
			     const char *place, const struct decision *d)
{
	struct text t = {0};
	text_addf(&t, "%s%sversion %s ", place, *place ? ": " : "", facts->version);
	if (d->downgrade)
		text_addf(&t, "is older than %s, which runs", lane->runs.facts.version);
	else
		text_add(&t, "runs already, with other content: raise `version`");
	text_addf(&t, " [%s]", d->reason);
	return text_take(&t);
}

static void tell_version(struct switch_lane *lane, const struct facts *facts,
			 const struct decision *d)
{
	tell(lane, &(struct word){SWITCH_OUTCOME_REJECTED, SWITCH_REJECTED, "check", d->reason,
				  facts, switch_explain_version(lane, facts, place_of(lane), d),
				  NULL, d->downgrade});
}

/* ---- what is wanted ---- */

static void drop_next(struct switch_lane *lane)
{
	edition_fini(&lane->next);
	free(lane->place);
	lane->place = NULL;
}

static void fit(struct switch_lane *lane, bool downgrade)
{
	flume_report *report = flume_report_new();
	enum judge_verdict verdict =
		report ? switch_swap(lane, &lane->next, downgrade, report) : JUDGE_NOMEM;
	if (verdict == JUDGE_GO)
		drop_next(lane);
	if (verdict == JUDGE_NOMEM)
		switches_try_again(lane->all);
	if (verdict == JUDGE_WAITS || verdict == JUDGE_REJECTED)
		tell_misfit(lane, verdict, downgrade, report);
	else
		flume_report_free(report);
}

static void try_next(struct switch_lane *lane)
{
	const struct facts facts = lane->next.facts;
	struct decision d = switch_decide(
		lane, &(struct switch_asking){.edition = &lane->next, .facts = &facts});
	switch (d.verdict) {
	case DECIDE_HELD:
		tell_held(lane, &facts, &d);
		break;
	case DECIDE_UNCHANGED:
		drop_next(lane);
		switch_calm(lane, &facts);
		break;
	case DECIDE_REJECTED:
		tell_version(lane, &facts, &d);
		drop_next(lane);
		break;
	case DECIDE_GO:
		fit(lane, d.downgrade);
		break;
	case DECIDE_IGNORED:
		break;
	}
}

/* ---- what is to go ---- */

static void leave(struct switch_lane *lane)
{
	const struct facts wanted = lane->wanted;
	flume_report *report = flume_report_new();
	if (switch_remove(lane, report)) {
		if (wanted.revision > 0)
			lane->last_revision = wanted.revision;
		flume_report_free(report);
		return;
	}
	struct word w = {SWITCH_OUTCOME_HELD,
			 SWITCH_HELD,
			 "",
			 "in-use",
			 &lane->runs.facts,
			 first_finding(report, "", "in use"),
			 report,
			 false};
	tell(lane, &w);
}

static void try_leaving(struct switch_lane *lane)
{
	struct facts gone = lane->wanted;
	*gone.digest = '\0';
	struct decision d = switch_decide(
		lane, &(struct switch_asking){.facts = &gone, .mass_delete = lane->held_mass});
	lane->held_mass = d.verdict == DECIDE_HELD && !strcmp(d.reason, "mass-delete");
	if (d.verdict == DECIDE_HELD)
		tell_held(lane, &gone, &d);
	else
		leave(lane);
}

/* ---- what runs: is it in front? ---- */

static void say_front(const struct switch_lane *lane)
{
	const char *name = lane->name, *version = lane->runs.facts.version;
	if (lane->taken)
		log_event(LOG_WARN, "a schema has the name of the switch, and takes its place",
			  LOG_STR("switch", name), LOG_STR("version", version));
	else if (lane->missing)
		log_event(LOG_WARN, "switch cannot be in front", LOG_STR("switch", name),
			  LOG_STR("version", version), LOG_STR("missing", lane->missing));
	else
		log_event(LOG_INFO,
			  lane->front ? "switch is in front" : "switch is not in front",
			  LOG_STR("switch", name), LOG_STR("version", version));
}

/* True when something has changed. */
static bool look_at_front(struct switch_lane *lane)
{
	const struct judge_world world = switches_world(lane->all);
	const char *missing;
	enum judge_front now = judge_front(&world, lane->runs.sw, &missing);
	bool front = now == JUDGE_FRONT, taken = now == JUDGE_NAME_TAKEN;
	if (front == lane->front && taken == lane->taken && missing == lane->missing)
		return false;
	lane->front = front;
	lane->taken = taken;
	lane->missing = missing;
	say_front(lane);
	engine_guest_changed(lane->all->engine);
	return true;
}

static void look_at_use(struct switch_lane *lane)
{
	bool unasked = switch_is_unasked(lane);
	if (unasked == lane->unasked)
		return;
	lane->unasked = unasked;
	log_event(LOG_INFO,
		  unasked ? "switch decides nothing: no schema asks it, or is called as one of "
			    "its variants"
			  : "switch decides",
		  LOG_STR("switch", lane->name), LOG_STR("version", lane->runs.facts.version));
	engine_guest_changed(lane->all->engine);
}

static void look_at_fronts(struct switches *all)
{
	bool any = all->unshown;
	for (size_t i = 0; i < all->lanes.len; i++)
		if (switch_at(all, i)->runs.sw) {
			any |= look_at_front(switch_at(all, i));
			look_at_use(switch_at(all, i));
		}
	all->unshown = any && switches_show(all);
	if (all->unshown)
		switches_try_again(all);
}

/* ---- all of them ---- */

static void wait_for_start(struct switch_lane *lane)
{
	if (lane->next.sw && lane->state != SWITCH_WAITING)
		switch_set_state(lane, SWITCH_WAITING, "starting");
}

void switches_advance(struct switches *all)
{
	bool ready = engine_is_ready(all->engine);
	if (all->advancing)
		return;
	all->advancing = true;
	for (size_t i = 0; i < all->lanes.len; i++) {
		struct switch_lane *lane = switch_at(all, i);
		if (!ready)
			wait_for_start(lane);
		else if (lane->next.sw)
			try_next(lane);
		else if (lane->leaving)
			try_leaving(lane);
	}
	look_at_fronts(all);
	all->advancing = false;
}

static void arm(struct switches *all, int64_t in_ns)
{
	if (!all->turning || !in_ns)
		loop_timer_arm(all->turn, in_ns);
	all->turning = true;
}

void switches_try_again(struct switches *all)
{
	arm(all, AGAIN);
}

void switches_advance_later(void *switches)
{
	struct switches *all = switches;
	if (!all->ending)
		arm(all, 0);
}

void switches_turn(void *switches)
{
	struct switches *all = switches;
	all->turning = false;
	switches_advance(all);
}

/* ---- as the guest of the engine ---- */

static const struct ab_switch *find_switch(void *arg, const char *name)
{
	const struct switches *all = arg;
	const struct switch_lane *lane = map_get(&all->lanes, name);
	return lane ? lane->runs.sw : NULL;
}

int switches_check_schema(void *switches, const flume_schema *schema, flume_report *report)
{
	const struct switches *all = switches;
	return ab_check_schema(schema, all->components, find_switch, switches, report);
}

bool switches_need_schema(void *switches, const char *name, flume_report *report)
{
	const struct switches *all = switches;
	bool any = false;
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		char what[160];
		if (!lane->front || ab_find(lane->runs.sw, name) < 0)
			continue;
		any = true;
		snprintf(what, sizeof what, "switches/%s", lane->name);
		flume_report_add(report, "in-use", what, NULL, NULL,
				 "switch '%s' sends documents to it", lane->name);
	}
	return any;
}
