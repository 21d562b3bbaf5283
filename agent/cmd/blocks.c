/*
 * All threads are alike.  Each takes the next block of lines (one reads at a time), works on it by
 * itself, and puts it out when those before it are out; when they are not, it leaves it to whoever
 * is done with the one before, and goes on with another.  So nobody waits for a slow document but
 * when all blocks are used up, and a document costs no lock: only a block does.
 */
#include "agent/cmd/blocks_inside.h"
#include "agent/cmd/refusals.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- a document ---- */

static void keep_refusal(void *arg, const struct ndjson_refusal *r)
{
	struct block *block = arg;
	refusals_keep(&block->refusals, r);
	if (block->refusals.len >= BLOCKS_FULL)
		atomic_store(&block->pause, true);
}

/* Where documents may wait: the courier puts out what is done of the block meanwhile. */
static int run_apart(void *arg, struct document **document, const char *line, size_t len,
		     struct flume_err *err)
{
	struct block *block = arg;
	void *item = *document;
	(void)line, (void)len;
	pthread_mutex_unlock(&block->own);
	int code =
		flume_pipeline_process(block->engine.pipeline, &block->engine.call, &item, err);
	pthread_mutex_lock(&block->own);
	*document = item;
	return code;
}

/* ---- a block ---- */

static void fail(struct blocks *b, int code)
{
	pthread_mutex_lock(&b->lock);
	if (!b->code)
		b->code = code;
	pthread_mutex_unlock(&b->lock);
}

/* NULL: there are no more. */
static struct block *take(struct blocks *b)
{
	struct block *block = NULL;
	pthread_mutex_lock(&b->reading);
	pthread_mutex_lock(&b->lock);
	struct block *next = blocks_at(b, b->next_in);
	while (next->state != FREE)
		pthread_cond_wait(&b->moved, &b->lock);
	pthread_mutex_unlock(&b->lock);
	int code = atomic_load(&b->stopped) ? INTAKE_END : intake_read(b->how.in, &next->in);
	if (code == INTAKE_LINES) {
		block = next;
		block->taken = 0;
		block->engine.lines = 0;
		block->partial = false;
		pthread_mutex_lock(&b->lock);
		block->number = b->next_in++;
		block->state = TAKEN;
		atomic_store(&block->pause, atomic_load(&b->cut));
		pthread_mutex_unlock(&b->lock);
	} else {
		atomic_store(&b->stopped, true);
		if (code < 0)
			fail(b, code);
	}
	pthread_mutex_unlock(&b->reading);
	return block;
}

static int feed(struct block *block)
{
	size_t taken;
	pthread_mutex_lock(&block->own);
	int code = ndjson_feed(&block->engine, block->in.s + block->taken,
			       block->in.len - block->taken, &taken, &block->out, BLOCKS_FULL);
	block->taken += taken;
	pthread_mutex_unlock(&block->own);
	return code;
}

static int feed_end(struct block *block)
{
	pthread_mutex_lock(&block->own);
	int code = ndjson_end(&block->engine, &block->out);
	pthread_mutex_unlock(&block->own);
	return code;
}

static void work_on(struct blocks *b, struct block *block)
{
	int code = FLUME_OK;
	while (!code && block->taken < block->in.len) {
		code = feed(block);
		if (code || block->taken == block->in.len)
			break;
		/* In this order, or a cut could be missed. */
		atomic_store(&block->pause, false);
		block->partial = atomic_load(&b->cut);
		if (block->partial)
			break;
		blocks_put_part(b, block);
	}
	if (!code && !block->partial)
		code = feed_end(block);
	if (block->refusals.failed)
		code = FLUME_NOMEM;
	block->partial = block->partial || code;
	if (code && code != FLUME_CANCELLED) {
		fail(b, code);
		blocks_cut(b);
	}
}

static void *work(void *arg)
{
	struct blocks *b = arg;
	struct block *block;
	while ((block = take(b))) {
		work_on(b, block);
		blocks_finish(b, block);
	}
	pthread_mutex_lock(&b->lock);
	bool last = --b->running == 0;
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
	if (last)
		eventfd_write(b->done, 1);
	return NULL;
}

/* ---- outside ---- */

static struct blocks *blocks_free(struct blocks *b)
{
	for (size_t i = 0; i < b->n_blocks; i++) {
		block_in_fini(&b->blocks[i].in);
		text_fini(&b->blocks[i].out);
		text_fini(&b->blocks[i].refusals);
		ndjson_fini(&b->blocks[i].engine);
		pthread_mutex_destroy(&b->blocks[i].own);
	}
	if (b->done >= 0)
		close(b->done);
	if (b->wake >= 0)
		close(b->wake);
	b->how.in->wake = -1;
	flume_cancel_free(b->cancel);
	pthread_mutex_destroy(&b->reading);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->moved);
	free(b);
	return NULL;
}

static struct blocks *blocks_new(const struct blocks_how *how)
{
	pthread_condattr_t attr;
	size_t n = how->threads == 1 ? 1 : 2 * (size_t)how->threads;
	struct blocks *b = calloc(1, sizeof *b + n * sizeof *b->blocks);
	if (!b)
		return NULL;
	b->how = *how;
	b->n_blocks = n;
	b->done = eventfd(0, EFD_CLOEXEC);
	b->wake = how->in->wake = eventfd(0, EFD_CLOEXEC);
	b->cancel = flume_cancel_new();
	b->waits = flume_pipeline_may_block(how->pipeline);
	pthread_mutex_init(&b->reading, NULL);
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->moved, &attr);
	pthread_condattr_destroy(&attr);
	for (size_t i = 0; i < n; i++) {
		struct block *block = &b->blocks[i];
		pthread_mutex_init(&block->own, NULL);
		block->engine = (struct ndjson){.pipeline = how->pipeline,
						.call = {.cancel = b->cancel},
						.most = how->in->most,
						.run = b->waits ? run_apart : NULL,
						.refused = keep_refusal,
						.arg = block,
						.pause = &block->pause};
	}
	return b->done >= 0 && b->wake >= 0 && b->cancel ? b : blocks_free(b);
}

int blocks_start(struct blocks **out, const struct blocks_how *how)
{
	struct blocks *b = blocks_new(how);
	if (!b)
		return FLUME_NOMEM;
	pthread_mutex_lock(&b->lock);
	while (b->n_threads < how->threads &&
	       !pthread_create(&b->threads[b->n_threads], NULL, work, b))
		b->n_threads++;
	b->running = (unsigned)b->n_threads;
	b->waits =
		b->waits && b->n_threads && !pthread_create(&b->courier, NULL, blocks_carry, b);
	pthread_mutex_unlock(&b->lock);
	if (b->n_threads) {
		*out = b;
		return FLUME_OK;
	}
	blocks_free(b);
	return FLUME_NOMEM;
}

int blocks_get_done(const struct blocks *b)
{
	return b->done;
}

void blocks_read(struct blocks *b, struct blocks_count *out)
{
	pthread_mutex_lock(&b->lock);
	*out = b->count;
	pthread_mutex_unlock(&b->lock);
}

void blocks_stop(struct blocks *b)
{
	atomic_store(&b->stopped, true);
	eventfd_write(b->wake, 1);
}

void blocks_cut(struct blocks *b)
{
	blocks_stop(b);
	atomic_store(&b->cut, true);
	flume_cancel_request(b->cancel);
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n_blocks; i++)
		atomic_store(&b->blocks[i].pause, true);
	pthread_mutex_unlock(&b->lock);
}

int blocks_end(struct blocks *b)
{
	for (size_t i = 0; i < b->n_threads; i++)
		pthread_join(b->threads[i], NULL);
	if (b->waits)
		pthread_join(b->courier, NULL);
	int code = b->code;
	blocks_free(b);
	return code;
}
