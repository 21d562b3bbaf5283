/*
 * All threads are alike.  Each takes the next block of lines (one reads at a time), works on it by
 * itself, and puts it out when those before it are out; when they are not, it leaves it to whoever
 * is done with the one before, and goes on with another.  So nobody waits for a slow document but
 * when all blocks are used up, and a document costs no lock: only a block does.
 *
 * Where documents may wait, one more thread comes by now and then and puts out what is done of the
 * oldest block, while its document is in the pipeline.
 *
 * Lines are counted within their block, for nobody has counted those before it yet.  The one who puts
 * out knows.
 */
#include "agent/cmd/blocks.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define FULL \
	((size_t)512 * 1024) /* of results, or of refusals; then what is there is put out */
#define NS       1000000000L
#define CARRY_NS (NS / 10)
#define KEEP     (2 * FULL) /* a block that has grown beyond is given back */

enum state { FREE, TAKEN, DONE };

struct block {
	enum state state;
	uint64_t number;
	pthread_mutex_t own; /* of all below; where documents may wait, open while they do */
	atomic_bool pause;
	bool partial; /* it was cut: nothing behind it counts */
	struct block_in in;
	size_t taken; /* bytes of it */
	struct ndjson engine;
	struct text out, refusals;
};

struct blocks {
	struct blocks_how how;
	pthread_mutex_t reading; /* taken first */
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

static struct block *block_at(struct blocks *b, uint64_t number)
{
	return &b->blocks[number % b->n_blocks];
}

/* ---- refusals, until the numbers of their lines are known ---- */

struct refusal {
	uint64_t line;
	int code;
	const char *word; /* a constant */
	size_t step, detail, len;
};

static void keep_refusal(void *arg, const struct ndjson_refusal *r)
{
	struct block *block = arg;
	struct text *to = &block->refusals;
	struct refusal head = {r->line,         r->code,           r->word,
			       strlen(r->step), strlen(r->detail), r->len};
	size_t mark = to->len;
	text_add_n(to, (const char *)&head, sizeof head);
	text_add_n(to, r->step, head.step + 1);
	text_add_n(to, r->detail, head.detail + 1);
	text_add_n(to, r->input, head.len);
	if (to->failed)
		to->len = mark;
	if (to->len >= FULL)
		atomic_store(&block->pause, true);
}

static void tell_refusals(const struct blocks *b, const struct text *refusals)
{
	const char *at = refusals->s, *end = at + refusals->len;
	struct refusal head;
	for (; at < end; at += head.len) {
		struct ndjson_refusal r;
		memcpy(&head, at, sizeof head);
		at += sizeof head;
		r.line = b->lines + head.line;
		r.code = head.code;
		r.word = head.word;
		r.step = at;
		at += head.step + 1;
		r.detail = at;
		at += head.detail + 1;
		r.input = at;
		r.len = head.len;
		b->how.refused(b->how.arg, &r);
	}
}

/* ---- putting out ---- */

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
		tell_refusals(b, &block->refusals);
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
	while ((block = block_at(b, b->next_out))->state == DONE &&
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

static void finish(struct blocks *b, struct block *block)
{
	pthread_mutex_lock(&b->lock);
	block->state = DONE;
	if (!b->writing)
		put_out_those_that_are_done(b);
	pthread_mutex_unlock(&b->lock);
}

/* What there is of a block that is not done yet, when its turn has come. */
static void put_out_part(struct blocks *b, struct block *block)
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
	struct block *block = block_at(b, b->next_out);
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

static void *carry(void *arg)
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

/* ---- working ---- */

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
	struct block *next = block_at(b, b->next_in);
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
			       block->in.len - block->taken, &taken, &block->out, FULL);
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
		put_out_part(b, block);
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
		finish(b, block);
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
	b->waits = b->waits && b->n_threads && !pthread_create(&b->courier, NULL, carry, b);
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
