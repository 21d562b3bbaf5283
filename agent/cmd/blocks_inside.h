/* blocks_inside.h - inside blocks: what its two halves share, the working (blocks.c) and the putting
 * out in order (blocks_out.c). */
#ifndef FLUME_AGENT_CMD_BLOCKS_INSIDE_H
#define FLUME_AGENT_CMD_BLOCKS_INSIDE_H

#include "agent/cmd/blocks.h"

#include <pthread.h>
#include <stdatomic.h>

/* Of results, or of refusals; then what is there is put out. */
#define BLOCKS_FULL ((size_t)512 * 1024)

enum state { FREE, TAKEN, DONE };

struct block {
	enum state state;
	uint64_t number;
	/* Of all below, and taken before `lock`; where documents may wait, open while they do. */
	pthread_mutex_t own;
	atomic_bool pause;
	bool partial; /* it was cut: nothing behind it counts */
	struct block_in in;
	size_t taken; /* bytes of it */
	struct ndjson engine;
	struct text out, refusals;
};

struct blocks {
	struct blocks_how how;
	pthread_mutex_t reading; /* taken before `lock` */
	pthread_mutex_t lock;    /* of all below */
	pthread_cond_t moved;
	uint64_t next_in, next_out; /* blocks */
	uint64_t lines;             /* of all blocks that are out */
	struct blocks_count count;
	bool writing; /* somebody puts out */
	bool over;    /* nothing more is put out */
	int code;
	bool waits; /* documents may */
	atomic_bool stopped, cut;
	int done, wake; /* eventfds */
	flume_cancel *cancel;
	unsigned running;
	size_t n_threads, n_blocks;
	pthread_t threads[BLOCKS_THREADS];
	pthread_t courier; /* only if `waits` */
	struct block blocks[];
};

/* Whoever worked on it is done with it.  Puts it out, and what is done behind it, unless those before
 * it are not out, or somebody else puts out: then that one does. */
void blocks_finish(struct blocks *, struct block *);
/* Puts out what there is of a block that is not done yet; waits until those before it are out. */
void blocks_put_part(struct blocks *, struct block *);
/* The body of the courier; ends when no worker runs. */
void *blocks_carry(void *arg); /* the struct blocks */

static inline struct block *blocks_at(struct blocks *b, uint64_t number)
{
	return &b->blocks[number % b->n_blocks];
}

#endif
