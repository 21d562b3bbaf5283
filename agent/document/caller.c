/*
 * The name is written and read in words, each of them atomic, between two looks at the id: so whoever reads it
 * while it changes knows, and no lock is on the way of a call.
 *
 * What steps leave for each other is a word each, which has the call in its upper half: what another call has
 * left is no hindrance, and need not be cleared away.
 */
#include "agent/document/caller.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define WORDS ((CALLER_SIZE + sizeof(uint64_t) - 1) / sizeof(uint64_t))

struct caller {
	SLIST_ENTRY(caller) next, other;
	uint64_t last;
	atomic_uint_least64_t named; /* the first call of that name; 0: it changes */
	atomic_uint_least64_t words[WORDS];

	atomic_uint_least64_t under_way; /* the call; 0: none is */
	atomic_uint_least64_t agreed;    /* 0: nothing           */
	atomic_uint_least64_t notes[CALLER_NOTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static SLIST_HEAD(callers, caller) callers = SLIST_HEAD_INITIALIZER(callers); /* at rest */
static struct callers all = SLIST_HEAD_INITIALIZER(all);

/* ---- whose calls ---- */

static struct caller *make(void)
{
	struct caller *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	pthread_mutex_lock(&lock);
	SLIST_INSERT_HEAD(&all, c, other);
	pthread_mutex_unlock(&lock);
	return c;
}

struct caller *caller_take(void)
{
	pthread_mutex_lock(&lock);
	struct caller *c = SLIST_FIRST(&callers);
	if (c)
		SLIST_REMOVE_HEAD(&callers, next);
	pthread_mutex_unlock(&lock);
	return c ? c : make();
}

void caller_give(struct caller *c)
{
	if (!c)
		return;
	caller_end(c);
	pthread_mutex_lock(&lock);
	SLIST_INSERT_HEAD(&callers, c, next);
	pthread_mutex_unlock(&lock);
}

void caller_begin(struct caller *c, const char *name, struct flume_call *call)
{
	if (!c)
		return;
	size_t len = strnlen(name, CALLER_SIZE - 1);
	atomic_store_explicit(&c->named, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t at = 0; at <= len; at += sizeof(uint64_t)) { /* the NUL goes along */
		uint64_t word = 0;
		memcpy(&word, name + at, len - at < sizeof word ? len - at : sizeof word);
		atomic_store_explicit(&c->words[at / sizeof word], word, memory_order_relaxed);
	}
	call->user = c;
	caller_next(c, call);
	atomic_store_explicit(&c->named, call->id, memory_order_release);
}

void caller_next(struct caller *c, struct flume_call *call)
{
	if (!c)
		return;
	call->id = ++c->last;
	atomic_store_explicit(&c->under_way, call->id, memory_order_relaxed);
}

/* What was agreed on by the call before counts until the next one has agreed, so that nothing comes between
 * two documents of a request. */
void caller_end(struct caller *c)
{
	if (!c)
		return;
	atomic_store_explicit(&c->under_way, 0, memory_order_relaxed);
	atomic_store_explicit(&c->agreed, 0, memory_order_release);
}

/* ---- the name ---- */

const char *caller_name(const struct flume_call *call, char out[CALLER_SIZE])
{
	const struct caller *c = call && call->id ? call->user : NULL;
	uint64_t words[WORDS];
	out[0] = '\0';
	uint64_t named = c ? atomic_load_explicit(&c->named, memory_order_acquire) : 0;
	if (!named || call->id < named)
		return out;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&c->words[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&c->named, memory_order_relaxed) != named)
		return out;
	memcpy(out, words, CALLER_SIZE - 1);
	out[CALLER_SIZE - 1] = '\0';
	return out;
}

/* ---- between the steps ---- */

/* NULL: there is none, or it has gone on. */
static struct caller *caller_of(const struct flume_call *call)
{
	struct caller *c = call && call->id ? call->user : NULL;
	bool there = c && atomic_load_explicit(&c->under_way, memory_order_relaxed) == call->id;
	return there ? c : NULL;
}

static uint64_t word_of(const struct flume_call *call, uint32_t value)
{
	return call->id << 32 | value;
}

static bool is_of(uint64_t word, const struct flume_call *call)
{
	return word >> 32 == (call->id & UINT32_MAX);
}

uint32_t caller_agree(const struct flume_call *call, uint32_t value)
{
	struct caller *c = caller_of(call);
	if (!c)
		return value;
	uint64_t word = atomic_load_explicit(&c->agreed, memory_order_relaxed);
	while (!word || !is_of(word, call))
		if (atomic_compare_exchange_weak(&c->agreed, &word, word_of(call, value)))
			return value;
	return (uint32_t)word;
}

uint32_t callers_least(uint32_t value)
{
	struct caller *c;
	pthread_mutex_lock(&lock);
	SLIST_FOREACH(c, &all, other)
	{
		uint64_t word = atomic_load(&c->agreed);
		if (word && (uint32_t)word < value)
			value = (uint32_t)word;
	}
	pthread_mutex_unlock(&lock);
	return value;
}

bool caller_note(const struct flume_call *call, const struct caller_note *note)
{
	struct caller *c = caller_of(call);
	for (size_t i = 0; c && i < CALLER_NOTES; i++) {
		uint64_t word = atomic_load_explicit(&c->notes[i], memory_order_relaxed);
		while (!word || !is_of(word, call))
			if (atomic_compare_exchange_weak(
				    &c->notes[i], &word,
				    word_of(call, note->of << 8 | note->said)))
				return true;
		if ((uint32_t)word >> 8 == note->of)
			return false;
	}
	return true;
}

size_t caller_read_notes(const struct flume_call *call, struct caller_note out[CALLER_NOTES])
{
	const struct caller *c = caller_of(call);
	size_t n = 0;
	for (; c && n < CALLER_NOTES; n++) {
		uint64_t word = atomic_load_explicit(&c->notes[n], memory_order_relaxed);
		if (!word || !is_of(word, call))
			break;
		out[n] = (struct caller_note){(uint32_t)word >> 8, (uint8_t)word};
	}
	return n;
}
