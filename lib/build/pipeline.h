/*
 * pipeline.h - something that runs: steps in memory of their own, and what they hold.
 *
 * The references of a pipeline are those of the store and of calls in progress; who has a
 * flume_pipeline outside has a handle.  All pipelines are in a list of their hub, so that a
 * factory can tell when the calls have ended, also those on pipelines that were swapped out.
 */
#ifndef FLUME_BUILD_PIPELINE_H
#define FLUME_BUILD_PIPELINE_H

#include "lib/base/arena.h"
#include "lib/connector/connector.h"

struct flume_pipeline {
	/* What every call writes has a line of the cache to itself. */
	struct counted counted;
	atomic_uint_least64_t calls;
	atomic_uint_least64_t failures;
	int64_t swapped_ns; /* when it began to serve: written once, before any call */

	_Alignas(64) struct step *root;
	struct hub *hub;
	struct arena arena;
	const char *id, *version, *digest;
	atomic_uint_least64_t generation; /* 0 until a binding serves it */
	bool may_block;

	struct component **parts;
	size_t n_parts;
	flume_schema **schemas; /* names of steps lie in them; the first is its own */
	size_t n_schemas;

	struct flume_pipeline *next, **link; /* in the list of the hub */
};

/* Cleared but for its id, a copy, and one reference; NULL when out of memory. */
flume_pipeline *pipeline_new(struct hub *, const char *id);

/* One call, with everything defaulted and counted. */
int pipeline_call(flume_pipeline *, const struct flume_call *, void **item,
		  struct flume_err *err);
/* Drops a reference that is not a handle. */
void pipeline_release(flume_pipeline *);
/* Makes the caller's reference a handle. */
flume_pipeline *pipeline_hand_out(flume_pipeline *);
/* Waits until nothing but handles keeps any pipeline of this hub. */
void pipelines_drain(struct hub *);
/* Was it made of that component, directly or by way of one that its schema declares? */
bool pipeline_has_part(const flume_pipeline *, const struct component *);
/* Has none of what it was made of been removed?  Under the lock that removals take. */
bool pipeline_is_whole(const flume_pipeline *);

#endif
