#include "agent/engine/share.h"

#include "agent/document/split.h"

#include <stdlib.h>
#include <string.h>

static void count_running(const struct share *s, uint64_t *calls, uint64_t *failures)
{
	struct flume_pipeline_info info;
	flume_pipeline_read(s->running, &info);
	*calls = info.calls;
	*failures = info.failures;
}

int share_new(struct traffic *t, const struct share_terms *terms, struct share **out)
{
	struct share *s = calloc(1, sizeof *s);
	char *name = strdup(terms->name);
	if (!s || !name) {
		free(s);
		free(name);
		return FLUME_NOMEM;
	}
	s->traffic = t;
	s->name = name;
	s->candidate = flume_pipeline_ref(terms->candidate);
	s->running = flume_pipeline_ref(terms->running);
	s->part = terms->share;
	atomic_init(&s->refs, 1);
	count_running(s, &s->running_calls, &s->running_failures);
	pthread_mutex_lock(&t->farewell);
	t->refs++;
	pthread_mutex_unlock(&t->farewell);
	*out = s;
	return 0;
}

int share_set_key(struct share *s, const char *by, struct flume_err *err)
{
	struct flume_err why = {0};
	int rc = path_compile(&s->by, by, &why);
	s->keyed = !rc;
	return rc ? flume_fail(err, rc == FLUME_NOMEM ? rc : FLUME_FAILED,
			       "live.by: '%.64s' is no path: %.160s", by, why.text)
		  : 0;
}

struct share *share_ref(struct share *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

struct share *share_unref(struct share *s)
{
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	struct traffic *t = s->traffic;
	mirror_free(s->mirror);
	if (s->keyed)
		path_fini(&s->by);
	flume_pipeline_unref(s->candidate);
	flume_pipeline_unref(s->running);
	free(s->name);
	free(s);
	traffic_unref(t);
	return NULL;
}

flume_pipeline *share_running(const struct share *s)
{
	return s->running;
}

void share_read(struct share *s, struct share_counts *out)
{
	struct flume_pipeline_info candidate;
	*out = (struct share_counts){
		.documents = atomic_load_explicit(&s->documents, memory_order_relaxed)};
	if (s->mirror) {
		mirror_read(s->mirror, out);
		return;
	}
	flume_pipeline_read(s->candidate, &candidate);
	out->candidate_calls = candidate.calls;
	out->candidate_failures = candidate.failures;
	count_running(s, &out->running_calls, &out->running_failures);
	out->running_calls -= s->running_calls;
	out->running_failures -= s->running_failures;
}

/* ---- any thread ---- */

bool share_may_block(const struct share *s)
{
	return !s->mirror && flume_pipeline_may_block(s->candidate);
}

/* False when the document has none, and what runs serves it. */
static bool hash_of(const struct share *s, const struct document *document, const char *body,
		    size_t len, uint64_t *out)
{
	char scalar[64];
	struct document_view view;
	if (s->keyed) {
		if (!document_get(document, &s->by, &view))
			return false;
		body = view.text;
		len = view.len;
		if (view.kind != DOCUMENT_TEXT) {
			body = scalar;
			len = document_view_text(&view, scalar, sizeof scalar);
		}
	}
	if (!len || (body == scalar && len > sizeof scalar))
		return false;
	*out = split_hash("live", s->name, body, len);
	return true;
}

flume_pipeline *share_pick(const struct share *s, const struct document *document,
			   const char *body, size_t len)
{
	uint64_t hash;
	if (s->mirror || !hash_of(s, document, body, len, &hash))
		return NULL;
	return split_takes(s->part, hash) ? s->candidate : NULL;
}

void share_offer(struct share *s, const char *body, size_t len)
{
	uint64_t number = atomic_fetch_add_explicit(&s->documents, 1, memory_order_relaxed);
	if (s->mirror)
		mirror_offer(s, number, body, len);
}
