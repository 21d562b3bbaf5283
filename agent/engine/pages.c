/*
 * What is seen of the engine from other threads is a page on the board; here is when a new one is pinned,
 * and when whoever carries the status on, to etcd, is told of it.
 *
 * The value of nodes/NODE is written when something in it changed, so what changes by itself
 * all the time, the proof, is no change; it goes along, and a new revision by itself now and then.
 */
#include "agent/engine/inside.h"

#define PROVED_PACE (10000 * MS)
#define SETTLE      (200 * MS)

/* ---- ready? ---- */

static void add_missing(struct text *why, const struct lane *lane)
{
	const char *reason;
	const char *state = lane_state_word(lane, &reason);
	text_addf(why, "%s: %s%s%s%s%s\n", lane->name, state, *reason ? ", " : "", reason,
		  lane->attempt.error ? ": " : "",
		  lane->attempt.error ? lane->attempt.error : "");
}

/* Waiting does not make it serve, and nobody had it from here: a rollout of agents need not wait. */
static bool is_refused(const struct lane *lane)
{
	return !lane->remembered &&
	       (lane_is_shown_as(lane, LANE_REJECTED) || lane_is_shown_as(lane, LANE_HELD));
}

static void explain(struct engine *e, struct text *why, struct page *page)
{
	size_t running = 0, missing = 0, refused = 0;
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		running += lane->runs.schema != NULL;
		if (!lane->wants || lane->runs.schema)
			continue;
		add_missing(why, lane);
		missing++;
		refused += is_refused(lane);
	}
	if (!e->listed && !running)
		text_addf(why, "no schemas on disk, waiting for %s\n", e->options.source);
	else
		text_addf(why, "%zu schema%s run%s%s%s\n", running, running == 1 ? "" : "s",
			  running == 1 ? "s" : "", e->listed ? "" : " from disk, waiting for ",
			  e->listed ? "" : e->options.source);
	sight_explain(e, why);
	bool known = e->listed || running;
	page->ready = !missing && known;
	page->settled = missing == refused && known;
}

/* ---- the board ---- */

static void pin(struct engine *e)
{
	struct text why = {0}, status = {0}, brief = {0}, metrics = {0};
	struct page page = {0};
	explain(e, &why, &page);
	status_write(e, &status, &brief, &page.proof);
	metrics_write(e, page.ready, &metrics);
	page.why = why.s;
	page.status = status.s;
	page.brief = brief.s;
	page.metrics = metrics.s;
	if (!why.failed && !status.failed && !brief.failed && !metrics.failed)
		(void)board_pin(e->board, &page);
	e->pinned_proved = e->proved;
	e->pinned_proved_at = e->sight.proved_at;
	text_fini(&why);
	text_fini(&status);
	text_fini(&brief);
	text_fini(&metrics);
}

/* Arming it anew would put it off, and with it the page. */
static void pin_soon(struct engine *e)
{
	if (!e->pinning)
		loop_timer_arm(e->pin, 0);
	e->pinning = true;
}

void board_changed(struct engine *e)
{
	if (!e->changed)
		e->changed_at = loop_now();
	e->changed = true;
	pin_soon(e);
}

void board_counted(struct engine *e)
{
	pin_soon(e);
}

void board_proved(struct engine *e)
{
	/* The second of a proof is shown, so one page a second will do. */
	if (e->proved != e->pinned_proved || e->sight.proved_at != e->pinned_proved_at)
		pin_soon(e);
	if (e->proved != e->told_proved)
		engine_wake(e, e->told_at + PROVED_PACE);
}

static bool proof_is_due(const struct engine *e, int64_t now)
{
	return e->proved != e->told_proved && now - e->told_at >= PROVED_PACE;
}

void board_pace(struct engine *e)
{
	int64_t now = loop_now();
	if (proof_is_due(e, now) || (e->changed && now - e->changed_at >= SETTLE))
		pin_soon(e);
}

/* What is about to be proven by a write to disk need not be told twice. */
static bool is_settling(struct engine *e, int64_t now)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		enum save save = engine_lane_at(e, i)->save;
		if (save == SAVE_DUE || save == SAVE_WRITING)
			return now - e->changed_at < SETTLE;
	}
	return false;
}

void board_flush(struct engine *e)
{
	int64_t now = loop_now();
	loop_timer_disarm(e->pin);
	e->pinning = false;
	pin(e);
	if (is_settling(e, now))
		engine_wake(e, e->changed_at + SETTLE);
	if (is_settling(e, now) || (!e->changed && !proof_is_due(e, now)))
		return;
	e->changed = false;
	e->told_proved = e->proved;
	e->told_at = now;
	if (e->on_status)
		e->on_status(e->on_status_arg);
}
