#include "agent/engine/tryout.h"

#include "agent/engine/canary.h"
#include "agent/log/log.h"
#include "agent/loop/loop.h"
#include "agent/loop/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct desk *desk_new(void)
{
	struct desk *d = calloc(1, sizeof *d);
	pthread_condattr_t clock;
	if (!d)
		return NULL;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&d->idle, &clock);
	pthread_condattr_destroy(&clock);
	d->refs = 1;
	d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return d;
}

struct desk *desk_unref(struct desk *d)
{
	pthread_mutex_lock(&d->lock);
	bool last = --d->refs == 0;
	pthread_mutex_unlock(&d->lock);
	if (last) {
		pthread_cond_destroy(&d->idle);
		pthread_mutex_destroy(&d->lock);
		free(d);
	}
	return NULL;
}

void desk_close(struct desk *d, int64_t until_ns)
{
	const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
	pthread_mutex_lock(&d->lock);
	if (d->wake >= 0)
		close(d->wake);
	d->wake = -1;
	while (d->threads && !pthread_cond_timedwait(&d->idle, &d->lock, &until))
		;
	pthread_mutex_unlock(&d->lock);
}

/* ---- its life ---- */

static flume_schema *dup_extra(const struct trial_limits *limits, const char *id)
{
	flume_schema *extra = limits->extra ? limits->extra(limits->arg, id) : NULL;
	return extra ? flume_schema_ref(extra) : NULL;
}

static int add_candidates(struct tryout *t, flume_change *change)
{
	size_t n = 0;
	while (flume_change_get_pipeline(change, n))
		n++;
	t->list = calloc(n ? n : 1, sizeof *t->list);
	if (!t->list)
		return FLUME_NOMEM;
	for (; t->n < n; t->n++) {
		struct candidate *c = &t->list[t->n];
		c->id = strdup(flume_change_get_id(change, t->n));
		if (!c->id)
			return FLUME_NOMEM;
		c->schema = flume_schema_ref(flume_change_get_schema(change, t->n));
		c->extra = dup_extra(&t->limits, c->id);
		c->pipeline = flume_pipeline_ref(flume_change_get_pipeline(change, t->n));
	}
	return 0;
}

struct tryout *tryout_new(struct desk *d, flume_change *change,
			  const struct trial_limits *limits)
{
	struct tryout *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct tryout){
		.desk = d, .limits = *limits, .cancel = flume_cancel_new(), .refs = 1};
	flume_pipeline_ref(t->limits.running);
	pthread_mutex_lock(&d->lock);
	d->refs++;
	pthread_mutex_unlock(&d->lock);
	if (!t->cancel || add_candidates(t, change))
		return tryout_unref(t);
	return t;
}

struct tryout *tryout_unref(struct tryout *t)
{
	pthread_mutex_lock(&t->desk->lock);
	bool last = --t->refs == 0;
	pthread_mutex_unlock(&t->desk->lock);
	if (!last)
		return NULL;
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].id);
		flume_schema_unref(t->list[i].schema);
		flume_schema_unref(t->list[i].extra);
		flume_pipeline_unref(t->list[i].pipeline);
	}
	free(t->list);
	flume_pipeline_unref(t->limits.running);
	flume_cancel_free(t->cancel);
	desk_unref(t->desk);
	free(t);
	return NULL;
}

/* ---- on the thread ---- */

static void note_begun(void *arg, const char *what, int64_t limit_ns)
{
	struct tryout *t = arg;
	pthread_mutex_lock(&t->desk->lock);
	memccpy(t->what, what, '\0', sizeof t->what);
	t->limit_ns = limit_ns;
	t->begun_at = loop_now();
	t->begun = true;
	pthread_mutex_unlock(&t->desk->lock);
}

static void note_turn(struct tryout *t, size_t i)
{
	pthread_mutex_lock(&t->desk->lock);
	t->at = i;
	t->begun = false;
	pthread_mutex_unlock(&t->desk->lock);
}

static int try_extra(const struct candidate *c, const struct canary_run *run,
		     struct flume_err *err)
{
	struct flume_err own = {0};
	int rc = c->extra ? canary_try_all(c->extra, c->pipeline, run, &own) : 0;
	if (rc)
		flume_fail(err, rc, "of canaries/%s, %s", c->id, own.text);
	return rc;
}

static int try_all(struct tryout *t, struct flume_err *err)
{
	struct canary_run run = {t->limits.case_ns, t->cancel, note_begun, t, NULL};
	int rc = 0;
	for (size_t i = 0; !rc && i < t->n; i++) {
		run.running =
			i ? NULL : t->limits.running; /* what its users make of it may change */
		note_turn(t, i);
		rc = canary_try_all(t->list[i].schema, t->list[i].pipeline, &run, err);
		if (!rc)
			rc = try_extra(&t->list[i], &run, err);
	}
	return rc;
}

static void *run(void *arg)
{
	struct tryout *t = arg;
	struct desk *d = t->desk;
	struct flume_err err = {0};
	err.code = try_all(t, &err);
	pthread_mutex_lock(&d->lock);
	t->err = err;
	t->ended = true;
	d->threads--;
	d->lost -= t->lost;
	if (d->wake >= 0 && eventfd_write(d->wake, 1))
		log_event(LOG_ERROR, "a canary's verdict could not be told",
			  LOG_STR("error", strerror(errno)));
	pthread_cond_broadcast(&d->idle);
	pthread_mutex_unlock(&d->lock);
	tryout_unref(t);
	return NULL;
}

/* ---- on the loop ---- */

bool tryout_may_start(struct tryout *t, size_t most_lost)
{
	pthread_mutex_lock(&t->desk->lock);
	bool allowed = t->desk->lost < most_lost;
	pthread_mutex_unlock(&t->desk->lock);
	return allowed;
}

bool tryout_start(struct tryout *t)
{
	struct desk *d = t->desk;
	pthread_mutex_lock(&d->lock);
	d->threads++;
	t->refs++;
	pthread_mutex_unlock(&d->lock);
	t->started_at = loop_now();
	int rc = thread_start(run, t, 0);
	if (!rc)
		return true;
	log_event(LOG_WARN, "no thread for a canary: it waits", LOG_STR("error", strerror(rc)));
	pthread_mutex_lock(&d->lock);
	d->threads--;
	t->refs--;
	pthread_mutex_unlock(&d->lock);
	return false;
}

void tryout_let_go(struct tryout *t)
{
	flume_cancel_request(t->cancel);
	pthread_mutex_lock(&t->desk->lock);
	if (t->refs > 1 && !t->ended && !t->lost) {
		t->lost = true;
		t->desk->lost++;
	}
	pthread_mutex_unlock(&t->desk->lock);
}

/* Whose case was it?  The first candidate is the one that is set. */
static void name_schema(const struct tryout *t, struct flume_err *err)
{
	const struct flume_err own = *err;
	if (!own.code || !t->at)
		return;
	const char *id = t->list[t->at].id;
	flume_fail(err, own.code, "schema '%.128s', which refers to it: %s", id, own.text);
	snprintf(err->path, sizeof err->path, "%s", id);
}

bool tryout_has_verdict(struct tryout *t, int64_t grace_ns, struct flume_err *out)
{
	bool found = true;
	pthread_mutex_lock(&t->desk->lock);
	int64_t now = loop_now(), took = now - t->begun_at;
	if (t->ended) {
		*out = t->err;
	} else if (t->begun && took > t->limit_ns && took - t->limit_ns > grace_ns) {
		char why[100];
		canary_explain_late(why, sizeof why, took, t->limit_ns);
		flume_fail(out, FLUME_FAILED, "%s: %s, and has not come back", t->what, why);
	} else if (now - t->started_at > t->limits.all_ns) {
		flume_fail(out, FLUME_FAILED, "the cases took longer than %.4g s together",
			   (double)t->limits.all_ns / 1e9);
	} else {
		found = false;
	}
	if (found)
		name_schema(t, out);
	pthread_mutex_unlock(&t->desk->lock);
	return found;
}
