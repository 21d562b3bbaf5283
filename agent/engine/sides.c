/*
 * What comes beside the schemas is not judged by versions: what the store has is in force.
 *
 * A change must not be carried out before what it is measured by is known, or a restart would be a
 * way around an operator's word.  So nothing moves until every side has listed, as long as the
 * store answers; a side that is silent while the schemas are not is waited for a few seconds.
 */
#include "agent/engine/inside.h"

#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE (5000 * MS)
#define AGAIN    (1000 * MS)

static const char *const kinds[ENGINE_SIDES] = {
	[ENGINE_CASES] = "canaries", [ENGINE_PINS] = "pins",        [ENGINE_FREEZE] = "freeze",
	[ENGINE_CLEARS] = "bad",     [ENGINE_CONFIRMS] = "confirm",
};

const struct note *side_note(const struct engine *e, enum engine_side kind, const char *name)
{
	return map_get(&e->sides.all[kind].said, name);
}

/* ---- is everything there? ---- */

static const struct side *find_missing(const struct engine *e)
{
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		if (e->sides.all[i].awaited)
			return &e->sides.all[i];
	return NULL;
}

bool sides_ready(const struct engine *e)
{
	return e->sides.late || !find_missing(e);
}

void sides_hurry(struct engine *e)
{
	if (e->sides.open_at || sides_ready(e))
		return;
	e->sides.open_at = loop_now() + PATIENCE;
	engine_wake(e, e->sides.open_at);
}

static int64_t tick_patience(struct engine *e, int64_t now)
{
	const struct side *missing = find_missing(e);
	if (!e->sides.open_at || !missing || e->sides.late)
		return INT64_MAX;
	if (now < e->sides.open_at)
		return e->sides.open_at;
	e->sides.late = true;
	e->again = true;
	log_event(LOG_ERROR, "changes go on without what stands beside them in the store",
		  LOG_STR("missing", kinds[missing->kind]));
	return INT64_MAX;
}

static bool save(struct engine *e)
{
	bool cases = extras_save(e), holds = holds_save(e);
	return cases && holds;
}

void sides_save_later(struct engine *e)
{
	e->sides.save_at = loop_now() + AGAIN;
	engine_wake(e, e->sides.save_at);
}

void sides_lost(struct engine *e)
{
	extras_lost(e);
	e->sides.holds_unsaved = true;
	e->sides.save_at = 1;
	engine_wake(e, 0);
}

int64_t sides_tick(struct engine *e, int64_t now)
{
	int64_t next = tick_patience(e, now);
	if (!e->sides.save_at)
		return next;
	if (now >= e->sides.save_at)
		e->sides.save_at = !save(e) ? now + AGAIN : extras_are_saved(e) ? 0 : now;
	return e->sides.save_at && e->sides.save_at < next ? e->sides.save_at : next;
}

/* ---- notes ---- */

static bool is_hold(const struct side *side)
{
	return side->kind == ENGINE_PINS || side->kind == ENGINE_FREEZE;
}

/* The name may be the map's own. */
static void drop_note(struct side *side, const char *name)
{
	const struct note *old = map_get(&side->said, name);
	if (old && is_hold(side))
		holds_tell(side->kind == ENGINE_PINS ? name : NULL, old, false, false);
	free(map_remove(&side->said, name));
}

/* Whatever a hold has for a value, it holds; a confirmation that cannot be read confirms nothing. */
static int read_note(struct side *side, const struct change *c, struct note *out)
{
	int rc = note_read(out, c->text, c->len, c->revision);
	if (rc == FLUME_INVALID)
		log_event(LOG_WARN, "a value is not what it should be: expected a JSON map",
			  LOG_STR("key", c->place),
			  LOG_STR("effect", side->kind == ENGINE_CONFIRMS ? "nothing"
					    : side->kind == ENGINE_CLEARS ? "all is cleared"
									  : "it holds"));
	return rc == FLUME_NOMEM ? rc : 0;
}

static void carry_out(struct side *side, const char *name, const struct note *note)
{
	if (is_hold(side))
		holds_tell(side->kind == ENGINE_PINS ? name : NULL, note, true, false);
	else if (side->kind == ENGINE_CLEARS)
		clears_take(side->engine, name, note, side->listed);
}

static int take_note(struct side *side, const struct change *c)
{
	const struct note *known = map_get(&side->said, c->name);
	void *old = NULL;
	if (known && known->revision == c->revision)
		return 0;
	struct note *note = malloc(sizeof *note);
	if (!note)
		return FLUME_NOMEM;
	if (read_note(side, c, note) || map_put(&side->said, c->name, note, &old)) {
		free(note);
		return FLUME_NOMEM;
	}
	free(old);
	carry_out(side, c->name, note);
	return 0;
}

/* ---- of the sink ---- */

static int take(struct side *side, const struct change *c)
{
	if (side->kind == ENGINE_CASES && !source_name_good(c->name))
		return 0;
	if (side->kind == ENGINE_CASES)
		return c->text ? extras_take(side, c) : (extras_drop(side, c->name), 0);
	if (c->text)
		return take_note(side, c);
	drop_note(side, c->name);
	return 0;
}

static bool is_named(const char *name, const struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(changes[i].name, name))
			return true;
	return false;
}

static void drop_unnamed(struct side *side, const struct change *changes, size_t n)
{
	for (size_t i = side->said.len; i > 0; i--) {
		const char *name = side->said.entries[i - 1].name;
		if (is_named(name, changes, n))
			continue;
		if (side->kind == ENGINE_CASES)
			extras_drop(side, name);
		else
			drop_note(side, name);
	}
}

static int take_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		      int64_t revision)
{
	struct side *side = arg;
	int rc = 0;
	(void)revision;
	if (kind == BATCH_LIST)
		drop_unnamed(side, changes, n);
	for (size_t i = 0; i < n; i++) {
		int one = take(side, &changes[i]);
		rc = one ? one : rc;
	}
	if (kind == BATCH_LIST && !rc) {
		side->listed = true;
		side->awaited = false;
	}
	again_all(side->engine);
	board_changed(side->engine);
	return rc;
}

static void take_proved(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
}

/* The schemas' own link is the one that is shown. */
static void take_link(void *arg, bool up, const char *why)
{
	const struct side *side = arg;
	log_event(LOG_DEBUG, up ? "side up" : "side down", LOG_STR("side", kinds[side->kind]),
		  LOG_STR("reason", why));
}

static void forget_notes(struct side *side)
{
	while (side->said.len)
		free(map_remove(&side->said, side->said.entries[0].name));
}

/* What was confirmed in another history means nothing in this one. */
void sides_reset(struct engine *e)
{
	forget_notes(&e->sides.all[ENGINE_CONFIRMS]);
}

static void take_reset(void *arg, int64_t revision)
{
	struct side *side = arg;
	(void)revision;
	if (side->kind == ENGINE_CONFIRMS || side->kind == ENGINE_CLEARS)
		forget_notes(side);
}

struct sink engine_side_sink(struct engine *e, enum engine_side kind)
{
	struct side *side = &e->sides.all[kind];
	side->awaited = !side->listed;
	return (struct sink){.batch = take_batch,
			     .proved = take_proved,
			     .link = take_link,
			     .reset = take_reset,
			     .arg = side};
}

/* ---- life ---- */

void sides_init(struct engine *e)
{
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		e->sides.all[i] = (struct side){.engine = e, .kind = (enum engine_side)i};
}

void sides_boot(struct engine *e)
{
	extras_boot(e);
	holds_boot(e);
}

void sides_fini(struct engine *e)
{
	struct map *here = &e->sides.pins_here;
	while (e->sides.save_at)
		e->sides.save_at = save(e) && !extras_are_saved(e);
	for (size_t i = 0; i < ENGINE_SIDES; i++) {
		struct side *side = &e->sides.all[i];
		if (side->kind == ENGINE_CASES)
			extras_fini(side);
		else
			forget_notes(side);
		map_fini(&side->said);
	}
	for (size_t i = 0; i < here->len; i++)
		free(here->entries[i].thing);
	map_fini(here);
	free(e->sides.freeze_here);
}
