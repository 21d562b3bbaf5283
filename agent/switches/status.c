/*
 * The switches in the node's status, in the form of the schemas: what is wanted, what was attempted
 * last, and what runs; and in the metrics, what changes seldom.
 *
 * Where there is little room only those in trouble are told, as far as they go.
 */
#include "agent/engine/json.h"
#include "agent/switches/inside.h"

#define BRIEF_MOST ((size_t)128 << 10)

static const char *const state_words[] = {
	[SWITCH_RUNNING] = "running",
	[SWITCH_REJECTED] = "rejected",
	[SWITCH_HELD] = "held",
	[SWITCH_WAITING] = "waiting",
};

static bool is_shown(const struct switch_lane *lane)
{
	return lane->wants || lane->leaving || lane->runs.sw;
}

static const char *reason_of(const struct switch_lane *lane)
{
	return *lane->reason ? lane->reason : lane->lacks ? "not-in-front" : "";
}

static void add_wanted(struct text *t, const struct switch_lane *lane)
{
	add_key(t, "wanted");
	text_add_char(t, '{');
	if (lane->leaving)
		add_truth(t, "deleted", true);
	else
		facts_write(&lane->wanted, t);
	add_number(t, "revision", lane->wanted.revision);
	text_add_char(t, '}');
}

static void add_running(struct text *t, const struct switch_lane *lane)
{
	add_key(t, "running");
	text_add_char(t, '{');
	facts_write(&lane->runs.facts, t);
	add_number(t, "generation", (int64_t)lane->generation);
	add_stamp(t, "since", lane->since);
	/* It would be there after a power failure. */
	add_truth(t, "proven", lane->copy == COPY_DONE);
	add_truth(t, "enabled", ab_enabled(lane->runs.sw));
	add_truth(t, "front", lane->front);
	text_add_char(t, '}');
}

static void add_skew(struct text *t, const struct switch_lane *lane)
{
	add_key(t, "sample_ratio");
	text_add_char(t, '{');
	add_truth(t, "mismatch", true);
	add_text(t, "seen", lane->skew);
	add_stamp(t, "since", lane->skewed_at);
	text_add_char(t, '}');
}

static void add_switch(struct text *t, const struct switch_lane *lane,
		       const struct attempt_detail *d)
{
	add_key(t, lane->name);
	text_add_char(t, '{');
	add_text(t, "state", state_words[lane->state]);
	if (*reason_of(lane))
		add_text(t, "reason", reason_of(lane));
	add_wanted(t, lane);
	if (lane->attempt.at && d->text)
		attempt_write(&lane->attempt, t, d);
	if (lane->runs.sw)
		add_running(t, lane);
	if (lane->skewed)
		add_skew(t, lane);
	text_add_char(t, '}');
}

void switches_add_status(void *switches, struct text *t, bool brief)
{
	static const struct attempt_detail all_of_it = {16, 300}, little = {1, 80};
	const struct switches *all = switches;
	size_t begin = t->len;
	bool any = false;
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		bool calm = lane->state == SWITCH_RUNNING && !lane->skewed && !lane->lacks;
		if (!is_shown(lane) || (brief && (calm || t->len - begin > BRIEF_MOST)))
			continue;
		if (!any) {
			add_key(t, "switches");
			text_add_char(t, '{');
		}
		any = true;
		add_switch(t, lane, brief ? &little : &all_of_it);
	}
	if (any)
		text_add_char(t, '}');
}

/* ---- metrics ---- */

static void add_head(struct text *t, const char *name, const char *type, const char *help)
{
	text_addf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_updates(struct text *t, const struct switches *all)
{
	add_head(t, "flume_switch_update_total", "counter",
		 "Changes of switches by what became of them.");
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		for (int o = 0; o < SWITCH_OUTCOME_COUNT; o++)
			if (lane->counts[o])
				text_addf(t,
					  "flume_switch_update_total{switch=\"%s\",outcome="
					  "\"%s\"} %llu\n",
					  lane->name, switch_outcome_word(o),
					  (unsigned long long)lane->counts[o]);
	}
}

static bool in_force(const struct switch_lane *lane)
{
	return lane->wants && lane->state == SWITCH_RUNNING;
}

static bool is_enabled(const struct switch_lane *lane)
{
	return lane->runs.sw && ab_enabled(lane->runs.sw);
}

static bool is_skewed(const struct switch_lane *lane)
{
	return lane->skewed;
}

static const struct {
	const char *name, *help;
	bool runs; /* only of those that run */
	bool (*get)(const struct switch_lane *);
} gauges[] = {
	{"flume_switch_last_reload_successful",
	 "Whether what is wanted of a switch is what runs.", false, in_force},
	{"flume_switch_enabled", "Whether a switch is on.", true, is_enabled},
	{"flume_switch_sample_ratio_mismatch",
	 "Whether the split that a switch saw cannot be chance.", true, is_skewed},
};

static void add_generations(struct text *t, const struct switches *all)
{
	add_head(t, "flume_switch_generation", "gauge",
		 "The generation of a switch that is in force.");
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		if (lane->runs.sw)
			text_addf(t, "flume_switch_generation{switch=\"%s\"} %llu\n",
				  lane->name, (unsigned long long)lane->generation);
	}
}

void switches_add_metrics(void *switches, struct text *t)
{
	const struct switches *all = switches;
	if (!all->lanes.len)
		return;
	add_updates(t, all);
	for (size_t g = 0; g < sizeof gauges / sizeof *gauges; g++) {
		add_head(t, gauges[g].name, "gauge", gauges[g].help);
		for (size_t i = 0; i < all->lanes.len; i++) {
			const struct switch_lane *lane = switch_at(all, i);
			if (is_shown(lane) && (lane->runs.sw || !gauges[g].runs))
				text_addf(t, "%s{switch=\"%s\"} %d\n", gauges[g].name,
					  lane->name, gauges[g].get(lane));
		}
	}
	add_generations(t, all);
}
