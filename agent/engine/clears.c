/*
 * Clearing: what failed here is forgotten, and what is wanted is tried again.
 *
 * The store keeps the word, for nodes that are away, and a node hears it again whenever it lists.
 * So that it is obeyed once, whatever fails is remembered together with the last word that was
 * known then; a word forgets what does not know it.
 */
#include "agent/engine/inside.h"

#include "agent/log/log.h"

#include <string.h>

void clears_mark(const struct lane *lane, const char *digest, char out[NOTE_ID])
{
	const struct note *note = side_note(lane->engine, ENGINE_CLEARS, lane->name);
	const struct bad_change *tried = bad_find(&lane->tries, digest);
	*out = '\0';
	if (note)
		note_id(note, out);
	else if (tried)
		memcpy(out, tried->cleared, NOTE_ID);
}

static bool is_meant(const struct note *note, const struct bad_change *c)
{
	char id[NOTE_ID] = "";
	if (note->revision)
		note_id(note, id);
	bool known = note->revision && !strcmp(c->cleared, id);
	return !known && (!*note->digest || !strcmp(note->digest, c->facts.digest));
}

static bool forget(struct bad *list, const struct note *note)
{
	bool any = false;
	for (size_t i = list->n; i > 0; i--) {
		const struct bad_change copy = list->list[i - 1];
		if (!is_meant(note, &copy))
			continue;
		bad_drop(list, copy.facts.digest);
		any = true;
	}
	return any;
}

static void clear(struct lane *lane, const struct note *note, bool fresh)
{
	bool bad = forget(&lane->bad, note);
	bool tries = forget(&lane->tries, note);
	if (!bad && !tries && !fresh)
		return;
	lane->breaker = (struct breaker){0};
	lane->cleared = *note;
	if (bad)
		memory_bad_write(lane);
	if (tries)
		crash_forget(lane);
	log_event(LOG_WARN, "what failed is forgotten", LOG_STR("schema", lane->name),
		  LOG_STR("by", note->by), LOG_STR("why", note->why),
		  LOG_STR("digest", *note->digest ? note->digest : NULL),
		  LOG_STR("scope", note->revision ? "fleet" : "node"));
	again_lane(lane);
	lane->next.due |= lane->next.over;
	board_changed(lane->engine);
}

void clears_take(struct engine *e, const char *name, const struct note *note, bool fresh)
{
	struct lane *lane = map_get(&e->lanes, name);
	if (lane)
		clear(lane, note, fresh);
}

int engine_clear(struct engine *e, const char *name, const struct note *note, bool all,
		 struct flume_err *err)
{
	struct lane *lane = map_get(&e->lanes, name);
	struct note here = *note;
	if (!lane)
		return flume_fail(err, FLUME_NOT_FOUND, "nothing is known of '%s'", name);
	here.revision = 0;
	if (all)
		*here.digest = '\0';
	else if (!*here.digest)
		memcpy(here.digest, lane->wanted.digest, sizeof here.digest);
	clear(lane, &here, true);
	engine_advance(e);
	return 0;
}
