/*
 * Transactions, and the two that everybody needs: to put or delete a key only if it is what was
 * read.
 *
 * etcd passes over names that it does not know, so that a mistake here would make a condition
 * true; the tests compare the requests byte for byte.  What is left out it takes to be zero or
 * EQUAL, hence every field is written out.
 */
#include "agent/etcd/kv.h"
#include "agent/etcd/wire.h"

#include <inttypes.h>

/* ---- what is said ---- */

static void add_compare(struct text *body, const struct etcd_compare *c)
{
	static const struct {
		const char *target, *field;
	} names[] = {
		[ETCD_MOD_REVISION] = {"MOD", "mod_revision"},
		[ETCD_CREATE_REVISION] = {"CREATE", "create_revision"},
		[ETCD_VERSION] = {"VERSION", "version"},
		[ETCD_VALUE] = {"VALUE", "value"},
	};
	static const char *const relations[] = {
		[ETCD_EQUAL] = "EQUAL",
		[ETCD_NOT_EQUAL] = "NOT_EQUAL",
		[ETCD_GREATER] = "GREATER",
		[ETCD_LESS] = "LESS",
	};
	text_add_char(body, '{');
	if (c->prefix)
		etcd_add_prefix(body, c->key, NULL, 0);
	else
		etcd_add_key(body, c->key);
	text_addf(body, ",\"target\":\"%s\",", names[c->target].target);
	if (c->target == ETCD_VALUE)
		etcd_add_bytes(body, names[c->target].field, c->value, c->len);
	else
		text_addf(body, "\"%s\":\"%" PRId64 "\"", names[c->target].field, c->number);
	text_addf(body, ",\"result\":\"%s\"}", relations[c->relation]);
}

static void add_operation(struct text *body, const struct etcd_operation *o)
{
	switch (o->action) {
	case ETCD_PUT:
		text_add(body, "{\"request_put\":");
		etcd_add_put(body, o->key, o->value, o->len, o->lease);
		text_add_char(body, '}');
		return;
	case ETCD_DELETE:
		text_add(body, "{\"request_delete_range\":{");
		break;
	case ETCD_RANGE:
		text_add(body, "{\"request_range\":{");
		break;
	}
	if (o->prefix)
		etcd_add_prefix(body, o->key, NULL, 0);
	else
		etcd_add_key(body, o->key);
	text_add(body, "}}");
}

static void add_operations(struct text *body, const char *name,
			   const struct etcd_operation *all, size_t n)
{
	text_addf(body, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		if (i)
			text_add_char(body, ',');
		add_operation(body, &all[i]);
	}
	text_add_char(body, ']');
}

static struct etcd_call *transact(struct etcd *e, const struct etcd_txn *t, etcd_read_fn *read,
				  etcd_done_fn *done, void *arg)
{
	struct text body = {0};
	text_add(&body, "{\"compare\":[");
	for (size_t i = 0; i < t->n_compares; i++) {
		if (i)
			text_add_char(&body, ',');
		add_compare(&body, &t->compares[i]);
	}
	text_add_char(&body, ']');
	add_operations(&body, "success", t->success, t->n_success);
	add_operations(&body, "failure", t->failure, t->n_failure);
	text_add_char(&body, '}');
	return etcd_write_call(e, "/v3/kv/txn", &body, read, done, arg);
}

/* ---- what is answered ---- */

static int read_operation(const json_t *response, struct etcd_result *result)
{
	int64_t deleted = 0;
	const json_t *gone = json_object_get(response, "response_delete_range");
	const json_t *range = json_object_get(response, "response_range");
	if (etcd_read_int(gone, "deleted", &deleted) || deleted < 0 ||
	    deleted > INT64_MAX - result->deleted)
		return FLUME_IO;
	result->deleted += deleted;
	return etcd_read_kvs(json_object_get(range, "kvs"), &result->kvs, &result->n);
}

int etcd_read_txn(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
		  void *state)
{
	const json_t *responses = json_object_get(reply, "responses");
	int rc = 0;
	(void)call, (void)state;
	result->succeeded = json_is_true(json_object_get(reply, "succeeded"));
	for (size_t i = 0; i < json_array_size(responses) && !rc; i++)
		rc = read_operation(json_array_get(responses, i), result);
	return rc;
}

static int read_condition(struct etcd_call *call, const json_t *reply,
			  struct etcd_result *result, void *state)
{
	int rc = etcd_read_txn(call, reply, result, state);
	return rc || result->succeeded ? rc : FLUME_CONFLICT;
}

/* ---- calls ---- */

struct etcd_call *etcd_transact(struct etcd *e, const struct etcd_txn *t, etcd_done_fn *done,
				void *arg)
{
	return transact(e, t, etcd_read_txn, done, arg);
}

/* `operation`, if its key was last changed at `expected`; else the key is read. */
static struct etcd_call *only_if(struct etcd *e, const struct etcd_operation *operation,
				 int64_t expected, etcd_done_fn *done, void *arg)
{
	const struct etcd_compare compare = {
		.key = operation->key,
		.target = expected ? ETCD_MOD_REVISION : ETCD_CREATE_REVISION,
		.number = expected,
	};
	const struct etcd_operation otherwise = {.action = ETCD_RANGE, .key = operation->key};
	const struct etcd_txn t = {.compares = &compare,
				   .n_compares = 1,
				   .success = operation,
				   .n_success = 1,
				   .failure = &otherwise,
				   .n_failure = 1};
	return transact(e, &t, read_condition, done, arg);
}

struct etcd_call *etcd_put_if(struct etcd *e, const char *key, const char *value, size_t len,
			      int64_t expected, int64_t lease, etcd_done_fn *done, void *arg)
{
	const struct etcd_operation put = {
		.action = ETCD_PUT, .key = key, .value = value, .len = len, .lease = lease};
	return only_if(e, &put, expected, done, arg);
}

struct etcd_call *etcd_delete_if(struct etcd *e, const char *key, int64_t expected,
				 etcd_done_fn *done, void *arg)
{
	const struct etcd_operation gone = {.action = ETCD_DELETE, .key = key};
	return only_if(e, &gone, expected, done, arg);
}
