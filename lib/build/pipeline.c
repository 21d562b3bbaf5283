#include "lib/build/pipeline.h"

#include <stdlib.h>

static void pipeline_free(flume_pipeline *pipeline)
{
	if (pipeline->generation)
		hub_emit(pipeline->hub, &(struct flume_event){
						.kind = FLUME_EVENT_PIPELINE_RETIRED,
						.name = pipeline->id,
						.schema_id = pipeline->id,
						.version = pipeline->version,
						.generation = pipeline->generation,
					});
	for (size_t i = 0; i < pipeline->n_parts; i++)
		component_unref(pipeline->parts[i]);
	for (size_t i = 0; i < pipeline->n_schemas; i++)
		flume_schema_unref(pipeline->schemas[i]);
	free(pipeline->parts);
	free(pipeline->schemas);
	arena_fini(&pipeline->arena);
	hub_unref(pipeline->hub);
	free(pipeline);
}

void pipeline_release(flume_pipeline *pipeline)
{
	if (pipeline && counted_unref(&pipeline->counted))
		pipeline_free(pipeline);
}

flume_pipeline *pipeline_hold(flume_pipeline *pipeline)
{
	if (pipeline)
		atomic_fetch_add_explicit(&pipeline->held, 1, memory_order_relaxed);
	return pipeline;
}

flume_pipeline *flume_pipeline_ref(flume_pipeline *pipeline)
{
	if (pipeline)
		counted_ref(&pipeline->counted);
	return pipeline_hold(pipeline);
}

flume_pipeline *flume_pipeline_unref(flume_pipeline *pipeline)
{
	if (pipeline) {
		atomic_fetch_sub_explicit(&pipeline->held, 1, memory_order_relaxed);
		pipeline_release(pipeline);
	}
	return NULL;
}

bool flume_pipeline_may_block(const flume_pipeline *pipeline)
{
	return pipeline->may_block;
}

void flume_pipeline_read(const flume_pipeline *pipeline, struct flume_pipeline_info *out)
{
	*out = (struct flume_pipeline_info){
		.schema_id = pipeline->id,
		.version = pipeline->version,
		.digest = pipeline->digest,
		.generation = pipeline->generation,
		.calls = atomic_load_explicit(&pipeline->calls, memory_order_relaxed),
		.failures = atomic_load_explicit(&pipeline->failures, memory_order_relaxed),
	};
}

bool pipeline_has_part(const flume_pipeline *pipeline, const struct component *part)
{
	for (size_t i = 0; i < pipeline->n_parts; i++)
		if (pipeline->parts[i] == part)
			return true;
	return false;
}

static int failed(flume_pipeline *pipeline, int rc, const struct flume_err *err)
{
	atomic_fetch_add_explicit(&pipeline->failures, 1, memory_order_relaxed);
	hub_emit(pipeline->hub, &(struct flume_event){
					.kind = FLUME_EVENT_CALL_FAILED,
					.name = pipeline->id,
					.schema_id = pipeline->id,
					.version = pipeline->version,
					.generation = pipeline->generation,
					.err = err,
				});
	return rc;
}

int pipeline_call(flume_pipeline *pipeline, const struct flume_call *given, void **item,
		  struct flume_err *given_err)
{
	static const struct flume_call plain;
	const struct flume_call *call = given ? given : &plain;
	struct flume_err own;
	struct flume_err *err = given_err ? given_err : &own;
	err->code = 0;
	err->path[0] = '\0';
	atomic_fetch_add_explicit(&pipeline->calls, 1, memory_order_relaxed);
	int rc = call_check(pipeline->hub, call, err);
	if (!rc)
		rc = step_run(pipeline->root, call, item, err);
	if (rc < 0)
		return failed(pipeline, rc, err);
	err->code = 0; /* of a failure that a step recovered from */
	return rc;
}

int flume_pipeline_process(flume_pipeline *pipeline, const struct flume_call *call, void **item,
			   struct flume_err *err)
{
	return pipeline_call(pipeline, call, item, err);
}
