/*
 * After a crash everything that was under way is suspected, and the note on disk does not say
 * which it was.  So those are tried again one at a time, and while one is, nothing else is let
 * in: what is under way in a second crash is proven to be the one.
 *
 * That must not hold up the others for long.  A turn ends with the verdict, or with its share of
 * the ten minutes in which a second crash counts; who got through its turn is not suspected any
 * more.
 */
#include "agent/engine/inside.h"

#define ALL_TURNS (600000 * MS)

void turns_begin(struct engine *e, size_t suspects)
{
	if (!suspects)
		return;
	e->turns.share = ALL_TURNS / (int64_t)suspects;
	e->turns.over = loop_now() + ALL_TURNS;
}

static void end_turn(struct engine *e)
{
	e->turns.lane = NULL;
	e->again = true;
	engine_wake(e, 0);
}

static bool is_coming(const struct next *next)
{
	return next->schema && next->stage <= NEXT_LIVE;
}

static bool suspect_is_coming(const struct lane *lane)
{
	return is_coming(&lane->next) && crash_suspects(lane, &lane->next.facts);
}

static bool any(struct engine *e, bool (*fits)(const struct lane *))
{
	for (size_t i = 0; i < e->lanes.len; i++)
		if (fits(engine_lane_at(e, i)))
			return true;
	return false;
}

static bool is_in_trial(const struct lane *lane)
{
	return lane->next.trial || lane->next.share;
}

bool turns_allow(struct lane *lane)
{
	struct engine *e = lane->engine;
	if (loop_now() >= e->turns.over)
		return true;
	bool suspected = crash_suspects(lane, &lane->next.facts);
	if (e->turns.lane == lane)
		return true; /* what is to replace the suspect need not wait for it */
	if (e->turns.lane || any(e, suspected ? is_in_trial : suspect_is_coming))
		return false;
	if (suspected) {
		e->turns.lane = lane;
		e->turns.until = loop_now() + e->turns.share;
		engine_wake(e, e->turns.until);
	}
	return true;
}

void turns_note(struct lane *lane)
{
	bool on = suspect_is_coming(lane) ||
		  (lane->watched && crash_suspects(lane, &lane->runs.facts));
	if (lane->engine->turns.lane == lane && !on)
		end_turn(lane->engine);
}

int64_t turns_tick(struct engine *e, int64_t now)
{
	struct lane *lane = e->turns.lane;
	if (!lane)
		return INT64_MAX;
	if (now < e->turns.until)
		return e->turns.until;
	crash_clear(lane, &lane->next.facts);
	crash_clear(lane, &lane->runs.facts);
	crash_note(lane);
	return INT64_MAX;
}
