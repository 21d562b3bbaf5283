/*
 * The name is written and read in words, each of them atomic, between two looks at the id: so whoever reads it
 * while it changes knows, and no lock is on the way of a call.
 */
#include "agent/document/caller.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define WORDS ((CALLER_SIZE + sizeof(uint64_t) - 1) / sizeof(uint64_t))

struct caller {
	SLIST_ENTRY(caller) next;
	uint64_t last;
	atomic_uint_least64_t id; /* 0: it changes */
	atomic_uint_least64_t words[WORDS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static SLIST_HEAD(, caller) callers = SLIST_HEAD_INITIALIZER(callers);

struct caller *caller_take(void)
{
	pthread_mutex_lock(&lock);
	struct caller *c = SLIST_FIRST(&callers);
	if (c)
		SLIST_REMOVE_HEAD(&callers, next);
	pthread_mutex_unlock(&lock);
	return c ? c : calloc(1, sizeof *c);
}

void caller_give(struct caller *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&lock);
	SLIST_INSERT_HEAD(&callers, c, next);
	pthread_mutex_unlock(&lock);
}

void caller_begin(struct caller *c, const char *name, struct flume_call *call)
{
	if (!c)
		return;
	size_t len = strnlen(name, CALLER_SIZE - 1);
	atomic_store_explicit(&c->id, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t at = 0; at <= len; at += sizeof(uint64_t)) { /* the NUL goes along */
		uint64_t word = 0;
		memcpy(&word, name + at, len - at < sizeof word ? len - at : sizeof word);
		atomic_store_explicit(&c->words[at / sizeof word], word, memory_order_relaxed);
	}
	call->user = c;
	call->id = ++c->last;
	atomic_store_explicit(&c->id, call->id, memory_order_release);
}

const char *caller_name(const struct flume_call *call, char out[CALLER_SIZE])
{
	const struct caller *c = call && call->id ? call->user : NULL;
	uint64_t words[WORDS];
	out[0] = '\0';
	if (!c || atomic_load_explicit(&c->id, memory_order_acquire) != call->id)
		return out;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&c->words[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&c->id, memory_order_relaxed) != call->id)
		return out;
	memcpy(out, words, CALLER_SIZE - 1);
	out[CALLER_SIZE - 1] = '\0';
	return out;
}
