/*
 * Results in the order of the input, without a thread that does nothing else: whoever is done with the
 * block whose turn it is puts it out, and those behind it that are done.  One at a time (`writing`), with
 * the lock open, for whoever reads may be slow.
 *
 * Where documents may wait, the courier comes by now and then and puts out what is done of the oldest
 * block, while its document is in the pipeline.
 *
 * Lines are counted within their block, for nobody has counted those before it yet.  The one who puts
 * out knows.
 */
#include "agent/cmd/blocks_inside.h"
#include "agent/cmd/refusals.h"

#include <errno.h>
#include <time.h>

#define NS       1000000000L
#define CARRY_NS (NS / 10)
#define KEEP     (2 * BLOCKS_FULL) /* a block that has grown beyond is given back */

static void count_in(struct blocks *b, struct block *block)
{
	struct ndjson *e = &block->engine;
	b->count.read += e->read;
	b->count.written += e->written;
	b->count.dropped += e->dropped;
	b->count.rejected += e->rejected;
	b->count.bytes += e->bytes;
	e->read = e->written = e->dropped = e->rejected = e->bytes = 0;
}

static void end_of_all(struct blocks *b)
{
	b->over = true;
	blocks_stop(b);
	atomic_store(&b->cut, true);
	for (size_t i = 0; i < b->n_blocks; i++)
		atomic_store(&b->blocks[i].pause, true);
}

/* Called with the lock, which is open meanwhile; `writing` is ours. */
static void put_out(struct blocks *b, struct block *block)
{
	pthread_mutex_unlock(&b->lock);
	if (block->refusals.len)
		refusals_tell(&block->refusals, b->lines, b->how.refused, b->how.arg);
	enum blocks_put outcome = b->how.put(b->how.arg, block->out.s, block->out.len);
	block->out.len = block->refusals.len = 0;
	pthread_mutex_lock(&b->lock);
	if (outcome != BLOCKS_FAILED)
		count_in(b, block);
	if (outcome != BLOCKS_MORE)
		end_of_all(b);
}

static void give_back(struct block *block)
{
	if (block->in.cap > KEEP)
		block_in_fini(&block->in);
	if (block->out.cap > KEEP)
		text_fini(&block->out);
	if (block->refusals.cap > KEEP)
		text_fini(&block->refusals);
	block->out.len = block->refusals.len = 0;
	block->state = FREE;
}

static void put_out_those_that_are_done(struct blocks *b)
{
	struct block *block;
	b->writing = true;
	while ((block = blocks_at(b, b->next_out))->state == DONE &&
	       block->number == b->next_out) {
		if (!b->over)
			put_out(b, block);
		if (block->partial)
			b->over = true;
		b->lines += block->engine.lines;
		b->next_out++;
		give_back(block);
		pthread_cond_broadcast(&b->moved);
	}
	b->writing = false;
	pthread_cond_broadcast(&b->moved);
}

void blocks_finish(struct blocks *b, struct block *block)
{
	pthread_mutex_lock(&b->lock);
	block->state = DONE;
	if (!b->writing)
		put_out_those_that_are_done(b);
	pthread_mutex_unlock(&b->lock);
}

void blocks_put_part(struct blocks *b, struct block *block)
{
	pthread_mutex_lock(&b->lock);
	while (b->next_out != block->number || b->writing)
		pthread_cond_wait(&b->moved, &b->lock);
	b->writing = true;
	if (!b->over)
		put_out(b, block);
	block->out.len = block->refusals.len = 0;
	b->writing = false;
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
}

/* ---- while documents wait ---- */

static void put_out_oldest(struct blocks *b)
{
	struct block *block = blocks_at(b, b->next_out);
	if (b->writing || block->state != TAKEN || block->number != b->next_out)
		return;
	b->writing = true;
	pthread_mutex_unlock(&b->lock);
	pthread_mutex_lock(&block->own);
	pthread_mutex_lock(&b->lock);
	if (!b->over)
		put_out(b, block);
	pthread_mutex_unlock(&block->own);
	put_out_those_that_are_done(b);
}

void *blocks_carry(void *arg)
{
	struct blocks *b = arg;
	pthread_mutex_lock(&b->lock);
	while (b->running) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += CARRY_NS;
		until.tv_sec += until.tv_nsec / NS;
		until.tv_nsec %= NS;
		int rc = 0;
		while (b->running && rc != ETIMEDOUT)
			rc = pthread_cond_timedwait(&b->moved, &b->lock, &until);
		put_out_oldest(b);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}
