/*
 * Calls are counted by the pipelines themselves; here they are added up for a release.
 *
 * The pipeline of a schema is replaced whenever one that it refers to changes, and when a release
 * is gone back to.  That is still the same release, so what the pipelines before counted is kept.
 * A schema is also at work inside the pipelines of those that refer to it, and what they count is
 * its own too, for as long as it is the same release.
 *
 * A call in progress while its pipeline is replaced may go uncounted, and so may those of a user
 * when there is no memory to follow it with.
 */
#include "agent/engine/inside.h"

#include <stdlib.h>

static struct tally add(struct tally a, struct tally b)
{
	return (struct tally){a.calls + b.calls, a.failures + b.failures};
}

static struct tally tally_of(const flume_pipeline *pipeline)
{
	struct flume_pipeline_info info = {0};
	if (pipeline)
		flume_pipeline_read(pipeline, &info);
	return (struct tally){info.calls,
			      info.failures < info.calls ? info.failures : info.calls};
}

/* ---- the pipelines of its users ---- */

static void follow(struct followers *f, flume_pipeline *pipeline)
{
	flume_pipeline **list = reallocarray(f->list, f->n + 1, sizeof(flume_pipeline *));
	if (!list)
		return;
	f->list = list;
	f->list[f->n++] = flume_pipeline_ref(pipeline);
}

static bool unfollow(struct followers *f, flume_pipeline *pipeline)
{
	size_t i = 0;
	while (i < f->n && f->list[i] != pipeline)
		i++;
	if (i == f->n)
		return false;
	f->list[i] = f->list[--f->n];
	flume_pipeline_unref(pipeline);
	return true;
}

static void followers_fini(struct followers *f)
{
	for (size_t i = 0; i < f->n; i++)
		flume_pipeline_unref(f->list[i]);
	free(f->list);
	*f = (struct followers){0};
}

/* Those that `schema` refers to are at work in `pipeline` from now on. */
static void join(struct lane *lane, const flume_schema *schema, flume_pipeline *pipeline)
{
	struct map used = {0};
	if (!refs_reach(lane->engine, schema, &used))
		for (size_t i = 0; i < used.len; i++)
			if (used.entries[i].thing != lane)
				follow(&((struct lane *)used.entries[i].thing)->followers,
				       pipeline);
	map_fini(&used);
}

/* They are no longer; what it has counted is theirs. */
static void leave(struct engine *e, flume_pipeline *pipeline)
{
	struct tally tally = tally_of(pipeline);
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (unfollow(&lane->followers, pipeline))
			lane->runs.past = add(lane->runs.past, tally);
	}
}

/* ---- its own ---- */

static void stop(struct lane *lane)
{
	if (!lane->counted)
		return;
	lane->runs.past = add(lane->runs.past, tally_of(lane->counted));
	leave(lane->engine, lane->counted);
	lane->counted = flume_pipeline_unref(lane->counted);
}

int count_commit(struct engine *e, flume_change *change)
{
	const char *id;
	int rc = flume_change_commit(change);
	for (size_t i = 0; !rc && (id = flume_change_get_id(change, i)); i++)
		if (map_get(&e->lanes, id))
			stop(map_get(&e->lanes, id));
	for (size_t i = 0; !rc && (id = flume_change_get_id(change, i)); i++) {
		struct lane *lane = map_get(&e->lanes, id);
		flume_pipeline *pipeline = flume_change_get_pipeline(change, i);
		if (!lane)
			continue;
		lane->counted = flume_pipeline_ref(pipeline);
		join(lane, flume_change_get_schema(change, i), pipeline);
	}
	return rc;
}

struct tally count_calls(const struct lane *lane)
{
	struct tally sum = add(lane->runs.past, tally_of(lane->counted));
	for (size_t i = 0; i < lane->followers.n; i++)
		sum = add(sum, tally_of(lane->followers.list[i]));
	return sum;
}

void count_end(struct lane *lane)
{
	stop(lane);
	followers_fini(&lane->followers);
}
