/*
 * blocks.h - inside agent/cmd: lines through a pipeline on threads, results in their order.
 *
 * What is in memory is bounded: two blocks a thread, and of each what its output has grown to.
 * Nothing that is done is kept back for long, however slow the next document is.
 */
#ifndef FLUME_AGENT_CMD_BLOCKS_H
#define FLUME_AGENT_CMD_BLOCKS_H

#include "agent/cmd/intake.h"
#include "agent/ndjson/ndjson.h"

#define BLOCKS_THREADS 64

struct blocks_count {
	uint64_t read, written, dropped, rejected;
	uint64_t bytes; /* of the input, what was put out of it */
};

enum blocks_put { BLOCKS_FAILED = -1, BLOCKS_ENOUGH, BLOCKS_MORE };

struct blocks_how {
	struct intake *in; /* lent; nobody else touches it meanwhile, `wake` is set here */
	flume_pipeline *pipeline; /* lent */
	unsigned threads;
	/* Called in the order of the input, on any of the threads, but by one at a time: what was
	 * refused, then what came of the other lines up to there, which may be nothing. */
	ndjson_refused_fn *refused;
	enum blocks_put (*put)(void *arg, const char *s, size_t n);
	void *arg;
};

struct blocks;

/* Begins to work.  0, or FLUME_NOMEM: also when threads cannot be had. */
int blocks_start(struct blocks **out, const struct blocks_how *);
/* Readable when all is done. */
int blocks_get_done(const struct blocks *);
void blocks_read(struct blocks *, struct blocks_count *out);

/* Reads no more; what has been read is worked on. */
void blocks_stop(struct blocks *);
/* Ends with the documents under way.  What was put out then belongs to the first lines of the
 * input, none left out. */
void blocks_cut(struct blocks *);

/* Waits for the end.  0, FLUME_IO (the input could not be read; its `error` says why) or
 * FLUME_NOMEM. */
int blocks_end(struct blocks *);

#endif
