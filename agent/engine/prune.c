/*
 * A name costs a lane and its series in the metrics.  Names come from outside, also such as never
 * run (a refused PUT, a DELETE of what is not there), so lanes that have nothing to remember are
 * freed.  The last of them stay, so that what became of a schema can still be read.
 *
 * What failed is remembered over restarts, in a file a name.  Of names that neither run nor are
 * wanted (a PUT that was refused) only the last so many are: the others may fail once more.
 *
 * The revisions that a freed lane had seen are not forgotten: all lanes of one store share one
 * history, so what comes under a new name cannot be older than those.
 */
#include "agent/engine/inside.h"

#define IDLE_MOST   64
#define FAILED_MOST 64

static bool is_unused(const struct lane *lane)
{
	bool shown = lane_shown(lane) || lane->kept.schema;
	bool coming = lane->next.schema || lane->aside.schema || lane->leave_asker.done;
	bool writes = lane->save != SAVE_NOTHING || lane->bad_save != SAVE_NOTHING ||
		      lane->tries_unsaved;
	return !shown && !coming && !writes && !lane->tries.n;
}

static bool is_idle(const struct lane *lane)
{
	return is_unused(lane) && !lane->bad.n && !breaker_refuses(&lane->breaker, loop_now());
}

/* ---- what failed under names that nobody uses ---- */

static int64_t failed_at(const struct lane *lane)
{
	return lane->bad.list[lane->bad.n - 1].at;
}

/* The one that failed longest ago; NULL when they are not too many. */
static struct lane *find_failed(struct engine *e)
{
	struct lane *oldest = NULL;
	size_t n = 0;
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (!lane->bad.n || !is_unused(lane))
			continue;
		n++;
		if (!oldest || failed_at(lane) < failed_at(oldest))
			oldest = lane;
	}
	return n > FAILED_MOST ? oldest : NULL;
}

/* One a turn, for the sake of the disk.  Before the first list nobody knows what is wanted. */
static void forget_failed(struct engine *e)
{
	struct lane *lane = e->listed ? find_failed(e) : NULL;
	if (!lane)
		return;
	bad_fini(&lane->bad);
	lane->breaker = (struct breaker){0};
	memory_bad_write(lane);
	engine_wake(e, 0);
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
	forget_failed(e);
	for (size_t n = mark_idle(e); n > IDLE_MOST; n--) {
		struct lane *lane = find_oldest(e);
		if (lane->last_revision > e->forgotten)
			e->forgotten = lane->last_revision;
		(void)map_remove(&e->lanes, lane->name);
		lane_free(lane);
		board_changed(e);
	}
}
