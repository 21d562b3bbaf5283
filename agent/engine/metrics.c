/* The engine's part of /metrics.  Names of schemas need no escaping: see source_name_good. */
#include "agent/engine/lane.h"

#include <string.h>

static void add_head(struct text *t, const char *name, const char *type, const char *help)
{
	text_addf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_updates(struct text *t, struct engine *e)
{
	add_head(t, "flume_schema_update_total", "counter",
		 "Changes of a schema by what became of them.");
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		for (int k = 0; k < OUTCOME_COUNT; k++)
			if (lane->counts[k])
				text_addf(t,
					  "flume_schema_update_total{schema=\"%s\","
					  "outcome=\"%s\"} %llu\n",
					  lane->name, outcome_word((enum outcome)k),
					  (unsigned long long)lane->counts[k]);
	}
}

struct gauge {
	const char *name, *help;
	bool (*has)(const struct lane *);
	int64_t (*get)(const struct lane *);
};

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

static const struct gauge gauges[] = {
	{"flume_config_last_reload_successful",
	 "Whether what is wanted of a schema is what runs, as far as it was tried.", lane_shown,
	 is_good},
	{"flume_config_last_reload_success_timestamp_seconds",
	 "When a schema was last applied, or found to be what runs already.", has_succeeded,
	 success_at},
	{"flume_schema_generation", "The generation of a schema that serves.", runs,
	 generation},
};

static void add_gauge(struct text *t, struct engine *e, const struct gauge *gauge)
{
	add_head(t, gauge->name, "gauge", gauge->help);
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		if (gauge->has(lane))
			text_addf(t, "%s{schema=\"%s\"} %lld\n", gauge->name, lane->name,
				  (long long)gauge->get(lane));
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
		text_addf(t,
			  "flume_trial_documents{schema=\"%s\",stage=\"%s\",result=\"%s\"} "
			  "%llu\n",
			  lane->name, stage_word(next), trial_counts[i].result,
			  (unsigned long long)value);
	}
}

static void add_trials(struct text *t, struct engine *e)
{
	add_head(
		t, "flume_trial_documents", "gauge",
		"Live documents of the shadow or live canary that is under way, by what became "
		"of them in the candidate.");
	for (size_t i = 0; i < e->lanes.len; i++)
		if (engine_lane_at(e, i)->next.share)
			add_trial_counts(t, engine_lane_at(e, i));
}

static void add_single(struct text *t, const char *name, const char *type, const char *help,
		       int64_t value)
{
	add_head(t, name, type, help);
	text_addf(t, "%s %lld\n", name, (long long)value);
}

static void add_sight(struct text *t, struct engine *e)
{
	add_single(t, "flume_proved_revision", "gauge",
		   "Nothing that happened in the store up to this revision is missing.",
		   e->proved);
	if (e->sight.proved_at)
		add_single(t, "flume_proved_timestamp_seconds", "gauge",
			   "When the source last proved that nothing is missing.",
			   e->sight.proved_at);
	add_single(t, "flume_blind", "gauge",
		   "Whether the last such proof is older than --blind-after.",
		   e->sight.fresh.blind);
	add_single(t, "flume_store_resets_total", "counter",
		   "Times that the store was found wiped or restored.",
		   (int64_t)e->sight.resets);
	add_single(t, "flume_source_up", "gauge", "Whether the source can be reached.",
		   e->link_up);
}

void metrics_write(struct engine *e, struct text *t)
{
	add_updates(t, e);
	for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
		add_gauge(t, e, &gauges[i]);
	add_trials(t, e);
	add_sight(t, e);
	guest_add_metrics(e, t);
	if (!e->options.state_dir)
		return;
	add_single(t, "flume_disk_ok", "gauge",
		   "Whether the state folder has all that it should have.", !e->disk_why);
	add_single(t, "flume_disk_unusable_copies", "gauge",
		   "Copies in the state folder that were passed over at the start.",
		   (int64_t)e->saves.unusable);
}
