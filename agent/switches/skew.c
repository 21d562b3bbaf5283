/*
 * Whether the split that is seen can be chance (agent/split/ratio.h), asked now and then: said once
 * when it begins to be none, and once when it is good again.
 */
#include "agent/switches/inside.h"

#include "agent/log/log.h"

#include <string.h>

#define PACE (5000 * MS)

static void explain(struct switch_lane *lane, const struct ratio *ratio)
{
	const struct ab_variant *worst = ab_variant(lane->runs.sw, ratio->worst);
	ratio_explain(ratio, worst ? worst->name : "", worst ? worst->weight : 0, lane->skew,
		      sizeof lane->skew);
}

static void begin(struct switch_lane *lane, const struct ratio *ratio)
{
	explain(lane, ratio);
	lane->skewed = true;
	lane->skewed_at = stamp_now();
	log_event(LOG_WARN,
		  "the split of a switch cannot be chance: something decides beside it",
		  LOG_STR("switch", lane->name), LOG_STR("version", lane->runs.facts.version),
		  LOG_INT("keys", ratio->keys), LOG_STR("seen", lane->skew));
	engine_guest_changed(lane->all->engine);
}

static void end(struct switch_lane *lane, const struct ratio *ratio)
{
	lane->skewed = false;
	log_event(LOG_INFO, "the split of a switch is as its weights say again",
		  LOG_STR("switch", lane->name), LOG_STR("version", lane->runs.facts.version),
		  LOG_INT("keys", ratio->keys));
	engine_guest_changed(lane->all->engine);
}

static void look(struct switch_lane *lane)
{
	struct ratio ratio;
	if (!lane->runs.sw || switchboard_ratio(lane->all->board, lane->name, &ratio))
		return;
	if (ratio.verdict == RATIO_BAD && !lane->skewed)
		begin(lane, &ratio);
	else if (ratio.verdict == RATIO_GOOD && lane->skewed)
		end(lane, &ratio);
}

void skew_look(void *switches)
{
	struct switches *all = switches;
	for (size_t i = 0; i < all->lanes.len; i++)
		look(switch_at(all, i));
	switchboard_tidy(all->board);
	loop_timer_arm(all->watch, PACE);
}

void skew_forget(struct switch_lane *lane)
{
	lane->skewed = false;
}
