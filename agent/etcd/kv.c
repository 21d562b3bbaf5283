#include "agent/etcd/kv.h"

#include "agent/etcd/call.h"
#include "agent/etcd/wire.h"

#include <inttypes.h>
#include <string.h>

typedef int read_fn(struct etcd_call *, const json_t *, struct etcd_result *, void *);

static struct etcd_call *write_call(struct etcd *e, const char *path, struct text *body,
				    read_fn *read, etcd_done_fn *done, void *arg)
{
	return etcd_call_new(e, &(struct etcd_call_options){
					.path = path,
					.body = body,
					.timeout_ms = e->options.request_ms,
					.write = true,
					.read = read,
					.done = done,
					.arg = arg,
				});
}

static void add_put(struct text *body, const char *key, const char *value, size_t len,
		    int64_t lease)
{
	text_add_char(body, '{');
	etcd_add_key(body, key);
	text_add_char(body, ',');
	etcd_add_bytes(body, "value", value, len);
	if (lease)
		text_addf(body, ",\"lease\":\"%" PRId64 "\"", lease);
	text_add_char(body, '}');
}

struct etcd_call *etcd_put(struct etcd *e, const char *key, const char *value, size_t len,
			   int64_t lease, etcd_done_fn *done, void *arg)
{
	struct text body = {0};
	add_put(&body, key, value, len, lease);
	return write_call(e, "/v3/kv/put", &body, NULL, done, arg);
}

static int read_deleted(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
			void *state)
{
	(void)call, (void)state;
	return etcd_read_int(reply, "deleted", &result->deleted);
}

struct etcd_call *etcd_delete(struct etcd *e, const char *key, etcd_done_fn *done, void *arg)
{
	struct text body = {0};
	text_add_char(&body, '{');
	etcd_add_key(&body, key);
	text_add_char(&body, '}');
	return write_call(e, "/v3/kv/deleterange", &body, read_deleted, done, arg);
}

/* ---- only if ---- */

/* {"compare":[the key was last changed at `expected`],"success":[ */
static void add_condition(struct text *body, const char *key, int64_t expected)
{
	text_add(body, "{\"compare\":[{");
	etcd_add_key(body, key);
	if (expected)
		text_addf(body, ",\"target\":\"MOD\",\"mod_revision\":\"%" PRId64 "\"",
			  expected);
	else
		text_add(body, ",\"target\":\"CREATE\",\"create_revision\":\"0\"");
	text_add(body, ",\"result\":\"EQUAL\"}],\"success\":[{");
}

/* }],"failure":[read the key]} */
static void add_otherwise(struct text *body, const char *key)
{
	text_add(body, "}],\"failure\":[{\"request_range\":{");
	etcd_add_key(body, key);
	text_add(body, "}}]}");
}

static int read_txn(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
		    void *state)
{
	(void)call, (void)state;
	const json_t *first = json_array_get(json_object_get(reply, "responses"), 0);
	if (json_is_true(json_object_get(reply, "succeeded"))) {
		const json_t *gone = json_object_get(first, "response_delete_range");
		return etcd_read_int(gone, "deleted", &result->deleted);
	}
	const json_t *present = json_object_get(first, "response_range");
	int rc = etcd_read_kvs(json_object_get(present, "kvs"), &result->kvs, &result->n);
	return rc ? rc : FLUME_CONFLICT;
}

struct etcd_call *etcd_put_if(struct etcd *e, const char *key, const char *value, size_t len,
			      int64_t expected, int64_t lease, etcd_done_fn *done, void *arg)
{
	struct text body = {0};
	add_condition(&body, key, expected);
	text_add(&body, "\"request_put\":");
	add_put(&body, key, value, len, lease);
	add_otherwise(&body, key);
	return write_call(e, "/v3/kv/txn", &body, read_txn, done, arg);
}

struct etcd_call *etcd_delete_if(struct etcd *e, const char *key, int64_t expected,
				 etcd_done_fn *done, void *arg)
{
	struct text body = {0};
	add_condition(&body, key, expected);
	text_add(&body, "\"request_delete_range\":{");
	etcd_add_key(&body, key);
	text_add_char(&body, '}');
	add_otherwise(&body, key);
	return write_call(e, "/v3/kv/txn", &body, read_txn, done, arg);
}
