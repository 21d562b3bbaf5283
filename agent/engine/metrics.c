/* The engine's part of /metrics. */
#include "agent/engine/metrics.h"

#include "agent/engine/inside.h"

#include <string.h>

enum {
	READY,
	INFO,
	STATE,
	GENERATION,
	SUCCESSFUL,
	SUCCESS_TIMESTAMP,
	UPDATES,
	BREAKER,
	TRIAL,
	PROVED_REVISION,
	PROVED_TIMESTAMP,
	BLIND,
	BLIND_AFTER,
	RESETS,
	SOURCE_UP,
	DISK_OK,
	DISK_UNUSABLE,
};

const struct metric engine_metrics[] = {
	[READY] = {"flume_ready",
		   METRIC_GAUGE,
		   "Whether every wanted schema has a generation that serves, as /readyz says.",
		   {NULL}},
	[INFO] = {"flume_schema_info",
		  METRIC_GAUGE,
		  "What serves of a schema; always 1.",
		  {"schema", "version", "digest"}},
	[STATE] = {"flume_schema_state",
		   METRIC_GAUGE,
		   "The state of a schema and the reason for it, as in the status; always 1.",
		   {"schema", "state", "reason"}},
	[GENERATION] = {"flume_schema_generation",
			METRIC_GAUGE,
			"The generation of a schema that serves.",
			{"schema"}},
	[SUCCESSFUL] =
		{"flume_schema_last_update_successful",
		 METRIC_GAUGE,
		 "Whether what is wanted of a schema is what serves, as far as it was tried.",
		 {"schema"}},
	[SUCCESS_TIMESTAMP] =
		{"flume_schema_last_update_success_timestamp_seconds",
		 METRIC_GAUGE,
		 "When a schema was last applied, or found to be what serves already.",
		 {"schema"}},
	[UPDATES] = {"flume_schema_update_total",
		     METRIC_COUNTER,
		     "Changes of a schema by what became of them.",
		     {"schema", "outcome"}},
	[BREAKER] = {"flume_schema_update_breaker_open",
		     METRIC_GAUGE,
		     "Whether changes of a schema are held, as too many were bad.",
		     {"schema"}},
	[TRIAL] = {"flume_trial_documents",
		   METRIC_GAUGE,
		   "Live documents of the shadow or live canary that is under way, by what "
		   "became of "
		   "them in the candidate.",
		   {"schema", "stage", "result"}},
	[PROVED_REVISION] =
		{"flume_proved_revision",
		 METRIC_GAUGE,
		 "Nothing that happened in the store up to this revision is missing.",
		 {NULL}},
	[PROVED_TIMESTAMP] = {"flume_proved_timestamp_seconds",
			      METRIC_GAUGE,
			      "When the source last proved that nothing is missing.",
			      {NULL}},
	[BLIND] = {"flume_blind",
		   METRIC_GAUGE,
		   "Whether the last such proof is older than flume_blind_after_seconds.",
		   {NULL}},
	[BLIND_AFTER] = {"flume_blind_after_seconds",
			 METRIC_GAUGE,
			 "How old the last proof may be.",
			 {NULL}},
	[RESETS] = {"flume_store_resets_total",
		    METRIC_COUNTER,
		    "Times that the store was found wiped or restored.",
		    {NULL}},
	[SOURCE_UP] = {"flume_source_up",
		       METRIC_GAUGE,
		       "Whether the source can be reached.",
		       {NULL}},
	[DISK_OK] = {"flume_disk_ok",
		     METRIC_GAUGE,
		     "Whether the state folder has all that it should have.",
		     {NULL}},
	[DISK_UNUSABLE] = {"flume_disk_unusable_copies",
			   METRIC_GAUGE,
			   "Copies in the state folder that were passed over at the start.",
			   {NULL}},
	{0},
};

/* ---- of each schema ---- */

static bool is_shown(const struct lane *lane)
{
	return lane_shown(lane);
}

static bool runs(const struct lane *lane)
{
	return lane->runs.schema;
}

static bool has_succeeded(const struct lane *lane)
{
	return lane_shown(lane) && lane->success_at;
}

static int64_t is_good(const struct lane *lane)
{
	return lane->good;
}

static int64_t success_at(const struct lane *lane)
{
	return lane->success_at;
}

static int64_t generation(const struct lane *lane)
{
	return (int64_t)lane_generation(lane);
}

static int64_t holds_changes(const struct lane *lane)
{
	return breaker_refuses(&lane->breaker, loop_now());
}

static const struct {
	int metric;
	bool (*has)(const struct lane *);
	int64_t (*get)(const struct lane *);
} gauges[] = {
	{GENERATION, runs, generation},
	{SUCCESSFUL, is_shown, is_good},
	{SUCCESS_TIMESTAMP, has_succeeded, success_at},
	{BREAKER, is_shown, holds_changes},
};

static void add_gauges(struct text *t, struct engine *e)
{
	for (size_t g = 0; g < sizeof gauges / sizeof *gauges; g++) {
		const struct metric *m = &engine_metrics[gauges[g].metric];
		metric_begin(t, m);
		for (size_t i = 0; i < e->lanes.len; i++) {
			const struct lane *lane = engine_lane_at(e, i);
			if (gauges[g].has(lane))
				metric_add(t, m, METRIC_OF(lane->name), gauges[g].get(lane));
		}
	}
}

static void add_infos(struct text *t, struct engine *e)
{
	metric_begin(t, &engine_metrics[INFO]);
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		const struct facts *facts = &lane->runs.facts;
		if (runs(lane))
			metric_add(t, &engine_metrics[INFO],
				   METRIC_OF(lane->name, facts->version, facts->digest), 1);
	}
}

static void add_states(struct text *t, struct engine *e)
{
	metric_begin(t, &engine_metrics[STATE]);
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		const char *reason, *state = lane_state_word(lane, &reason);
		if (lane_shown(lane))
			metric_add(t, &engine_metrics[STATE],
				   METRIC_OF(lane->name, state, reason), 1);
	}
}

/* What is wanted to be seen when it happens for the first time is there before, as 0: of a series that
 * begins with 1, Prometheus knows no increase.  The others are spared. */
static bool is_watched(const struct lane *lane, int outcome)
{
	return lane_shown(lane) && (outcome == OUTCOME_APPLIED || outcome == OUTCOME_REJECTED ||
				    outcome == OUTCOME_HELD || outcome == OUTCOME_ROLLED_BACK);
}

static void add_updates(struct text *t, struct engine *e)
{
	metric_begin(t, &engine_metrics[UPDATES]);
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		for (int k = 0; k < OUTCOME_COUNT; k++)
			if (lane->counts[k] || is_watched(lane, k))
				metric_add(t, &engine_metrics[UPDATES],
					   METRIC_OF(lane->name, outcome_word((enum outcome)k)),
					   (int64_t)lane->counts[k]);
	}
}

/* ---- what is tried ---- */

static const struct {
	enum next_stage stage;
	const char *result;
	size_t at; /* in struct share_counts */
} trial_counts[] = {
	{NEXT_SHADOW, "compared", offsetof(struct share_counts, compared)},
	{NEXT_SHADOW, "differed", offsetof(struct share_counts, differed)},
	{NEXT_SHADOW, "skipped", offsetof(struct share_counts, skipped)},
	{NEXT_LIVE, "served", offsetof(struct share_counts, candidate_calls)},
	{NEXT_LIVE, "failed", offsetof(struct share_counts, candidate_failures)},
};

static void add_trial_counts(struct text *t, const struct lane *lane)
{
	const struct next *next = &lane->next;
	struct share_counts counts;
	uint64_t value;
	share_read(next->share, &counts);
	for (size_t i = 0; i < sizeof trial_counts / sizeof *trial_counts; i++) {
		if (trial_counts[i].stage != next->stage)
			continue;
		memcpy(&value, (const char *)&counts + trial_counts[i].at, sizeof value);
		metric_add(t, &engine_metrics[TRIAL],
			   METRIC_OF(lane->name, stage_word(next), trial_counts[i].result),
			   (int64_t)value);
	}
}

static void add_trials(struct text *t, struct engine *e)
{
	metric_begin(t, &engine_metrics[TRIAL]);
	for (size_t i = 0; i < e->lanes.len; i++)
		if (engine_lane_at(e, i)->next.share)
			add_trial_counts(t, engine_lane_at(e, i));
}

/* ---- of the node ---- */

static void add_single(struct text *t, int metric, bool has, int64_t value)
{
	metric_begin(t, &engine_metrics[metric]);
	if (has)
		metric_add(t, &engine_metrics[metric], NULL, value);
}

static void add_sight(struct text *t, struct engine *e)
{
	const struct fresh *fresh = &e->sight.fresh;
	add_single(t, PROVED_REVISION, true, e->proved);
	add_single(t, PROVED_TIMESTAMP, e->sight.proved_at, e->sight.proved_at);
	add_single(t, BLIND, true, fresh->blind);
	metric_begin(t, &engine_metrics[BLIND_AFTER]);
	if (fresh->bound)
		metric_add_ns(t, &engine_metrics[BLIND_AFTER], NULL, fresh->bound);
	add_single(t, RESETS, true, (int64_t)e->sight.resets);
	add_single(t, SOURCE_UP, true, e->link_up);
}

void metrics_write(struct engine *e, bool ready, struct text *t)
{
	bool remembers = e->options.state_dir;
	add_single(t, READY, true, ready);
	add_infos(t, e);
	add_states(t, e);
	add_gauges(t, e);
	add_updates(t, e);
	add_trials(t, e);
	add_sight(t, e);
	if (e->config.metrics)
		text_add(t, e->config.metrics);
	guest_add_metrics(e, t);
	add_single(t, DISK_OK, remembers, !e->disk_why);
	add_single(t, DISK_UNUSABLE, remembers, (int64_t)e->saves.unusable);
}
