/* What changes seldom is written with the status; what each document changes, when somebody asks. */
#include "agent/switches/metrics.h"

#include "agent/switches/inside.h"

enum { DOCUMENTS, UPDATES, GENERATION, SUCCESSFUL, ENABLED, MISMATCH };

const struct metric switches_metrics[] = {
	[DOCUMENTS] = {"flume_switch_documents_total",
		       METRIC_COUNTER,
		       "Documents that asked a switch, by the variant that they got, and why.",
		       {"switch", "variant", "why"}},
	[UPDATES] = {"flume_switch_update_total",
		     METRIC_COUNTER,
		     "Changes of switches by what became of them.",
		     {"switch", "outcome"}},
	[GENERATION] = {"flume_switch_generation",
			METRIC_GAUGE,
			"The generation of a switch that is in force.",
			{"switch"}},
	[SUCCESSFUL] = {"flume_switch_last_update_successful",
			METRIC_GAUGE,
			"Whether what is wanted of a switch is what runs.",
			{"switch"}},
	[ENABLED] = {"flume_switch_enabled",
		     METRIC_GAUGE,
		     "Whether a switch is on.",
		     {"switch"}},
	[MISMATCH] = {"flume_switch_sample_ratio_mismatch",
		      METRIC_GAUGE,
		      "Whether the split that a switch saw cannot be chance.",
		      {"switch"}},
	{0},
};

/* ---- what each document changes ---- */

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

/* ---- what changes seldom ---- */

static bool runs(const struct switch_lane *lane)
{
	return lane->runs.sw;
}

static int64_t generation(const struct switch_lane *lane)
{
	return (int64_t)lane->generation;
}

static int64_t in_force(const struct switch_lane *lane)
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
	{GENERATION, runs, generation},
	{SUCCESSFUL, switch_is_shown, in_force},
	{ENABLED, runs, is_enabled},
	{MISMATCH, runs, is_skewed},
};

static void add_updates(struct text *t, const struct switches *all)
{
	metric_begin(t, &switches_metrics[UPDATES]);
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		for (int o = 0; o < SWITCH_OUTCOME_COUNT; o++)
			if (lane->counts[o])
				metric_add(t, &switches_metrics[UPDATES],
					   METRIC_OF(lane->name, switch_outcome_word(o)),
					   (int64_t)lane->counts[o]);
	}
}

void switches_add_metrics(void *switches, struct text *t)
{
	const struct switches *all = switches;
	add_updates(t, all);
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
