#include "lib/build/pipeline.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void enlist(flume_pipeline *pipeline, struct hub *hub)
{
	pipeline->next = hub->pipelines;
	pipeline->link = &hub->pipelines;
	if (pipeline->next)
		pipeline->next->link = &pipeline->next;
	hub->pipelines = pipeline;
}

flume_pipeline *pipeline_new(struct hub *hub, const char *id, size_t bytes, struct arena *arena)
{
	size_t id_size = strlen(id) + 1, own = sizeof(flume_pipeline) + id_size;
	own += -own % ARENA_ALIGN;
	flume_pipeline *pipeline = malloc(own + bytes);
	if (!pipeline)
		return NULL;
	memset(pipeline, 0, sizeof *pipeline);
	memcpy(pipeline->id, id, id_size);
	arena_lend(arena, (char *)pipeline + own, bytes);
	counted_init(&pipeline->counted);
	pipeline->schemas = pipeline->few;
	pthread_mutex_lock(&hub->lock);
	pipeline->tally = tally_take(hub, &pipeline->tally_place);
	if (pipeline->tally)
		enlist(pipeline, hub);
	pthread_mutex_unlock(&hub->lock);
	if (!pipeline->tally) {
		free(pipeline);
		return NULL;
	}
	pipeline->hub = hub_ref(hub);
	return pipeline;
}

const char *pipeline_version(const flume_pipeline *pipeline)
{
	return flume_schema_get_version(pipeline->schemas[0]);
}

/* It stays in the list until all that may run code of others has run, and leaves it together with
 * the hub: who finds the list empty has the last reference, and joins the worker that this may
 * be. */
static void pipeline_free(flume_pipeline *pipeline)
{
	struct hub *hub = pipeline->hub;
	if (pipeline->generation)
		hub_emit(hub, &(struct flume_event){
				      .kind = FLUME_EVENT_PIPELINE_RETIRED,
				      .name = pipeline->id,
				      .schema_id = pipeline->id,
				      .version = pipeline_version(pipeline),
				      .generation = pipeline->generation,
			      });
	for (size_t i = 0; i < pipeline->n_parts; i++)
		component_unref(pipeline->parts[i]);
	for (size_t i = 0; i < pipeline->n_schemas; i++)
		flume_schema_unref(pipeline->schemas[i]);
	pipeline_drop_kept(pipeline);
	pthread_mutex_lock(&hub->lock);
	*pipeline->link = pipeline->next;
	if (pipeline->next)
		pipeline->next->link = pipeline->link;
	tally_give(hub, pipeline->tally, pipeline->tally_place);
	bool last = counted_unref(&hub->counted);
	pthread_mutex_unlock(&hub->lock);
	if (pipeline->schemas != pipeline->few)
		free(pipeline->schemas);
	arena_free(pipeline->blocks);
	free(pipeline);
	if (last)
		hub_free(hub);
}

void pipeline_keep(flume_pipeline *pipeline)
{
	counted_ref(&pipeline->counted);
}

void pipeline_release(flume_pipeline *pipeline)
{
	if (pipeline && counted_unref(&pipeline->counted))
		pipeline_free(pipeline);
}

flume_pipeline *pipeline_hand_out(flume_pipeline *pipeline)
{
	if (pipeline)
		counted_hand_out(&pipeline->counted);
	return pipeline;
}

static bool all_idle(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	const flume_pipeline *it = hub->pipelines;
	while (it && counted_idle(&it->counted))
		it = it->next;
	pthread_mutex_unlock(&hub->lock);
	return !it;
}

void pipelines_drain(struct hub *hub)
{
	static const struct timespec pause = {.tv_nsec = 200000};
	while (!all_idle(hub))
		nanosleep(&pause, NULL);
}

flume_pipeline *flume_pipeline_ref(flume_pipeline *pipeline)
{
	if (pipeline)
		counted_hold(&pipeline->counted);
	return pipeline;
}

flume_pipeline *flume_pipeline_unref(flume_pipeline *pipeline)
{
	if (pipeline && counted_let_go(&pipeline->counted))
		pipeline_free(pipeline);
	return NULL;
}

bool flume_pipeline_may_block(const flume_pipeline *pipeline)
{
	return pipeline->may_block;
}

void flume_pipeline_read(const flume_pipeline *pipeline, struct flume_pipeline_info *out)
{
	struct tally_sum sum = tally_sum(pipeline->tally, pipeline->hub);
	*out = (struct flume_pipeline_info){
		.schema_id = pipeline->id,
		.version = pipeline_version(pipeline),
		.digest = flume_schema_get_digest(pipeline->schemas[0]),
		.generation = pipeline->generation,
		.calls = sum.calls,
		.failures = sum.failures,
	};
}

bool pipeline_has_part(const flume_pipeline *pipeline, const struct component *part)
{
	for (size_t i = 0; i < pipeline->n_parts; i++)
		if (component_needs(pipeline->parts[i], part))
			return true;
	return false;
}

bool pipeline_is_whole(const flume_pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->n_parts; i++)
		if (!component_is_whole(pipeline->parts[i]))
			return false;
	return true;
}

static void failed(flume_pipeline *pipeline, const struct flume_call *call,
		   const struct flume_err *err)
{
	atomic_fetch_add_explicit(&tally_here(pipeline->tally, pipeline->hub)->failures, 1,
				  memory_order_release);
	hub_emit(pipeline->hub, &(struct flume_event){
					.kind = FLUME_EVENT_CALL_FAILED,
					.name = pipeline->id,
					.schema_id = pipeline->id,
					.version = pipeline_version(pipeline),
					.generation = pipeline->generation,
					.err = err,
					.call = call,
				});
}

/* The caller's error is written on failure only, so steps get one of ours. */
int pipeline_call(flume_pipeline *pipeline, const struct flume_call *given, void **item,
		  struct flume_err *out_err)
{
	static const struct flume_call plain;
	const struct flume_call *call = given ? given : &plain;
	struct flume_err err;
	err_clear(&err);
	bool live = !(call->flags & FLUME_CALL_CANARY);
	if (live)
		atomic_fetch_add_explicit(&tally_here(pipeline->tally, pipeline->hub)->calls, 1,
					  memory_order_relaxed);
	int rc = call_check(pipeline->hub, call, &err);
	if (!rc)
		rc = step_run(pipeline->root, call, item, &err);
	if (rc >= 0)
		return rc;
	if (live)
		failed(pipeline, call, &err);
	if (out_err)
		*out_err = err;
	return rc;
}

int flume_pipeline_process(flume_pipeline *pipeline, const struct flume_call *call, void **item,
			   struct flume_err *err)
{
	return pipeline_call(pipeline, call, item, err);
}
