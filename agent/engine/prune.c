/*
 * A name costs a lane and its series in the metrics.  Names come from outside, also such as never
 * run (a refused PUT, a DELETE of what is not there), so lanes that have nothing to remember are
 * freed.  The last of them stay, so that what became of a schema can still be read.
 *
 * The revisions that a freed lane had seen are not forgotten: all lanes of one store share one
 * history, so what comes under a new name cannot be older than those.
 */
#include "agent/engine/lane.h"

#define IDLE_MOST 64

static bool is_idle(const struct lane *lane)
{
	bool shown = lane_shown(lane) || lane->kept.schema;
	bool coming = lane->next.schema || lane->aside.schema || lane->leave_asker.done;
	bool remembers = lane->bad.n || lane->tries.n ||
			 breaker_refuses(&lane->breaker, loop_now()) ||
			 lane->save != SAVE_NOTHING || lane->bad_save != SAVE_NOTHING ||
			 lane->tries_unsaved;
	return !shown && !coming && !remembers;
}

static size_t mark_idle(struct engine *e)
{
	size_t n = 0;
	e->ticks++;
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		bool idle = is_idle(lane);
		if (!idle)
			lane->idle_since = 0;
		else if (!lane->idle_since)
			lane->idle_since = e->ticks;
		n += idle;
	}
	return n;
}

static struct lane *find_oldest(struct engine *e)
{
	struct lane *oldest = NULL;
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (lane->idle_since && (!oldest || lane->idle_since < oldest->idle_since))
			oldest = lane;
	}
	return oldest;
}

void lanes_prune(struct engine *e)
{
	for (size_t n = mark_idle(e); n > IDLE_MOST; n--) {
		struct lane *lane = find_oldest(e);
		if (lane->last_revision > e->forgotten)
			e->forgotten = lane->last_revision;
		(void)map_remove(&e->lanes, lane->name);
		lane_free(lane);
		board_changed(e);
	}
}
