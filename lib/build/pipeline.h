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
#include "lib/build/tally.h"
#include "lib/connector/connector.h"

struct kept { /* what a step remembers, perhaps together with those of other pipelines */
	struct state *state;
	const struct step *step;
};

/* What a live pointer that served a pipeline leaves to be let go after a grace period. */
struct retiring {
	struct retiring *next;
	flume_pipeline *pipeline; /* NULL: the one that this is part of; else it is in memory
				   * of its own */
};

struct flume_pipeline {
	struct counted counted;
	struct step *root;
	struct hub *hub;
	struct tally *tally; /* see tally.h */
	uint8_t tally_place;
	bool may_block;
	bool brief; /* every step is prompt: calls may stay in the read section */
	uint32_t n_parts, n_schemas, n_kept;
	atomic_uint_least64_t generation; /* 0 until a binding serves it */
	struct component **parts;
	flume_schema **schemas;     /* names of steps lie in them; the first is its own */
	struct kept *kept;          /* by address once it is built */
	struct arena_block *blocks; /* steps that had no room behind the id */

	struct flume_pipeline *next, **link; /* in the list of the hub */
	struct retiring retiring;            /* as what a slot served */
	int64_t swapped_ns;                  /* when it began to: written before any call */
	flume_schema *few[1];                /* room for the first of `schemas` */
	char id[];                           /* and the steps */
};

/* Cleared but for its id, a copy, and one reference; lends the arena room for so many bytes of
 * steps, which lives as long.  NULL when out of memory. */
flume_pipeline *pipeline_new(struct hub *, const char *id, size_t bytes, struct arena *);

const char *pipeline_version(const flume_pipeline *);
/* One call, with everything defaulted and counted. */
int pipeline_call(flume_pipeline *, const struct flume_call *, void **item,
		  struct flume_err *err);
/* Makes the caller's reference a handle. */
flume_pipeline *pipeline_hand_out(flume_pipeline *);
/* Waits until nothing but handles keeps any pipeline of this hub. */
void pipelines_drain(struct hub *);
/* Was it made of that component, directly or by way of one that its schema declares? */
bool pipeline_has_part(const flume_pipeline *, const struct component *);
/* Has none of what it was made of been removed?  Under the lock that removals take. */
bool pipeline_is_whole(const flume_pipeline *);

/* ---- what steps remember: kept.c ---- */

/* Takes the reference to the state, even on failure, which is want of memory. */
bool pipeline_take_kept(flume_pipeline *, struct state *, const struct step *);
void pipeline_sort_kept(flume_pipeline *);
/* From now on it all goes by the parameters of this one, which begins to serve.  Runs no code
 * of others. */
void pipeline_adopt_kept(const flume_pipeline *, int64_t now_ns);
/* An event for each thing that the schema of `old` remembers and that `next`, which serves in
 * its place, does not know. */
void pipeline_emit_lost(const flume_pipeline *old, const flume_pipeline *next);
void pipeline_drop_kept(flume_pipeline *);

#endif
