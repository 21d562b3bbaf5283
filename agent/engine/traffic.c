/*
 * The list of what is open is short and seldom there, so a lock will do; but every document of
 * every schema asks, and so the first question, is there anything at all, is one load.
 *
 * A share outlives its closing while a thread is in it, and the traffic outlives the engine while
 * a shadow does not come back.
 */
#include "agent/engine/share.h"

#include "agent/loop/loop.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAREWELL INT64_C(1000000000) /* for coming back when the agent ends */

struct traffic *traffic_new(void)
{
	struct traffic *t = calloc(1, sizeof *t);
	pthread_condattr_t clock;
	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_mutex_init(&t->farewell, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&t->quiet, &clock);
	pthread_condattr_destroy(&clock);
	t->refs = 1;
	return t;
}

void traffic_unref(struct traffic *t)
{
	pthread_mutex_lock(&t->farewell);
	bool last = --t->refs == 0;
	pthread_mutex_unlock(&t->farewell);
	if (!last)
		return;
	pthread_cond_destroy(&t->quiet);
	pthread_mutex_destroy(&t->farewell);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

struct traffic *traffic_free(struct traffic *t)
{
	if (!t)
		return NULL;
	int64_t end = loop_now() + FAREWELL;
	const struct timespec until = {end / 1000000000, end % 1000000000};
	pthread_mutex_lock(&t->farewell);
	while (t->threads && !pthread_cond_timedwait(&t->quiet, &t->farewell, &until))
		;
	pthread_mutex_unlock(&t->farewell);
	traffic_unref(t);
	return NULL;
}

/* ---- the list ---- */

static void link_in(struct share *s)
{
	struct traffic *t = s->traffic;
	pthread_mutex_lock(&t->lock);
	s->next = t->list;
	t->list = s;
	pthread_mutex_unlock(&t->lock);
	atomic_fetch_add_explicit(&t->open, 1, memory_order_release);
}

static void unlink_from(struct share *s)
{
	struct traffic *t = s->traffic;
	pthread_mutex_lock(&t->lock);
	struct share **at = &t->list;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	pthread_mutex_unlock(&t->lock);
	atomic_fetch_sub_explicit(&t->open, 1, memory_order_release);
}

int traffic_open_shadow(struct traffic *t, const struct share_terms *terms, struct share **out,
			struct flume_err *err)
{
	struct share *s;
	int rc = share_new(t, terms, &s);
	if (rc)
		return flume_fail(err, rc, "out of memory");
	rc = mirror_start(s, terms, err);
	if (rc) {
		share_unref(s);
		return rc;
	}
	link_in(s);
	*out = s;
	return 0;
}

int traffic_open_live(struct traffic *t, const struct share_terms *terms, struct share **out,
		      struct flume_err *err)
{
	struct share *s;
	int rc = share_new(t, terms, &s);
	if (rc)
		return flume_fail(err, rc, "out of memory");
	rc = terms->by ? share_set_key(s, terms->by, err) : 0;
	if (rc) {
		share_unref(s);
		return rc;
	}
	link_in(s);
	*out = s;
	return 0;
}

struct share *traffic_close(struct share *s)
{
	if (!s)
		return NULL;
	unlink_from(s);
	if (s->mirror)
		mirror_stop(s->mirror);
	return share_unref(s);
}

/* Apart, so that the answer of most calls costs no more than the question. */
__attribute__((noinline)) static struct share *enter_open(struct traffic *t, const char *name)
{
	pthread_mutex_lock(&t->lock);
	struct share *s = t->list;
	while (s && strcmp(s->name, name) != 0)
		s = s->next;
	if (s)
		share_ref(s);
	pthread_mutex_unlock(&t->lock);
	return s;
}

struct share *traffic_enter(struct traffic *t, const char *name)
{
	return atomic_load_explicit(&t->open, memory_order_acquire) ? enter_open(t, name)
								    : NULL;
}

struct share *traffic_leave(struct share *s)
{
	return s ? share_unref(s) : NULL;
}
