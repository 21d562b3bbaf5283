/* What the steps of a pipeline remember, from its build over the swap to its end. */
#include "lib/build/pipeline.h"

#include <stdlib.h>
#include <string.h>

static int by_address(const void *a, const void *b)
{
	uintptr_t one = (uintptr_t)((const struct kept *)a)->state;
	uintptr_t other = (uintptr_t)((const struct kept *)b)->state;
	return (one > other) - (one < other);
}

/* Room for one more at powers of two. */
bool pipeline_take_kept(flume_pipeline *pipeline, struct state *state, const struct step *step)
{
	size_t n = pipeline->n_kept;
	if (!(n & (n - 1))) {
		struct kept *more = reallocarray(pipeline->kept, n ? 2 * n : 1, sizeof *more);
		if (!more) {
			state_unref(pipeline->hub, state);
			return false;
		}
		pipeline->kept = more;
	}
	pipeline->kept[pipeline->n_kept++] = (struct kept){state, step};
	return true;
}

void pipeline_sort_kept(flume_pipeline *pipeline)
{
	if (pipeline->n_kept)
		qsort(pipeline->kept, pipeline->n_kept, sizeof *pipeline->kept, by_address);
}

static bool keeps(const flume_pipeline *pipeline, const struct kept *it)
{
	return pipeline->n_kept && bsearch(it, pipeline->kept, pipeline->n_kept,
					   sizeof *pipeline->kept, by_address);
}

void pipeline_adopt_kept(const flume_pipeline *pipeline, int64_t now_ns)
{
	for (size_t i = 0; i < pipeline->n_kept; i++) {
		struct state *state = pipeline->kept[i].state;
		if (state->seat.kind->adopt)
			state->seat.kind->adopt(state, pipeline->kept[i].step, now_ns);
	}
}

/* A schema that it refers to tells of its own. */
static bool is_own(const flume_pipeline *pipeline, const struct state *state)
{
	return !strcmp(state->seat.schema_id, pipeline->id);
}

static void emit_lost(const flume_pipeline *old, const flume_pipeline *next,
		      const struct seat *seat, const char *what)
{
	struct flume_err err = {0};
	flume_fail(&err, FLUME_NOT_FOUND, "%s was not kept: the schema has no such node now",
		   what);
	hub_emit(next->hub, &(struct flume_event){
				    .kind = FLUME_EVENT_STATE_LOST,
				    .name = seat->place,
				    .schema_id = next->id,
				    .version = pipeline_version(next),
				    .old_version = pipeline_version(old),
				    .generation = next->generation,
				    .err = &err,
			    });
}

void pipeline_emit_lost(const flume_pipeline *old, const flume_pipeline *next)
{
	for (size_t i = 0; i < old->n_kept; i++) {
		const struct state *state = old->kept[i].state;
		if (!is_own(old, state) || keeps(next, &old->kept[i]))
			continue;
		const char *what = state->seat.kind->says(state, hub_now(next->hub));
		if (what)
			emit_lost(old, next, &state->seat, what);
	}
}

void pipeline_drop_kept(flume_pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->n_kept; i++)
		state_unref(pipeline->hub, pipeline->kept[i].state);
	free(pipeline->kept);
}
