/*
 * Whether the node still sees its source: the shell around fresh.h.
 *
 * A blind node goes on serving and stays ready: what it runs was right when it was proved, and
 * taking it out of service would help nobody.  But it says so, once in the log, and in all that
 * it publishes for as long as it lasts.
 */
#include "agent/engine/inside.h"
#include "agent/engine/json.h"

#include "agent/log/log.h"

#include <string.h>

/* "30s", "1500ms" */
static void add_bound(struct text *t, int64_t bound)
{
	bool whole = bound % (1000 * MS) == 0;
	text_addf(t, "%lld%s", (long long)(bound / (whole ? 1000 * MS : MS)),
		  whole ? "s" : "ms");
}

static void say_blind(struct engine *e)
{
	struct text bound = {0};
	char since[STAMP_SIZE];
	add_bound(&bound, e->sight.fresh.bound);
	stamp_write(since, e->sight.proved_at);
	log_event(
		LOG_ERROR,
		"blind: the source has not proved that nothing is missing; this node serves on",
		LOG_STR("source", e->options.source), LOG_STR("bound", bound.s),
		LOG_STR("proved_at", e->sight.proved_at ? since : "never"),
		LOG_INT("proved_revision", e->proved), LOG_STR("reason", e->link_why));
	text_fini(&bound);
	board_changed(e);
}

static void say_sees(struct engine *e)
{
	log_event(LOG_WARN, "sees again: the source has proved that nothing is missing",
		  LOG_STR("source", e->options.source), LOG_INT("proved_revision", e->proved));
	board_changed(e);
}

void sight_begin(struct engine *e)
{
	int64_t now = loop_now();
	int64_t wake;
	fresh_begin(&e->sight.fresh, e->listed ? 0 : e->options.blind_after_ns, now);
	(void)fresh_look(&e->sight.fresh, now, &wake);
	engine_wake(e, wake);
}

void sight_bound(struct engine *e)
{
	if (strcmp(e->options.source, "none") != 0)
		e->sight.fresh.bound = e->options.blind_after_ns;
	engine_wake(e, sight_tick(e, loop_now()));
}

void sight_proved(struct engine *e, int64_t revision)
{
	e->proved = revision;
	e->sight.proved_at = stamp_now();
	if (fresh_prove(&e->sight.fresh, loop_now()) == FRESH_SEES)
		say_sees(e);
	board_proved(e);
	engine_wake(e, sight_tick(e, loop_now()));
}

int64_t sight_tick(struct engine *e, int64_t now)
{
	int64_t wake;
	if (fresh_look(&e->sight.fresh, now, &wake) == FRESH_BLIND)
		say_blind(e);
	return wake;
}

void sight_reset(struct engine *e)
{
	e->sight.resets++;
	e->sight.reset_at = stamp_now();
}

/* ---- what it says ---- */

static bool has_source(const struct engine *e)
{
	return e->sight.fresh.bound || e->sight.proved_at;
}

void sight_write_proof(struct engine *e, struct text *t)
{
	add_number(t, "proved_revision", e->proved);
	if (!has_source(e))
		return;
	add_key(t, "freshness");
	text_add_char(t, '{');
	add_number(t, "proved_revision", e->proved);
	if (e->sight.proved_at)
		add_stamp(t, "proved_at", e->sight.proved_at);
}

void sight_write(struct engine *e, struct text *t)
{
	if (!has_source(e))
		return;
	add_truth(t, "blind", e->sight.fresh.blind);
	add_key(t, "bound");
	text_add_char(t, '"');
	add_bound(t, e->sight.fresh.bound);
	text_add_char(t, '"');
	if (e->sight.resets) {
		add_number(t, "resets", (int64_t)e->sight.resets);
		add_stamp(t, "reset_at", e->sight.reset_at);
	}
	text_add_char(t, '}');
}

void sight_explain(struct engine *e, struct text *why)
{
	char since[STAMP_SIZE];
	stamp_write(since, e->sight.proved_at);
	if (e->sight.fresh.blind) {
		text_addf(why, "blind: %s has proved nothing %s%s, for more than ",
			  e->options.source, e->sight.proved_at ? "since " : "yet",
			  e->sight.proved_at ? since : "");
		add_bound(why, e->sight.fresh.bound);
		text_addf(why, "%s%s\n", e->link_why ? ": " : "",
			  e->link_why ? e->link_why : "");
	} else if (e->sight.proved_at && e->proved) {
		text_addf(why, "nothing up to revision %lld is missing, proved at %s\n",
			  (long long)e->proved, since);
	} else if (e->sight.proved_at) { /* a folder or a web server: they count nothing */
		text_addf(why, "nothing is missing, proved at %s\n", since);
	}
	if (!e->sight.fresh.blind && !e->link_up && e->link_why)
		text_addf(why, "%s is down: %s\n", e->options.source, e->link_why);
	if (e->sight.resets) {
		stamp_write(since, e->sight.reset_at);
		text_addf(why, "the store was wiped or restored, seen at %s\n", since);
	}
}
