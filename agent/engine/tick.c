/* What happens by the clock: one timer for all lanes, armed for whichever is due first. */
#include "agent/engine/inside.h"

#include <string.h>

#define SOON          (100 * MS) /* a canary that takes longer is shown */
#define BLOCKED_PAUSE (250 * MS) /* when only memory was missing        */

void engine_wake(struct engine *e, int64_t at)
{
	if (at >= e->tick_at)
		return;
	e->tick_at = at;
	loop_timer_arm(e->tick, at - loop_now());
}

/* Each returns when it is next due. */
static int64_t tick_held(struct lane *lane, int64_t now)
{
	if (strcmp(lane->next.held, "update-breaker") != 0)
		return INT64_MAX;
	if (breaker_refuses(&lane->breaker, now))
		return lane->breaker.until;
	lane->next.due = true;
	return INT64_MAX;
}

static int64_t tick_trial(struct lane *lane, int64_t now)
{
	struct next *next = &lane->next;
	if (next->shown)
		return INT64_MAX;
	if (now - next->began < SOON)
		return next->began + SOON;
	next->shown = true;
	board_changed(lane->engine);
	return INT64_MAX;
}

static int64_t tick_blocked(struct lane *lane, int64_t now)
{
	if (lane->next.code != FLUME_NOMEM)
		return INT64_MAX;
	if (now - lane->next.began < BLOCKED_PAUSE)
		return lane->next.began + BLOCKED_PAUSE;
	lane->next.due = true;
	return INT64_MAX;
}

static int64_t tick_next(struct lane *lane, int64_t now)
{
	if (!lane->next.schema)
		return INT64_MAX;
	switch (lane->next.stage) {
	case NEXT_HELD:
		return tick_held(lane, now);
	case NEXT_TRIAL:
		return tick_trial(lane, now);
	case NEXT_SHADOW:
	case NEXT_LIVE:
		return stages_look(lane, now);
	case NEXT_BLOCKED:
		return tick_blocked(lane, now);
	case NEXT_DUE:
		break;
	}
	return INT64_MAX;
}

/* When it half-opens is seen on the page, also where no change waits for that. */
static int64_t tick_breaker(struct lane *lane, int64_t now)
{
	if (!lane->refuses)
		return INT64_MAX;
	if (breaker_refuses(&lane->breaker, now))
		return lane->breaker.until;
	lane->refuses = false;
	board_counted(lane->engine);
	return INT64_MAX;
}

void engine_tick(void *arg)
{
	struct engine *e = arg;
	int64_t now = loop_now();
	e->tick_at = INT64_MAX;
	for (size_t i = 0; i < e->lanes.len; i++) {
		engine_wake(e, guard_look(engine_lane_at(e, i), now));
		engine_wake(e, tick_next(engine_lane_at(e, i), now));
		engine_wake(e, tick_breaker(engine_lane_at(e, i), now));
	}
	engine_wake(e, turns_tick(e, now));
	engine_wake(e, rates_tick(e, now));
	engine_wake(e, sight_tick(e, now));
	engine_wake(e, sides_tick(e, now));
	engine_advance(e);
	saves_tick(e, now);
	lanes_prune(e);
	board_pace(e);
}
