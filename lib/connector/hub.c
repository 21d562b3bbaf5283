/*
 * Listeners.  An event runs them with no lock held, so they may call back into the factory; a
 * count of the runs in progress lets unlisten wait for exactly its own listener.  An event of a kind that
 * nobody listens to costs one load: some come with every call, and a lock would have the callers wait
 * for each other.
 *
 * A brief call stays in the read section, where a listener that takes its time would hold up all
 * changes.  So none is brief that knows of a listener, and a new one waits for those that do not.
 */
#include "lib/connector/group.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct listener {
	struct listener *next;
	flume_listen_fn *fn;
	void *arg;
	uint64_t kinds;
	int ticket;
	size_t running;
	bool gone;
};

struct listeners {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	struct listener *first;
	int last_ticket;
};

#define WORKERS 16

/* As many as there are processors, within reason. */
static unsigned stripes(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = 1;
	while (n < 16 && n < processors)
		n *= 2;
	return n;
}

struct hub *hub_new(const struct flume_options *options)
{
	struct hub *hub = calloc(1, sizeof *hub);
	struct listeners *listeners = calloc(1, sizeof *listeners);
	struct pool *pool = pool_new(options->workers ? options->workers : WORKERS, group_run);
	if (!hub || !listeners || !pool) {
		free(hub);
		free(listeners);
		pool_free(pool);
		return NULL;
	}
	counted_init(&hub->counted);
	pthread_mutex_init(&hub->lock, NULL);
	pthread_mutex_init(&listeners->lock, NULL);
	pthread_cond_init(&listeners->idle, NULL);
	hub->listeners = listeners;
	hub->stripes = stripes();
	hub->pool = pool;
	hub->type = *options->type;
	hub->clock = options->clock ? *options->clock : *flume_clock_real();
	if (options->limits)
		hub->limits = *options->limits;
	return hub;
}

struct hub *hub_ref(struct hub *hub)
{
	counted_ref(&hub->counted);
	return hub;
}

void hub_free(struct hub *hub)
{
	pool_free(hub->pool);
	for (struct listener *it = hub->listeners->first, *next; it; it = next) {
		next = it->next;
		free(it);
	}
	pthread_cond_destroy(&hub->listeners->idle);
	pthread_mutex_destroy(&hub->listeners->lock);
	free(hub->listeners);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}

struct hub *hub_unref(struct hub *hub)
{
	if (hub && counted_unref(&hub->counted))
		hub_free(hub);
	return NULL;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

/* Lock held. */
static void tell_kinds(struct hub *hub)
{
	uint64_t kinds = 0;
	for (const struct listener *it = hub->listeners->first; it; it = it->next)
		kinds |= it->gone ? 0 : it->kinds;
	atomic_store_explicit(&hub->kinds, kinds, memory_order_release);
}

static void unlink_listener(struct listeners *listeners, struct listener *gone)
{
	struct listener **at = &listeners->first;
	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
}

int64_t hub_began(const struct hub *hub)
{
	return hub_heard(hub) ? hub_now(hub) : HUB_UNTIMED;
}

int64_t hub_since(const struct hub *hub, int64_t began)
{
	return began == HUB_UNTIMED ? 0 : hub_now(hub) - began;
}

void hub_emit(const struct hub *hub, const struct flume_event *given)
{
	struct listeners *listeners = hub->listeners;
	uint64_t kind = hub_kind(given->kind);
	if (!(atomic_load_explicit(&hub->kinds, memory_order_acquire) & kind))
		return;
	struct flume_event event = *given;
	event.at_ns = hub_now(hub);
	event.name = text(given->name);
	event.schema_id = text(given->schema_id);
	event.version = text(given->version);
	event.old_version = text(given->old_version);

	pthread_mutex_lock(&listeners->lock);
	for (struct listener *it = listeners->first; it; it = it->next) {
		if (it->gone || !(it->kinds & kind))
			continue;
		it->running++; /* keeps `it` and its place in the list */
		pthread_mutex_unlock(&listeners->lock);
		it->fn(&event, it->arg);
		pthread_mutex_lock(&listeners->lock);
		if (!--it->running && it->gone)
			pthread_cond_broadcast(&listeners->idle);
	}
	pthread_mutex_unlock(&listeners->lock);
}

/* A step that listens while it is in one cannot wait for its own end. */
static void await_brief_calls(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	bool calls = hub->pipelines;
	pthread_mutex_unlock(&hub->lock);
	if (calls && !live_entered())
		live_settle();
}

int hub_listen(struct hub *hub, uint64_t kinds, flume_listen_fn *fn, void *arg)
{
	struct listeners *listeners = hub->listeners;
	struct listener *it = calloc(1, sizeof *it);
	if (!it)
		return FLUME_NOMEM;
	it->fn = fn;
	it->arg = arg;
	it->kinds = kinds;
	atomic_fetch_add(&hub->heard, 1);
	await_brief_calls(hub);
	pthread_mutex_lock(&listeners->lock);
	int ticket = it->ticket = ++listeners->last_ticket;
	struct listener **at = &listeners->first;
	while (*at)
		at = &(*at)->next;
	*at = it;
	tell_kinds(hub);
	pthread_mutex_unlock(&listeners->lock);
	return ticket;
}

int hub_unlisten(struct hub *hub, int ticket)
{
	struct listeners *listeners = hub->listeners;
	pthread_mutex_lock(&listeners->lock);
	struct listener *it = listeners->first;
	while (it && (it->ticket != ticket || it->gone))
		it = it->next;
	if (it) {
		it->gone = true;
		tell_kinds(hub);
		atomic_fetch_sub(&hub->heard, 1);
		while (it->running)
			pthread_cond_wait(&listeners->idle, &listeners->lock);
		unlink_listener(listeners, it);
	}
	pthread_mutex_unlock(&listeners->lock);
	if (!it)
		return FLUME_NOT_FOUND;
	free(it);
	return FLUME_OK;
}

void hub_silence(struct hub *hub)
{
	struct listeners *listeners = hub->listeners;
	pthread_mutex_lock(&listeners->lock);
	atomic_store(&hub->heard, 0);
	atomic_store(&hub->kinds, 0);
	for (struct listener *it = listeners->first; it; it = it->next) {
		it->gone = true;
		while (it->running)
			pthread_cond_wait(&listeners->idle, &listeners->lock);
	}
	pthread_mutex_unlock(&listeners->lock);
}
