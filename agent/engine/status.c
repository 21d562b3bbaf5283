/*
 * The node's status, as JSON: what is wanted, what was attempted last and what runs are three
 * things, or "rolled back" could not be told from "never arrived".
 *
 * etcd refuses a value of more than a megabyte and a half, and then nothing at all would be known
 * of the node.  So what would be too big is written again with less in it, what is told of
 * trouble last.
 */
#include "agent/engine/inside.h"
#include "agent/engine/json.h"

#include "agent/engine/canary.h"
#include <stdlib.h>
#include <string.h>

#define VALUE_MOST ((size_t)1 << 20)
#define CASES_MOST (VALUE_MOST / 4)

static const char *const state_words[] = {
	[LANE_RUNNING] = "running",   [LANE_PROBATION] = "probation",
	[LANE_REJECTED] = "rejected", [LANE_ROLLED_BACK] = "rolled-back",
	[LANE_HELD] = "held",         [LANE_WAITING] = "waiting",
};

const char *lane_state_word(const struct lane *lane, const char **out_reason)
{
	const struct next *next = &lane->next;
	bool coming = next->schema && !next->asker.done && next->stage <= NEXT_LIVE;
	*out_reason = !coming                      ? lane->reason
		      : next->stage != NEXT_DUE    ? stage_word(next)
		      : !sides_ready(lane->engine) ? "starting"
						   : "after-crash";
	return state_words[coming ? LANE_WAITING : lane->state];
}

bool lane_is_shown_as(const struct lane *lane, enum lane_state state)
{
	const char *reason;
	return lane_state_word(lane, &reason) == state_words[state];
}

/* ---- a schema ---- */

static void add_running(struct text *t, const struct lane *lane)
{
	const struct release *r = &lane->runs;
	add_key(t, "running");
	text_add_char(t, '{');
	facts_write(&r->facts, t);
	add_number(t, "generation", (int64_t)lane_generation(lane));
	add_stamp(t, "since", r->since);
	/* A verdict counts when it would be there after a power failure. */
	bool lasts = lane->save == SAVE_NOTHING;
	add_truth(t, "proven", r->proven && lasts);
	if (r->verdicts.shadow)
		add_text(t, "shadow", r->verdicts.shadow);
	if (r->verdicts.live)
		add_text(t, "live", r->verdicts.live);
	if (r->inconclusive && lasts)
		add_text(t, "verdict", "inconclusive");
	text_add_char(t, '}');
}

static void add_shadow(struct text *t, const struct share_counts *c)
{
	add_number(t, "compared", (int64_t)c->compared);
	add_number(t, "differed", (int64_t)c->differed);
	add_number(t, "skipped", (int64_t)c->skipped);
}

static void add_live(struct text *t, const struct share_counts *c)
{
	add_number(t, "served", (int64_t)c->candidate_calls);
	add_number(t, "failed", (int64_t)c->candidate_failures);
	add_number(t, "running_served", (int64_t)c->running_calls);
	add_number(t, "running_failed", (int64_t)c->running_failures);
}

/* What is next, while it is in its canary, a shadow or a live canary. */
static void add_trial(struct text *t, const struct next *next)
{
	struct share_counts counts;
	add_key(t, "trial");
	text_add_char(t, '{');
	add_text(t, "stage", stage_word(next));
	facts_write(&next->facts, t);
	add_stamp(t, "since", next->since);
	if (next->share) {
		share_read(next->share, &counts);
		(next->stage == NEXT_SHADOW ? add_shadow : add_live)(t, &counts);
	}
	text_add_char(t, '}');
}

static void add_note(struct text *t, const struct note *note)
{
	if (*note->by)
		add_text(t, "by", note->by);
	if (*note->why)
		add_text(t, "why", note->why);
	if (note->at)
		add_stamp(t, "at", note->at);
}

/* Who holds it, whether there is something to hold back or not. */
static void add_hold(struct text *t, const struct lane *lane)
{
	bool all, here;
	const struct note *note = holds_find(lane->engine, lane->name, &all, &here);
	if (!note)
		return;
	add_key(t, "hold");
	text_add_char(t, '{');
	add_text(t, "kind", all ? "freeze" : "pin");
	add_text(t, "scope", here ? "node" : "fleet");
	add_note(t, note);
	if (*note->version)
		add_text(t, "version", note->version);
	if (*note->digest)
		add_text(t, "digest", note->digest);
	text_add_char(t, '}');
}

static void add_cleared(struct text *t, const struct note *note)
{
	if (!note->at)
		return;
	add_key(t, "cleared");
	text_add_char(t, '{');
	add_note(t, note);
	text_add_char(t, '}');
}

static void add_schema(struct text *t, const struct lane *lane, const struct attempt_detail *d)
{
	const char *reason;
	add_key(t, lane->name);
	text_add_char(t, '{');
	add_text(t, "state", lane_state_word(lane, &reason));
	if (*reason)
		add_text(t, "reason", reason);
	wanted_write(&lane->wanted, lane->leaving, t);
	if (lane->attempt.at && d->text)
		attempt_write(&lane->attempt, t, d);
	if (lane->runs.schema)
		add_running(t, lane);
	if (stage_word(&lane->next))
		add_trial(t, &lane->next);
	add_hold(t, lane);
	add_cleared(t, &lane->cleared);
	text_add_char(t, '}');
}

static void add_cases(struct text *t, const char *name, const struct extras *cases)
{
	add_key(t, name);
	text_add_char(t, '{');
	if (cases->good) {
		facts_write(&cases->facts, t);
		add_number(t, "revision", cases->facts.revision);
		add_number(t, "cases", (int64_t)canary_size(cases->good));
	}
	if (cases->error)
		add_cut(t, "error", cases->error, 300);
	text_add_char(t, '}');
}

/* `brief`: only those in trouble, as far as they leave room for the schemas. */
static void add_all_cases(struct text *t, const struct map *all, bool brief)
{
	bool any = false;
	for (size_t i = 0; i < all->len; i++) {
		const struct extras *cases = all->entries[i].thing;
		if (!cases->good && !cases->error)
			continue;
		if (brief && (!cases->error || t->len > CASES_MOST))
			continue;
		if (!any) {
			add_key(t, "canaries");
			text_add_char(t, '{');
		}
		any = true;
		add_cases(t, all->entries[i].name, cases);
	}
	if (any)
		text_add_char(t, '}');
}

static void add_health(struct text *t, const char *key, const char *word, bool good,
		       const char *why)
{
	add_key(t, key);
	text_add_char(t, '{');
	add_truth(t, word, good);
	if (why)
		add_cut(t, "why", why, 300);
	text_add_char(t, '}');
}

/* ---- the whole ---- */

/* `out_proof`: what another proof would change. */
static void add_node(struct engine *e, struct text *t, struct page_proof *out_proof)
{
	text_add_char(t, '{');
	add_text(t, "node", e->options.node);
	add_text(t, "agent", e->options.agent_version);
	add_key(t, "labels");
	text_add(t, e->labels);
	add_text(t, "started", e->started);
	add_text(t, "source", e->options.source);
	add_health(t, "link", "up", e->link_up, e->link_why);
	if (e->config.status) {
		add_key(t, "config");
		text_add(t, e->config.status);
	}
	if (e->options.state_dir)
		add_health(t, "disk", "ok", !e->disk_why, e->disk_why);
	out_proof->begin = t->len;
	sight_write_proof(e, t);
	out_proof->end = t->len;
	sight_write(e, t);
}

static void add_schemas(struct engine *e, struct text *t, const struct attempt_detail *d)
{
	add_key(t, "schemas");
	text_add_char(t, '{');
	for (size_t i = 0; i < e->lanes.len; i++)
		if (lane_shown(engine_lane_at(e, i)))
			add_schema(t, engine_lane_at(e, i), d);
	text_add_char(t, '}');
}

/* As many as there is room for, those in trouble first.  Returns how many there was none for. */
static size_t add_some_schemas(struct engine *e, struct text *t, size_t most)
{
	size_t left_out = 0;
	add_key(t, "schemas");
	text_add_char(t, '{');
	for (int calm = 0; calm < 2; calm++)
		for (size_t i = 0; i < e->lanes.len; i++) {
			const struct lane *lane = engine_lane_at(e, i);
			size_t before = t->len;
			if (!lane_shown(lane) || lane_is_shown_as(lane, LANE_RUNNING) != calm)
				continue;
			add_schema(t, lane, &(struct attempt_detail){0});
			if (t->failed || t->len <= most)
				continue;
			t->len = before;
			t->s[before] = '\0';
			left_out++;
		}
	text_add_char(t, '}');
	return left_out;
}

/* `head`: what comes before the cases, which are added to it. */
static void write_brief(struct engine *e, struct text *t, struct text *head)
{
	static const struct attempt_detail details[] = {{1, 80}, {0, 0}};
	add_all_cases(head, &e->sides.all[ENGINE_CASES].said, true);
	guest_add_status(e, head, true);
	for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
		text_fini(t);
		text_add_n(t, head->s, head->len);
		add_schemas(e, t, &details[i]);
		add_truth(t, "truncated", true);
		text_add_char(t, '}');
		if (t->failed || t->len <= VALUE_MOST)
			return;
	}
	text_fini(t);
	text_add_n(t, head->s, head->len);
	size_t left_out = t->failed ? 0 : add_some_schemas(e, t, VALUE_MOST - 100);
	add_truth(t, "truncated", true);
	add_number(t, "left_out", (int64_t)left_out);
	text_add_char(t, '}');
}

void status_write(struct engine *e, struct text *t, struct text *brief,
		  struct page_proof *out_proof)
{
	struct text head = {0};
	add_node(e, &head, out_proof);
	text_add_n(t, head.s, head.len);
	add_all_cases(t, &e->sides.all[ENGINE_CASES].said, false);
	guest_add_status(e, t, false);
	add_schemas(e, t, &(struct attempt_detail){.findings = 16, .text = 300});
	text_add_char(t, '}');
	if (!head.failed && !t->failed && t->len > VALUE_MOST)
		write_brief(e, brief, &head);
	t->failed = t->failed || head.failed;
	text_fini(&head);
}
