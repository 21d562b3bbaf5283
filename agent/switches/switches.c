#include "agent/switches/switches.h"

#include "agent/log/log.h"
#include "agent/switches/inside.h"

#include <stdlib.h>
#include <string.h>

#define LANES_MOST 256 /* beyond it those are forgotten that have nothing to remember */

/* ---- lanes ---- */

struct switch_lane *switch_at(const struct switches *all, size_t i)
{
	return all->lanes.entries[i].thing;
}

void edition_fini(struct edition *edition)
{
	edition->sw = ab_unref(edition->sw);
}

static struct switch_lane *lane_free(struct switch_lane *lane)
{
	if (!lane)
		return NULL;
	edition_fini(&lane->runs);
	edition_fini(&lane->next);
	attempt_fini(&lane->attempt);
	free(lane->place);
	free(lane->name);
	free(lane);
	return NULL;
}

static bool is_idle(const struct switch_lane *lane)
{
	return !lane->runs.sw && !lane->next.sw && !lane->wants && !lane->leaving &&
	       lane->copy == COPY_DONE;
}

/* Whatever comes of its name later must be newer than all that was seen of those. */
static void forget(struct switches *all, size_t i)
{
	struct switch_lane *lane = switch_at(all, i);
	if (lane->last_revision > all->forgotten)
		all->forgotten = lane->last_revision;
	(void)map_remove(&all->lanes, lane->name);
	lane_free(lane);
}

static void prune(struct switches *all)
{
	for (size_t i = all->lanes.len; i > 0 && all->lanes.len >= LANES_MOST; i--)
		if (is_idle(switch_at(all, i - 1)))
			forget(all, i - 1);
}

struct switch_lane *switch_lane(struct switches *all, const char *name)
{
	struct switch_lane *lane = map_get(&all->lanes, name);
	if (lane)
		return lane;
	prune(all);
	lane = calloc(1, sizeof *lane);
	if (!lane)
		return NULL;
	*lane = (struct switch_lane){.all = all, .reason = "", .last_revision = all->forgotten};
	lane->name = strdup(name);
	if (!lane->name || switchboard_slot(all->board, name, &lane->slot) ||
	    map_add(&all->lanes, name, lane))
		return lane_free(lane);
	return lane;
}

/* ---- what the source says besides changes: the schemas' link and proof are the node's ---- */

static void take_proved(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
}

static void take_link(void *arg, bool up, const char *why)
{
	(void)arg;
	log_event(LOG_DEBUG, up ? "switches up" : "switches down", LOG_STR("reason", why));
}

struct sink switches_sink(struct switches *all)
{
	return (struct sink){
		.batch = switches_take_batch,
		.proved = take_proved,
		.link = take_link,
		.reset = switches_take_reset,
		.arg = all,
	};
}

void switches_submit(struct switches *all, const struct change *change, engine_done_fn *done,
		     void *arg)
{
	(void)switch_change(all, change, &(struct switch_asker){done, arg}, 0, false);
	switches_advance(all);
}

/* What is on the shelf is of that generation of the board which it is seen with. */
int switches_set_labels(struct switches *all, const char *const *labels)
{
	int rc = switchboard_set_labels(all->board, labels);
	all->unshown |= !rc;
	switches_advance_later(all);
	return rc;
}

struct shelf *switches_get_shelf(struct switches *all)
{
	return all->shelf;
}

struct switchboard *switches_get_board(struct switches *all)
{
	return all->board;
}

/* ---- life ---- */

size_t switches_boot(struct switches *all)
{
	size_t n = copies_boot(all);
	all->unshown = switches_show(all);
	switches_advance_later(all);
	return n;
}

static int fill(struct switches *all, const char *state_dir)
{
	all->shelf = shelf_new();
	all->turn = loop_timer_new(all->loop, switches_turn, all);
	all->watch = loop_timer_new(all->loop, skew_look, all);
	return all->shelf && all->turn && all->watch ? copies_begin(all, state_dir)
						     : FLUME_NOMEM;
}

int switches_new(struct switches **out, struct loop *loop, flume_factory *factory,
		 struct engine *engine, struct switchboard *board,
		 const struct switches_options *options, struct flume_err *err)
{
	struct switches *all = calloc(1, sizeof *all);
	if (!all)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*all = (struct switches){.loop = loop,
				 .factory = factory,
				 .engine = engine,
				 .board = board,
				 .components = options->components};
	if (fill(all, options->state_dir)) {
		switches_free(all);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	engine_set_guest(engine, &(struct engine_guest){
					 .check = switches_check_schema,
					 .needs = switches_need_schema,
					 .moved = switches_advance_later,
					 .is_saved = copies_are_written,
					 .lost = copies_lost,
					 .add_status = switches_add_status,
					 .add_metrics = switches_add_metrics,
					 .arg = all,
				 });
	skew_look(all);
	*out = all;
	return 0;
}

void switches_save(struct switches *all)
{
	copies_write(all);
}

struct switches *switches_free(struct switches *all)
{
	if (!all)
		return NULL;
	all->ending = true;
	copies_end(all);
	engine_set_guest(all->engine, NULL);
	for (size_t i = 0; i < all->lanes.len; i++)
		lane_free(switch_at(all, i));
	map_fini(&all->lanes);
	uses_fini(&all->uses);
	shelf_free(all->shelf);
	loop_timer_free(all->turn);
	loop_timer_free(all->watch);
	free(all);
	return NULL;
}
