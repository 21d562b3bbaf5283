/* The part of the switches in /metrics: on the engine's page, what changes seldom; and what documents got,
 * as it is when it is asked for. */
#include "agent/switches/metrics.h"

#include "agent/switches/inside.h"

enum {
	INFO,
	STATE,
	GENERATION,
	SUCCESSFUL,
	ENABLED,
	MISMATCH,
	UPDATES,
	DOCUMENTS,
};

const struct metric switches_metrics[] = {
	[INFO] = {"flume_switch_info",
		  METRIC_GAUGE,
		  "What is in force of a switch; always 1.",
		  {"switch", "version", "digest"}},
	[STATE] = {"flume_switch_state",
		   METRIC_GAUGE,
		   "The state of a switch and the reason for it, as in the status; always 1.",
		   {"switch", "state", "reason"}},
	[GENERATION] = {"flume_switch_generation",
			METRIC_GAUGE,
			"The generation of a switch that is in force.",
			{"switch"}},
	[SUCCESSFUL] = {"flume_switch_last_update_successful",
			METRIC_GAUGE,
			"Whether what is wanted of a switch is in force.",
			{"switch"}},
	[ENABLED] = {"flume_switch_enabled",
		     METRIC_GAUGE,
		     "Whether a switch is on.",
		     {"switch"}},
	[MISMATCH] = {"flume_switch_sample_ratio_mismatch",
		      METRIC_GAUGE,
		      "Whether the split that a switch saw cannot be chance.",
		      {"switch"}},
	[UPDATES] = {"flume_switch_update_total",
		     METRIC_COUNTER,
		     "Changes of a switch by what became of them.",
		     {"switch", "outcome"}},
	[DOCUMENTS] = {"flume_switch_documents_total",
		       METRIC_COUNTER,
		       "Documents that asked a switch, each once, by the variant that they got "
		       "first, and why.",
		       {"switch", "variant", "why"}},
	{0},
};

static bool is_in_force(const struct switch_lane *lane)
{
	return lane->runs.sw;
}

static int64_t generation(const struct switch_lane *lane)
{
	return (int64_t)lane->generation;
}

static int64_t is_good(const struct switch_lane *lane)
{
	return lane->wants && lane->state == SWITCH_RUNNING;
}

static int64_t is_enabled(const struct switch_lane *lane)
{
	return ab_enabled(lane->runs.sw);
}

static int64_t is_skewed(const struct switch_lane *lane)
{
	return lane->skewed;
}

static const struct {
	int metric;
	bool (*has)(const struct switch_lane *);
	int64_t (*get)(const struct switch_lane *);
} gauges[] = {
	{GENERATION, is_in_force, generation},
	{SUCCESSFUL, switch_is_shown, is_good},
	{ENABLED, is_in_force, is_enabled},
	{MISMATCH, is_in_force, is_skewed},
};

static void add_gauges(struct text *t, const struct switches *all)
{
	for (size_t g = 0; g < sizeof gauges / sizeof *gauges; g++) {
		const struct metric *m = &switches_metrics[gauges[g].metric];
		metric_begin(t, m);
		for (size_t i = 0; i < all->lanes.len; i++) {
			const struct switch_lane *lane = switch_at(all, i);
			if (gauges[g].has(lane))
				metric_add(t, m, METRIC_OF(lane->name), gauges[g].get(lane));
		}
	}
}

static void add_infos(struct text *t, const struct switches *all)
{
	metric_begin(t, &switches_metrics[INFO]);
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		const struct facts *facts = &lane->runs.facts;
		if (lane->runs.sw)
			metric_add(t, &switches_metrics[INFO],
				   METRIC_OF(lane->name, facts->version, facts->digest), 1);
	}
}

static void add_states(struct text *t, const struct switches *all)
{
	metric_begin(t, &switches_metrics[STATE]);
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		const char *reason, *state = switch_state_word(lane, &reason);
		if (switch_is_shown(lane))
			metric_add(t, &switches_metrics[STATE],
				   METRIC_OF(lane->name, state, reason), 1);
	}
}

/* There before the first time, as 0: see agent/engine/metrics.c. */
static bool is_watched(const struct switch_lane *lane, int outcome)
{
	return switch_is_shown(lane) &&
	       (outcome == SWITCH_OUTCOME_APPLIED || outcome == SWITCH_OUTCOME_REJECTED);
}

static void add_updates(struct text *t, const struct switches *all)
{
	metric_begin(t, &switches_metrics[UPDATES]);
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		for (int o = 0; o < SWITCH_OUTCOME_COUNT; o++)
			if (lane->counts[o] || is_watched(lane, o))
				metric_add(
					t, &switches_metrics[UPDATES],
					METRIC_OF(lane->name,
						  switch_outcome_word((enum switch_outcome)o)),
					(int64_t)lane->counts[o]);
	}
}

void switches_add_metrics(void *switches, struct text *t)
{
	const struct switches *all = switches;
	add_infos(t, all);
	add_states(t, all);
	add_gauges(t, all);
	add_updates(t, all);
}

static void add_documents(void *arg, const char *name, const char *variant, enum ab_why why,
			  uint64_t n)
{
	metric_add(arg, &switches_metrics[DOCUMENTS],
		   METRIC_OF(name, variant, ab_why_text(why)), (int64_t)n);
}

void switches_write_counts(struct switches *all, struct text *out)
{
	metric_begin(out, &switches_metrics[DOCUMENTS]);
	switchboard_counts(all->board, add_documents, out);
}
