/*
 * The switches in the node's status, in the form of the schemas: what is wanted, what was attempted
 * last, and what runs.
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

static bool is_kept_from_front(const struct switch_lane *lane)
{
	return lane->taken || lane->missing;
}

static bool is_unasked(const struct switch_lane *lane)
{
	return lane->unasked && lane->state == SWITCH_RUNNING;
}

bool switch_is_shown(const struct switch_lane *lane)
{
	return lane->wants || lane->leaving || lane->runs.sw;
}

const char *switch_state_word(const struct switch_lane *lane, const char **out_reason)
{
	bool kept = is_kept_from_front(lane);
	*out_reason = *lane->reason      ? lane->reason
		      : kept             ? "not-in-front"
		      : is_unasked(lane) ? "unasked"
					 : "";
	return state_words[lane->state];
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

static void add_why(struct text *t, const struct switch_lane *lane)
{
	struct text why = {0};
	if (lane->taken)
		text_add(&why, "a schema has its name: documents go to that, without variants");
	else if (is_unasked(lane))
		text_add(&why, "no schema asks it, or is called as one of its variants: it "
			       "decides nothing");
	else
		text_addf(&why, "no schema '%s' runs here, which is one of its variants",
			  lane->missing);
	add_text(t, "why", why.s ? why.s : "");
	t->failed = t->failed || why.failed;
	text_fini(&why);
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
	const char *reason;
	add_key(t, lane->name);
	text_add_char(t, '{');
	add_text(t, "state", switch_state_word(lane, &reason));
	if (*reason)
		add_text(t, "reason", reason);
	if (is_kept_from_front(lane) || is_unasked(lane))
		add_why(t, lane);
	wanted_write(&lane->wanted, lane->leaving, t);
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
		bool calm = lane->state == SWITCH_RUNNING && !lane->skewed &&
			    !is_kept_from_front(lane);
		if (!switch_is_shown(lane) || (brief && (calm || t->len - begin > BRIEF_MOST)))
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
