#include "agent/engine/hear.h"
#include "agent/engine/inside.h"

#include "agent/log/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROBATION_REQUESTS 50
#define PROBATION_RATE     0.01

void release_fini(struct release *release)
{
	flume_schema_unref(release->schema);
	*release = (struct release){0};
}

/* ---- lanes ---- */

struct lane *engine_lane_at(struct engine *e, size_t i)
{
	return e->lanes.entries[i].thing;
}

struct lane *engine_lane(struct engine *e, const char *name)
{
	struct lane *lane = map_get(&e->lanes, name);
	if (lane)
		return lane;
	lane = calloc(1, sizeof *lane);
	if (!lane)
		return NULL;
	lane->engine = e;
	lane->reason = "";
	lane->last_revision = e->forgotten;
	lane->name = strdup(name);
	if (!lane->name || map_add(&e->lanes, name, lane)) {
		free(lane->name);
		free(lane);
		return NULL;
	}
	engine_wake(e, 0); /* which may prune others */
	return lane;
}

struct next lane_take_next(struct lane *lane)
{
	struct next next = lane->next;
	lane->next = (struct next){0};
	return next;
}

void next_fini(struct engine *e, struct next *next)
{
	trial_cancel(next->trial);
	traffic_close(next->share);
	flume_change_free(next->change);
	flume_schema_unref(next->schema);
	flume_report_free(next->report);
	waits_fini(&next->waits);
	free(next->place);
	asker_answer(e, &next->asker, &(struct engine_answer){.result = ENGINE_SUPERSEDED});
	*next = (struct next){0};
}

void next_rest(struct next *next)
{
	next->trial = trial_cancel(next->trial);
	next->share = traffic_close(next->share);
	next->change = flume_change_free(next->change);
	next->verdicts = (struct verdicts){0};
	next->begun = next->due = next->tried = false;
	if (next->stage <= NEXT_LIVE)
		next->stage = NEXT_DUE;
}

void next_refused(struct next *next)
{
	next_rest(next);
	next->stage = NEXT_HELD;
	next->held = "known-bad";
	next->over = true;
}

void lane_supersede(struct lane *lane)
{
	struct next next = lane_take_next(lane);
	if (next.schema && !next.over)
		lane_say(lane,
			 &(struct saying){.outcome = OUTCOME_SUPERSEDED, .facts = &next.facts});
	crash_note(lane);
	next_fini(lane->engine, &next);
}

void lane_supersede_all(struct lane *lane)
{
	lane_supersede(lane);
	lane_bring_back(lane);
	lane_supersede(lane);
}

void lane_put_aside(struct lane *lane)
{
	lane->aside = lane_take_next(lane);
	next_rest(&lane->aside);
	crash_note(lane);
}

void lane_bring_back(struct lane *lane)
{
	if (lane->next.schema || !lane->aside.schema)
		return;
	lane->next = lane->aside;
	lane->aside = (struct next){0};
	lane->engine->again = true;
	engine_wake(lane->engine, 0);
}

bool lane_leaves(const struct lane *lane)
{
	return (lane->leaving && !lane->held_back) || lane->leave_asker.done;
}

bool lane_shown(const struct lane *lane)
{
	return lane->wants || lane->leaving || lane->runs.schema;
}

uint64_t lane_generation(const struct lane *lane)
{
	struct flume_pipeline_info info = {0};
	flume_pipeline *pipeline =
		lane->binding ? flume_binding_dup_pipeline(lane->binding) : NULL;
	if (pipeline)
		flume_pipeline_read(pipeline, &info);
	uint64_t generation = info.generation;
	flume_pipeline_unref(pipeline);
	return generation;
}

struct lane *lane_free(struct lane *lane)
{
	struct next next = lane_take_next(lane);
	next_fini(lane->engine, &next);
	next_fini(lane->engine, &lane->aside);
	asker_answer(lane->engine, &lane->leave_asker,
		     &(struct engine_answer){.result = ENGINE_SUPERSEDED});
	guard_end(lane);
	crash_note(lane);
	waits_fini(&lane->leave_waits);
	bad_fini(&lane->tries);
	release_fini(&lane->kept);
	release_fini(&lane->runs);
	flume_binding_unref(lane->binding);
	lane_attempted(lane, &(struct facts){0}, "", NULL, NULL);
	bad_fini(&lane->bad);
	free(lane->name);
	free(lane);
	return NULL;
}

/* ---- what the source says besides changes ---- */

static void take_proved(void *arg, int64_t revision)
{
	sight_proved(arg, revision);
}

static void take_link(void *arg, bool up, const char *why)
{
	struct engine *e = arg;
	char *copy = up || !why ? NULL : strdup(why);
	log_event(up ? LOG_INFO : LOG_WARN, up ? "source up" : "source down",
		  LOG_STR("source", e->options.source), LOG_STR("reason", copy));
	free(e->link_why);
	e->link_why = copy;
	e->link_up = up;
	board_changed(e);
}

struct sink engine_sink(struct engine *e)
{
	return (struct sink){
		.batch = batch_take,
		.proved = take_proved,
		.link = take_link,
		.reset = batch_reset,
		.arg = e,
	};
}

void engine_submit(struct engine *e, const struct change *change, engine_done_fn *done,
		   void *arg)
{
	(void)intake_change(e, change, &(struct asker){done, arg}, 0, false);
	engine_advance(e);
}

struct traffic *engine_get_traffic(struct engine *e)
{
	return e->traffic;
}

void engine_on_status(struct engine *e, void (*fn)(void *arg), void *arg)
{
	e->on_status = fn;
	e->on_status_arg = arg;
}

/* ---- life ---- */

static char *labels_as_json(const char *const *labels)
{
	struct text t = {0};
	text_add_char(&t, '{');
	for (size_t i = 0; labels && labels[i]; i++) {
		const char *value = strchr(labels[i], '=');
		size_t key = value ? (size_t)(value - labels[i]) : strlen(labels[i]);
		if (i)
			text_add(&t, ", ");
		text_add_json(&t, labels[i], key);
		text_add(&t, ": ");
		text_add_json(&t, value ? value + 1 : "", value ? strlen(value + 1) : 0);
	}
	text_add_char(&t, '}');
	return text_take(&t);
}

static char *copy_text(const char *text)
{
	return strdup(text ? text : "");
}

static void set_limits(struct engine *e, const struct engine_options *o)
{
	double rate = o->probation_error_rate > 0 ? o->probation_error_rate : PROBATION_RATE;
	e->probation = (struct probation_limits){
		.duration_ns = o->probation_ns,
		.min_requests =
			o->probation_requests > 0 ? o->probation_requests : PROBATION_REQUESTS,
		.max_rate = llround(fmin(rate, 1) * (double)RATE_WHOLE),
	};
	e->breaker = (struct breaker_limits){
		.failures = o->breaker_failures ? o->breaker_failures : 5,
		.window_ns = o->breaker_window_ns > 0 ? o->breaker_window_ns : 600000 * MS,
	};
	if (e->breaker.failures > BREAKER_MOST)
		e->breaker.failures = BREAKER_MOST;
	e->options.case_limit_ns = o->case_limit_ns > 0 ? o->case_limit_ns : 1000 * MS;
}

static bool copy_options(struct engine *e, const struct engine_options *o)
{
	e->options = *o;
	e->options.labels = NULL;
	e->options.node = copy_text(o->node);
	e->options.agent_version = copy_text(o->agent_version);
	e->options.source = copy_text(o->source ? o->source : "none");
	e->options.state_dir = o->state_dir ? strdup(o->state_dir) : NULL;
	e->labels = labels_as_json(o->labels);
	return e->options.node && e->options.agent_version && e->options.source && e->labels &&
	       !e->options.state_dir == !o->state_dir;
}

int engine_change(struct engine *e, const struct engine_options *o)
{
	char *labels = labels_as_json(o->labels);
	if (!labels)
		return FLUME_NOMEM;
	free(e->labels);
	e->labels = labels;
	e->options.apply_same_version = o->apply_same_version;
	e->options.deny_downgrade = o->deny_downgrade;
	e->options.blind_after_ns = o->blind_after_ns;
	set_limits(e, o);
	sight_bound(e);
	board_changed(e);
	again_all(e);
	return 0;
}

static void flush(void *arg)
{
	board_flush(arg);
}

int engine_new(struct engine **out, struct loop *loop, flume_factory *factory,
	       struct board *board, const struct engine_options *options, struct flume_err *err)
{
	struct engine *e = calloc(1, sizeof *e);
	if (!e)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	e->loop = loop;
	e->factory = factory;
	e->board = board;
	e->tick_at = INT64_MAX;
	sides_init(e);
	bool good = copy_options(e, options);
	set_limits(e, options);
	stamp_write(e->started, stamp_now());
	e->tick = loop_timer_new(loop, engine_tick, e);
	e->pin = loop_timer_new(loop, flush, e);
	e->trials = trials_new(loop, err);
	e->traffic = traffic_new();
	e->hearing = engine_hear(factory);
	if (!good || !e->tick || !e->pin || !e->trials || !e->traffic || e->hearing < 0 ||
	    saves_begin(e)) {
		engine_free(e);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	e->listed = !strcmp(e->options.source, "none");
	sight_begin(e);
	board_changed(e);
	*out = e;
	return 0;
}

struct engine *engine_free(struct engine *e)
{
	if (!e)
		return NULL;
	e->ending = true;
	(void)flume_factory_unlisten(e->factory, e->hearing);
	e->advancing = true; /* an answer may submit again, but nothing moves any more */
	saves_end(e);
	rates_save(e);
	for (size_t i = 0; i < e->lanes.len; i++)
		count_end(engine_lane_at(e, i));
	for (size_t i = 0; i < e->lanes.len; i++)
		lane_free(engine_lane_at(e, i));
	map_fini(&e->lanes);
	sides_fini(e);
	trials_free(e->trials);
	traffic_free(e->traffic);
	loop_timer_free(e->tick);
	loop_timer_free(e->pin);
	char *texts[] = {e->labels, e->link_why,      e->disk_why,
			 e->rates,  e->config.status, e->config.metrics};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	const char *copies[] = {e->options.node, e->options.agent_version, e->options.source,
				e->options.state_dir};
	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
		char *copy;
		memcpy(&copy, &copies[i], sizeof copy);
		free(copy);
	}
	free(e);
	return NULL;
}
