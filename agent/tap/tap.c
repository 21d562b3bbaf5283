/*
 * A listener has two buffers: calls fill one while it reads the other, and it changes them in a moment.
 * Whoever has a call to offer tries the locks and never waits for one.
 *
 * The list of listeners changes when one comes or goes; a call that meets just that moment is lost to
 * the others, and counted.
 */
#include "agent/tap/tap.h"

#include "agent/document/document.h"
#include "agent/tap/choose.h"
#include "agent/tap/record.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TELL_NS INT64_C(1000000000)

struct taps_inner {
	pthread_rwlock_t veiling; /* of what is hidden, while it is looked through */
	struct veil redact;
	pthread_rwlock_t lock; /* of the list */
	struct tap *list[TAPS_MOST];
	atomic_bool over;
	atomic_uint_fast64_t missed; /* by whoever was in the list then */
};

struct tap {
	struct taps *taps;
	char *name;
	struct veil redact;
	double share;
	unsigned outcomes;
	bool input, output;
	void (*wake)(void *arg);
	void *arg;
	atomic_uint_fast64_t seen, lost;

	pthread_mutex_t lock; /* of the following */
	struct choose_rate rate;
	struct records filling;
	uint64_t skipped; /* more than the rate allows */
	bool woken;

	/* The listener's own. */
	struct records reading;
	uint64_t count, shown, told_lost, told_skipped, missed_before;
	int64_t told_at; /* 0: never */
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- the node's side ---- */

static int weave(struct veil *veil, const char *const *redact, struct flume_err *err)
{
	int rc = 0;
	for (size_t i = 0; redact && redact[i] && !rc; i++)
		rc = veil_add(veil, redact[i], err);
	if (rc)
		veil_fini(veil);
	return rc;
}

int taps_init(struct taps *t, const char *const *redact, struct flume_err *err)
{
	struct taps_inner *inner = calloc(1, sizeof *inner);
	if (!inner)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = weave(&inner->redact, redact, err);
	if (rc) {
		free(inner);
		return rc;
	}
	pthread_rwlock_init(&inner->veiling, NULL);
	pthread_rwlock_init(&inner->lock, NULL);
	t->inner = inner;
	return 0;
}

int taps_redact(struct taps *t, const char *const *redact, struct flume_err *err)
{
	struct taps_inner *inner = t->inner;
	struct veil *next = calloc(1, sizeof *next);
	int rc =
		next ? weave(next, redact, err) : flume_fail(err, FLUME_NOMEM, "out of memory");
	if (!rc) {
		pthread_rwlock_wrlock(&inner->veiling);
		struct veil before = inner->redact;
		inner->redact = *next;
		pthread_rwlock_unlock(&inner->veiling);
		veil_fini(&before);
	}
	free(next);
	return rc;
}

void taps_end(struct taps *t)
{
	struct taps_inner *inner = t->inner;
	if (!inner)
		return;
	atomic_store(&inner->over, true);
	pthread_rwlock_rdlock(&inner->lock);
	for (size_t i = 0; i < TAPS_MOST; i++)
		if (inner->list[i])
			inner->list[i]->wake(inner->list[i]->arg);
	pthread_rwlock_unlock(&inner->lock);
}

void taps_fini(struct taps *t)
{
	if (!t->inner)
		return;
	veil_fini(&t->inner->redact);
	pthread_rwlock_destroy(&t->inner->lock);
	pthread_rwlock_destroy(&t->inner->veiling);
	free(t->inner);
	t->inner = NULL;
}

/* ---- a call ---- */

static void lose(atomic_uint_fast64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static bool chosen(struct tap *tap, const struct tap_call *call)
{
	if (!(tap->outcomes & record_outcome(call->result)) ||
	    strcmp(tap->name, call->name) != 0)
		return false;
	uint64_t n = atomic_fetch_add_explicit(&tap->seen, 1, memory_order_relaxed);
	if (!choose_nth(n, tap->share))
		return false;
	if (pthread_mutex_trylock(&tap->lock)) {
		lose(&tap->lost);
		return false;
	}
	bool may = choose_rate_take(&tap->rate, now_ns(CLOCK_MONOTONIC));
	tap->skipped += !may;
	pthread_mutex_unlock(&tap->lock);
	return may;
}

/* True when the listener has to be woken. */
static bool add(struct tap *tap, const struct tap_call *call, const struct text *output)
{
	bool wake = false;
	if (pthread_mutex_trylock(&tap->lock)) {
		lose(&tap->lost);
		return false;
	}
	if (records_add(&tap->filling, call, output->s, output->len,
			now_ns(CLOCK_REALTIME) / 1000000)) {
		wake = !tap->woken;
		tap->woken = true;
	} else {
		lose(&tap->lost);
	}
	pthread_mutex_unlock(&tap->lock);
	return wake;
}

static void offer(struct tap *tap, const struct tap_call *call)
{
	struct text output = {0};
	if (!chosen(tap, call))
		return;
	if (call->result == FLUME_OK && tap->output)
		document_write(call->output, NULL, &output);
	if (output.failed)
		lose(&tap->lost);
	else if (add(tap, call, &output))
		tap->wake(tap->arg);
	text_fini(&output);
}

void taps_offer(struct taps *t, const struct tap_call *call)
{
	struct taps_inner *inner = t->inner;
	if (pthread_rwlock_tryrdlock(&inner->lock)) {
		lose(&inner->missed);
		return;
	}
	for (size_t i = 0; i < TAPS_MOST; i++)
		if (inner->list[i])
			offer(inner->list[i], call);
	pthread_rwlock_unlock(&inner->lock);
}

/* ---- a listener's side ---- */

static void tap_free(struct tap *tap)
{
	veil_fini(&tap->redact);
	pthread_mutex_destroy(&tap->lock);
	free(tap->filling.bytes);
	free(tap->reading.bytes);
	free(tap->name);
	free(tap);
}

static int new_tap(struct tap **out, struct taps *taps, const struct tap_wish *wish,
		   struct flume_err *err)
{
	struct tap *tap = calloc(1, sizeof *tap);
	if (!tap)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	tap->taps = taps;
	tap->share = wish->share;
	tap->outcomes = wish->outcomes;
	tap->input = wish->input;
	tap->output = wish->output;
	tap->count = wish->count;
	tap->wake = wish->wake;
	tap->arg = wish->arg;
	pthread_mutex_init(&tap->lock, NULL);
	choose_rate_init(&tap->rate, wish->rate, now_ns(CLOCK_MONOTONIC));
	tap->name = strdup(wish->name);
	tap->filling.bytes = malloc(RECORDS_SIZE);
	tap->reading.bytes = malloc(RECORDS_SIZE);
	int rc = tap->name && tap->filling.bytes && tap->reading.bytes
			 ? 0
			 : flume_fail(err, FLUME_NOMEM, "out of memory");
	if (!rc && wish->redact)
		rc = veil_add_list(&tap->redact, wish->redact, err);
	if (rc)
		tap_free(tap);
	else
		*out = tap;
	return rc;
}

/* False: all places are taken. */
static bool enter(struct taps_inner *inner, struct tap *tap)
{
	size_t i = 0;
	pthread_rwlock_wrlock(&inner->lock);
	while (i < TAPS_MOST && inner->list[i])
		i++;
	if (i < TAPS_MOST)
		inner->list[i] = tap;
	tap->missed_before = atomic_load(&inner->missed);
	pthread_rwlock_unlock(&inner->lock);
	return i < TAPS_MOST;
}

int tap_open(struct tap **out, struct taps *taps, const struct tap_wish *wish,
	     struct flume_err *err)
{
	struct tap *tap = NULL;
	if (!taps->inner || atomic_load(&taps->inner->over))
		return flume_fail(err, FLUME_CANCELLED, "the agent is shutting down");
	int rc = new_tap(&tap, taps, wish, err);
	if (rc || !tap)
		return rc;
	if (!enter(taps->inner, tap)) {
		tap_free(tap);
		return flume_fail(err, FLUME_LIMITED, "%d listen already: that is the most",
				  TAPS_MOST);
	}
	atomic_fetch_add(&taps->open, 1);
	*out = tap;
	return 0;
}

struct tap *tap_close(struct tap *tap)
{
	if (!tap)
		return NULL;
	struct taps_inner *inner = tap->taps->inner;
	pthread_rwlock_wrlock(&inner->lock);
	for (size_t i = 0; i < TAPS_MOST; i++)
		if (inner->list[i] == tap)
			inner->list[i] = NULL;
	pthread_rwlock_unlock(&inner->lock);
	atomic_fetch_sub(&tap->taps->open, 1);
	tap_free(tap);
	return NULL;
}

static uint64_t change_buffers(struct tap *tap)
{
	struct records read = tap->reading;
	read.used = read.count = 0;
	pthread_mutex_lock(&tap->lock);
	tap->reading = tap->filling;
	tap->filling = read;
	tap->woken = false;
	uint64_t skipped = tap->skipped;
	pthread_mutex_unlock(&tap->lock);
	return skipped;
}

/* Not more often than once a second. */
static void tell_losses(struct tap *tap, uint64_t skipped, bool last, struct text *out)
{
	int64_t now = now_ns(CLOCK_MONOTONIC);
	uint64_t lost = atomic_load(&tap->lost) + atomic_load(&tap->taps->inner->missed) -
			tap->missed_before;
	if (lost == tap->told_lost && skipped == tap->told_skipped)
		return;
	if (tap->told_at && now - tap->told_at < TELL_NS && !last)
		return;
	tap->told_at = now;
	text_addf(out, "{\"tap\":{\"lost\":%" PRIu64 ",\"over_rate\":%" PRIu64 "}}\n",
		  lost - tap->told_lost, skipped - tap->told_skipped);
	tap->told_lost = lost;
	tap->told_skipped = skipped;
}

bool tap_take(struct tap *tap, struct text *out)
{
	const struct record_view view = {&tap->taps->inner->redact, &tap->redact, tap->input,
					 tap->output};
	bool over = atomic_load(&tap->taps->inner->over);
	uint64_t skipped = change_buffers(tap);
	pthread_rwlock_rdlock(&tap->taps->inner->veiling);
	for (size_t at = 0; at < tap->reading.used && !(tap->count && tap->shown == tap->count);
	     tap->shown++)
		record_write(&tap->reading, &at, &view, out);
	pthread_rwlock_unlock(&tap->taps->inner->veiling);
	bool last = over || (tap->count && tap->shown == tap->count);
	tell_losses(tap, skipped, last, out);
	return !last;
}
