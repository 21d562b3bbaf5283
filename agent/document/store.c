/*
 * Most documents live for a microsecond, of which malloc would take a part.  So a thread keeps a few
 * of those that it frees, unless they are large, until it ends.  A sanitizer still hears who
 * looks at one that is free.
 */
#include "agent/document/store.h"

#include <pthread.h>
#include <stdlib.h>

#define KEPT       4     /* documents a thread               */
#define KEPT_BYTES 32768 /* a larger one is not kept         */
#define KEPT_NODES 1024

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

#ifdef WATCHED
#include <sanitizer/asan_interface.h>
#define HIDE(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define SHOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define HIDE(at, size) ((void)(at), (void)(size))
#define SHOW(at, size) ((void)(at), (void)(size))
#endif

struct store {
	struct document *kept[KEPT];
	size_t n;
	enum { STORE_NEW, STORE_OPEN, STORE_CLOSED } state;
};

static _Thread_local struct store store;
static pthread_key_t at_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool has_end;

static void close_store(void *arg)
{
	struct store *own = arg;
	own->state = STORE_CLOSED;
	while (own->n)
		store_destroy(store_take());
}

static void make_key(void)
{
	has_end = pthread_key_create(&at_end, close_store) == 0;
}

static bool open_store(void)
{
	pthread_once(&once, make_key);
	store.state =
		has_end && !pthread_setspecific(at_end, &store) ? STORE_OPEN : STORE_CLOSED;
	return store.state == STORE_OPEN;
}

struct document *store_take(void)
{
	if (!store.n)
		return NULL;
	struct document *document = store.kept[--store.n];
	SHOW(document->bytes, document->bytes_cap);
	SHOW(document->texts, document->texts_cap);
	SHOW(document->nodes, document->nodes_cap * sizeof *document->nodes);
	return document;
}

bool store_keep(struct document *document)
{
	if (store.n == KEPT || document->bytes_cap > KEPT_BYTES ||
	    document->nodes_cap > KEPT_NODES)
		return false;
	if (store.state != STORE_OPEN && (store.state == STORE_CLOSED || !open_store()))
		return false;
	HIDE(document->bytes, document->bytes_cap);
	HIDE(document->texts, document->texts_cap);
	HIDE(document->nodes, document->nodes_cap * sizeof *document->nodes);
	store.kept[store.n++] = document;
	return true;
}

void store_destroy(struct document *document)
{
	free(document->bytes);
	free(document->texts);
	free(document->nodes);
	free(document);
}
