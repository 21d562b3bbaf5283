/*
 * pipeline.h - something that runs: steps in memory of their own, and what they hold.
 *
 * The references of a pipeline are those of the store, of calls in progress, and of whoever
 * holds a handle; `held` counts the last, so that a factory can tell when the calls have ended.
 */
#ifndef FLUME_BUILD_PIPELINE_H
#define FLUME_BUILD_PIPELINE_H

#include "lib/base/arena.h"
#include "lib/connector/connector.h"

struct flume_pipeline {
	struct counted counted;
	struct step *root;
	struct hub *hub;
	struct arena arena;
	const char *id, *version, *digest;
	uint64_t generation; /* set before the pipeline is published */
	bool may_block;

	struct component **parts;
	size_t n_parts;
	flume_schema **schemas; /* names of steps lie in them; the first is its own */
	size_t n_schemas;

	_Alignas(64) atomic_uint_least64_t calls;
	atomic_uint_least64_t failures;
	atomic_size_t held;
};

/* One call, with everything defaulted and counted. */
int pipeline_call(flume_pipeline *, const struct flume_call *, void **item,
		  struct flume_err *err);
/* Drops the reference of the store or of a call. */
void pipeline_release(flume_pipeline *);
/* Makes the caller's internal reference one that a handle holds. */
flume_pipeline *pipeline_hold(flume_pipeline *);
bool pipeline_has_part(const flume_pipeline *, const struct component *);

#endif
