/*
 * A range of many keys is read page by page: each goes on behind the last key of the one before
 * (the key with a NUL after it is the next there can be), at the revision of the first, so the
 * whole is one moment of the store.  Where that revision is compacted meanwhile, the reading
 * begins again; where a page turns out too big to be taken in, smaller ones are asked for.
 *
 * A page may take its time, but not to begin with: an endpoint that hangs accepts and says nothing.
 */
#include "agent/etcd/call.h"
#include "agent/etcd/kv.h"
#include "agent/etcd/wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BEGINNINGS = 3 }; /* how often compaction may send it back to the start */

struct range {
	struct etcd_query query;
	char *key, *end; /* `end` may be NULL */
	unsigned page;
	unsigned begun;
	int64_t at;    /* the revision of the first page; 0: none has come */
	int64_t count; /* as the first page said                            */
};

static void free_range(void *state)
{
	struct range *r = state;
	free(r->key);
	free(r->end);
	free(r);
}

static struct text page_body(const struct range *r, const struct etcd_result *have)
{
	const struct etcd_query *q = &r->query;
	struct text body = {0};
	text_add_char(&body, '{');
	if (!q->prefix) {
		etcd_add_key(&body, r->key);
	} else if (have->n) {
		const struct etcd_kv *last = &have->kvs[have->n - 1];
		etcd_add_range(&body, r->key, r->end, last->key, last->key_len + 1);
	} else {
		etcd_add_range(&body, r->key, r->end, NULL, 0);
	}
	int64_t revision = q->revision ? q->revision : r->at;
	unsigned limit = r->page;
	if (q->limit && q->limit - have->n < limit)
		limit = q->limit - (unsigned)have->n;
	if (revision)
		text_addf(&body, ",\"revision\":\"%" PRId64 "\"", revision);
	if (q->keys_only)
		text_add(&body, ",\"keys_only\":true");
	if (q->count_only)
		text_add(&body, ",\"count_only\":true");
	else if (q->prefix)
		text_addf(&body, ",\"limit\":\"%u\"", limit);
	text_add_char(&body, '}');
	return body;
}

static int ask_page(struct etcd_call *call, struct range *r, const struct etcd_result *have)
{
	struct text body = page_body(r, have);
	return etcd_call_ask(call, &body) ? FLUME_NOMEM : ETCD_AGAIN;
}

static int read_page(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
		     void *state)
{
	struct range *r = state;
	size_t before = result->n;
	if (!r->at) {
		r->at = result->revision;
		r->count = result->count;
	}
	result->revision = r->at;
	result->count = r->count;
	int rc = etcd_read_kvs(json_object_get(reply, "kvs"), &result->kvs, &result->n);
	if (rc)
		return rc;
	bool enough = r->query.limit && result->n >= r->query.limit;
	if (enough || !json_is_true(json_object_get(reply, "more")))
		return 0;
	if (result->n == before)
		return FLUME_IO; /* more, but nothing now: it would never end */
	return ask_page(call, r, result);
}

static int another_way(struct etcd_call *call, const struct etcd_failure *failure, int code,
		       struct etcd_result *result, void *state)
{
	struct range *r = state;
	(void)failure;
	if (code == FLUME_LIMITED && r->query.prefix && r->page > 1) {
		r->page = r->page > 8 ? r->page / 8 : 1;
	} else if (code == FLUME_CONFLICT && r->at && !r->query.revision &&
		   ++r->begun < BEGINNINGS) {
		etcd_result_fini(result);
		r->at = 0;
	} else {
		return 0;
	}
	return ask_page(call, r, result) == ETCD_AGAIN ? ETCD_AGAIN : 0;
}

struct etcd_call *etcd_range(struct etcd *e, const struct etcd_query *q, etcd_done_fn *done,
			     void *arg)
{
	struct range *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	*r = (struct range){.query = *q, .key = strdup(q->key), .page = e->options.page};
	r->end = q->end ? strdup(q->end) : NULL;
	r->query.key = r->query.end = NULL;
	r->query.prefix = q->prefix || q->end;
	if (!r->key || (q->end && !r->end)) {
		free_range(r);
		return NULL;
	}
	struct text body = page_body(r, &(struct etcd_result){0});
	bool many = r->query.prefix && !q->count_only;
	return etcd_call_new(
		e, &(struct etcd_call_options){
			   .path = "/v3/kv/range",
			   .body = &body,
			   .timeout_ms = many ? e->options.list_ms : e->options.request_ms,
			   .first_ms = many ? e->options.first_ms : 0,
			   .long_answer = many,
			   .read = read_page,
			   .failed = another_way,
			   .state = r,
			   .free_state = free_range,
			   .done = done,
			   .arg = arg,
		   });
}

static int read_probe(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
		      void *state)
{
	(void)call, (void)state;
	return etcd_read_kvs(json_object_get(reply, "kvs"), &result->kvs, &result->n);
}

struct etcd_call *etcd_probe(struct etcd *e, size_t endpoint, const char *prefix,
			     const char *end, int64_t after, int within_ms, etcd_done_fn *done,
			     void *arg)
{
	struct text body = {0};
	text_add_char(&body, '{');
	etcd_add_range(&body, prefix, end, NULL, 0);
	text_addf(&body,
		  ",\"limit\":\"1\",\"keys_only\":true,\"sort_order\":\"DESCEND\","
		  "\"sort_target\":\"MOD\",\"min_mod_revision\":\"%" PRId64 "\"}",
		  after + 1);
	return etcd_call_new(e, &(struct etcd_call_options){
					.path = "/v3/kv/range",
					.body = &body,
					.timeout_ms = within_ms,
					.pinned = true,
					.endpoint = endpoint,
					.read = read_probe,
					.done = done,
					.arg = arg,
				});
}
