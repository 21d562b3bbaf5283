/*
 * A shadow has a queue and a thread of its own.  Who serves documents only copies bytes into the
 * queue, and when that is full the document is skipped; so a slow candidate costs samples, never
 * requests.
 *
 * The thread sends each document through what runs and through the candidate, one after the other
 * and both with their effects held back.  What the client got is not compared with: that call had
 * real effects, breakers and limits that stood in its way, and another moment.  Who goes first
 * changes with each document, so that neither is always the one with warm caches.
 *
 * Documents are somebody's, so a difference is told without its values.
 */
#include "agent/engine/share.h"

#include "agent/document/split.h"
#include "agent/engine/ending.h"
#include "agent/log/log.h"
#include "agent/loop/loop.h"
#include "agent/loop/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES   64                   /* that may wait         */
#define BYTES     ((size_t)4 << 20)    /* that they may have    */
#define CALL_MOST INT64_C(10000000000) /* that a call may take  */

struct sample {
	char *bytes;
	size_t len;
};

struct mirror {
	struct document_rules rules;
	double max_ratio;
	flume_cancel *cancel;
	bool candidate_first; /* the thread's alone */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	struct sample samples[SAMPLES]; /* a ring */
	size_t at, n, bytes;
	bool stopped;
	int64_t calling_since; /* the candidate; 0: no call runs */
	uint64_t compared, differed, slower, skipped;
	char first[sizeof((struct share_counts *)NULL)->first];
};

/* ---- the queue ---- */

static bool has_room(const struct mirror *m, size_t len)
{
	return !m->stopped && m->n < SAMPLES && len <= BYTES - m->bytes;
}

static void put(struct mirror *m, const char *body, size_t len)
{
	struct sample *s = &m->samples[(m->at + m->n) % SAMPLES];
	char *bytes = has_room(m, len) ? malloc(len ? len : 1) : NULL;
	if (!bytes) {
		m->skipped++;
		return;
	}
	memcpy(bytes, body, len);
	*s = (struct sample){bytes, len};
	m->n++;
	m->bytes += len;
	pthread_cond_signal(&m->wake);
}

/* False when it is over. */
static bool take(struct mirror *m, struct sample *out)
{
	pthread_mutex_lock(&m->lock);
	while (!m->n && !m->stopped)
		pthread_cond_wait(&m->wake, &m->lock);
	bool taken = !m->stopped;
	if (taken) {
		*out = m->samples[m->at];
		m->at = (m->at + 1) % SAMPLES;
		m->n--;
		m->bytes -= out->len;
	}
	pthread_mutex_unlock(&m->lock);
	return taken;
}

void mirror_offer(struct share *s, uint64_t number, const char *body, size_t len)
{
	struct mirror *m = s->mirror;
	if (!split_takes(s->part, split_hash("shadow", s->name, &number, sizeof number)))
		return;
	pthread_mutex_lock(&m->lock);
	put(m, body, len);
	pthread_mutex_unlock(&m->lock);
}

/* ---- one document, on the thread ---- */

static void note_call(struct mirror *m, int64_t since)
{
	pthread_mutex_lock(&m->lock);
	m->calling_since = since;
	pthread_mutex_unlock(&m->lock);
}

/* Takes the document. */
static struct ending call(struct mirror *m, flume_pipeline *pipeline, struct document *document,
			  bool watched)
{
	struct ending e = {0};
	void *item = document;
	int64_t begun = loop_now();
	const struct flume_call how = {.deadline_ns = begun + CALL_MOST,
				       .cancel = m->cancel,
				       .flags = FLUME_CALL_CANARY};
	if (watched)
		note_call(m, begun);
	e.code = flume_pipeline_process(pipeline, &how, &item, &e.err);
	e.took_ns = loop_now() - begun;
	if (watched)
		note_call(m, 0);
	e.document = item;
	return e;
}

struct pair {
	struct ending candidate, running;
};

/* Takes both documents. */
static struct pair call_both(const struct share *s, struct document *one,
			     struct document *other)
{
	struct mirror *m = s->mirror;
	struct pair p;
	m->candidate_first = !m->candidate_first;
	if (m->candidate_first) {
		p.candidate = call(m, s->candidate, one, true);
		p.running = call(m, s->running, other, false);
	} else {
		p.running = call(m, s->running, one, false);
		p.candidate = call(m, s->candidate, other, true);
	}
	return p;
}

/* A candidate that was cancelled or had no memory has said nothing. */
static bool can_compare(const struct pair *p)
{
	return ending_counts(&p->running) && p->candidate.code != FLUME_CANCELLED &&
	       p->candidate.code != FLUME_NOMEM;
}

static void count(struct mirror *m, const struct pair *p)
{
	char why[sizeof m->first] = "";
	bool can = can_compare(p);
	bool like =
		!can || ending_is_like(&p->candidate, &p->running, &m->rules, why, sizeof why);
	bool slow = can && m->max_ratio > 0 &&
		    (double)p->candidate.took_ns > m->max_ratio * (double)p->running.took_ns;
	pthread_mutex_lock(&m->lock);
	m->skipped += !can;
	m->compared += can;
	m->slower += slow;
	m->differed += !like;
	if (!like && !*m->first)
		memcpy(m->first, why, sizeof why);
	pthread_mutex_unlock(&m->lock);
}

static void skip(struct mirror *m)
{
	pthread_mutex_lock(&m->lock);
	m->skipped++;
	pthread_mutex_unlock(&m->lock);
}

static void try_sample(const struct share *s, const struct sample *sample)
{
	struct document *one = NULL, *other = NULL;
	if (!document_parse(&one, sample->bytes, sample->len, NULL))
		other = document_clone(one);
	if (!other) {
		document_free(one);
		skip(s->mirror);
		return;
	}
	struct pair p = call_both(s, one, other);
	count(s->mirror, &p);
	ending_fini(&p.candidate);
	ending_fini(&p.running);
}

static void *work(void *arg)
{
	struct share *s = arg;
	struct traffic *t = s->traffic;
	struct sample sample;
	while (take(s->mirror, &sample)) {
		try_sample(s, &sample);
		free(sample.bytes);
	}
	pthread_mutex_lock(&t->farewell);
	t->refs++; /* the share may be the last to keep it */
	pthread_mutex_unlock(&t->farewell);
	share_unref(s);
	pthread_mutex_lock(&t->farewell);
	if (!--t->threads)
		pthread_cond_broadcast(&t->quiet);
	pthread_mutex_unlock(&t->farewell);
	traffic_unref(t);
	return NULL;
}

/* ---- life, on the loop ---- */

static int start_thread(struct share *s, struct flume_err *err)
{
	struct traffic *t = s->traffic;
	share_ref(s);
	pthread_mutex_lock(&t->farewell);
	t->threads++;
	pthread_mutex_unlock(&t->farewell);
	int rc = thread_start(work, s, 0);
	if (!rc)
		return 0;
	pthread_mutex_lock(&t->farewell);
	t->threads--;
	pthread_mutex_unlock(&t->farewell);
	share_unref(s);
	return flume_fail(err, FLUME_NOMEM, "no thread for a shadow: %s", strerror(rc));
}

int mirror_start(struct share *s, const struct share_terms *terms, struct flume_err *err)
{
	struct mirror *m = calloc(1, sizeof *m);
	char why[240] = "out of memory";
	if (!m)
		return flume_fail(err, FLUME_NOMEM, "%s", why);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	m->max_ratio = terms->max_ratio;
	s->mirror = m;
	m->cancel = flume_cancel_new();
	int rc =
		m->cancel ? rules_read(&m->rules, terms->except, why, sizeof why) : FLUME_NOMEM;
	if (rc)
		return flume_fail(err, rc, "shadow.%s", why);
	m->rules.veiled = true;
	return start_thread(s, err);
}

void mirror_stop(struct mirror *m)
{
	pthread_mutex_lock(&m->lock);
	m->stopped = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	flume_cancel_request(m->cancel);
}

struct mirror *mirror_free(struct mirror *m)
{
	if (!m)
		return NULL;
	for (; m->n; m->n--, m->at = (m->at + 1) % SAMPLES)
		free(m->samples[m->at].bytes);
	rules_fini(&m->rules);
	flume_cancel_free(m->cancel);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
	return NULL;
}

void mirror_read(struct mirror *m, struct share_counts *out)
{
	pthread_mutex_lock(&m->lock);
	int64_t took = m->calling_since ? loop_now() - m->calling_since : 0;
	out->compared = m->compared;
	out->differed = m->differed;
	out->slower = m->slower;
	out->skipped = m->skipped;
	out->stuck_ns = took > CALL_MOST ? took - CALL_MOST : 0;
	memcpy(out->first, m->first, sizeof out->first);
	pthread_mutex_unlock(&m->lock);
}
