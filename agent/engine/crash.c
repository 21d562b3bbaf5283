/*
 * A change that takes the agent down with it cannot be judged by the agent that tries it.  So it
 * is written down before anything runs it, canary or call, and struck out when there is a
 * verdict, or an orderly end.  What stands there at the next start was under way in a crash, and
 * is suspected for ten minutes.  Suspects are tried one at a time (see turns.c), so the one that
 * is under way when the agent crashes again is bad.  Whatever else was, is only suspected.
 *
 * A crash of the process is what this is about, and a file outlives that without fsync.
 */
#include "agent/engine/inside.h"

#include "agent/log/log.h"

#include <string.h>

#define FOLDER    "tried"
#define UNDER_WAY "under-way"
#define CRASHED   "crashed"
#define WINDOW    600 /* seconds */

static bool is_recent(const struct bad_change *c, int64_t now)
{
	return c->at && now - c->at <= WINDOW && now >= c->at;
}

/* ---- while it runs ---- */

static int add(struct bad *list, const struct bad_change *one, const char *stage)
{
	struct bad_change c = *one;
	memccpy(c.stage, stage, '\0', sizeof c.stage - 1);
	return bad_add(list, &c);
}

/* With the time of its last crash, if there was one. */
static int add_under_way(const struct lane *lane, struct bad *list, const struct facts *facts)
{
	const struct bad_change *known = bad_find(list, facts->digest);
	struct bad_change c = {.facts = *facts, .at = known ? known->at : 0};
	clears_mark(lane, facts->digest, c.cleared);
	return add(list, &c, UNDER_WAY);
}

static int list_now(const struct lane *lane, struct bad *out)
{
	const struct bad *before = &lane->tries;
	int64_t now = stamp_now();
	int rc = 0;
	for (size_t i = 0; !rc && i < before->n; i++)
		if (is_recent(&before->list[i], now))
			rc = add(out, &before->list[i], CRASHED);
	if (!rc && lane->watched)
		rc = add_under_way(lane, out, &lane->runs.facts);
	if (!rc && lane->next.schema && lane->next.begun)
		rc = add_under_way(lane, out, &lane->next.facts);
	return rc;
}

static bool is_same(const struct bad *a, const struct bad *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = !strcmp(a->list[i].facts.digest, b->list[i].facts.digest) &&
		       !strcmp(a->list[i].stage, b->list[i].stage) &&
		       a->list[i].at == b->list[i].at;
	return same;
}

static void write_down(struct lane *lane, const struct bad *list)
{
	struct engine *e = lane->engine;
	struct flume_err err = {0};
	lane->tries_unsaved =
		bad_write(e->options.state_dir, FOLDER, lane->name, list, false, &err);
	if (lane->tries_unsaved)
		memory_trouble(e, "what is being tried could not be written", &err);
}

bool crash_rewrite(struct engine *e)
{
	bool good = true;
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (lane->tries_unsaved)
			write_down(lane, &lane->tries);
		good = good && !lane->tries_unsaved;
	}
	return good;
}

void crash_lost(struct engine *e)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		lane->tries_unsaved = lane->tries.n;
	}
}

void crash_note(struct lane *lane)
{
	struct bad list = {0};
	if (!lane->engine->options.state_dir)
		return;
	if (list_now(lane, &list)) {
		bad_fini(&list);
		return;
	}
	bool same = is_same(&list, &lane->tries);
	bad_fini(&lane->tries);
	lane->tries = list;
	if (!same)
		write_down(lane, &list);
	turns_note(lane);
}

bool crash_suspects(const struct lane *lane, const struct facts *facts)
{
	const struct bad_change *known = bad_find(&lane->tries, facts->digest);
	return known && is_recent(known, stamp_now());
}

void crash_clear(struct lane *lane, const struct facts *facts)
{
	const struct bad_change *known = bad_find(&lane->tries, facts->digest);
	if (!known || !known->at)
		return;
	bad_drop(&lane->tries, facts->digest);
	write_down(lane, &lane->tries);
}

/* What is under way stays written down. */
void crash_forget(struct lane *lane)
{
	if (lane->engine->options.state_dir)
		write_down(lane, &lane->tries);
	crash_note(lane);
}

/* ---- at the next start ---- */

static bool is_under_way(const struct bad_change *c)
{
	return !strcmp(c->stage, UNDER_WAY);
}

static void load(struct engine *e, const char *name)
{
	struct flume_err err = {0};
	struct bad list = {0};
	struct lane *lane = NULL;
	if (source_name_good(name) &&
	    !bad_read(e->options.state_dir, FOLDER, name, &list, &err))
		lane = engine_lane(e, name);
	if (!lane) {
		bad_fini(&list);
		return;
	}
	bad_fini(&lane->tries);
	lane->tries = list;
}

/* How many were under way for the second time. */
static size_t count_again(struct engine *e, int64_t now)
{
	size_t n = 0;
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct bad *tries = &engine_lane_at(e, i)->tries;
		for (size_t k = 0; k < tries->n; k++)
			n += is_under_way(&tries->list[k]) && is_recent(&tries->list[k], now);
	}
	return n;
}

static void condemn(struct lane *lane, const struct bad_change *c)
{
	memory_bad(lane, &c->facts, "", "crash",
		   "the agent crashed twice within ten minutes while it was tried");
}

static void take_in(struct lane *lane, struct bad_change *c, bool proof, int64_t now)
{
	bool guilty = proof && is_recent(c, now);
	log_event(LOG_WARN, "the agent crashed while a change was being tried",
		  LOG_STR("schema", lane->name), LOG_STR("version", c->facts.version),
		  LOG_STR("digest", c->facts.digest), LOG_INT("revision", c->facts.revision),
		  LOG_STR("outcome", guilty ? "crashed" : "tried again, alone"));
	if (guilty)
		condemn(lane, c);
	memcpy(c->stage, CRASHED, sizeof CRASHED);
	c->at = guilty ? 0 : now;
}

/* Returns how many are suspected now. */
static size_t take_all_in(struct lane *lane, bool proof, int64_t now)
{
	size_t suspects = 0;
	struct bad *tries = &lane->tries;
	for (size_t k = 0; k < tries->n; k++) {
		if (is_under_way(&tries->list[k]))
			take_in(lane, &tries->list[k], proof, now);
		suspects += is_recent(&tries->list[k], now);
	}
	return suspects;
}

void crash_boot(struct engine *e, char **names)
{
	int64_t now = stamp_now();
	size_t suspects = 0;
	for (; names && *names; names++)
		load(e, *names);
	bool proof = count_again(e, now) == 1;
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (!lane->tries.n)
			continue;
		suspects += take_all_in(lane, proof, now);
		write_down(lane, &lane->tries);
		crash_note(lane);
	}
	turns_begin(e, suspects);
}
