#include "agent/etcd/kv.h"

#include "agent/etcd/call.h"
#include "agent/etcd/wire.h"

#include <inttypes.h>
#include <string.h>

struct etcd_call *etcd_write_call(struct etcd *e, const char *path, struct text *body,
				  etcd_read_fn *read, etcd_done_fn *done, void *arg)
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

void etcd_add_put(struct text *body, const char *key, const char *value, size_t len,
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
	etcd_add_put(&body, key, value, len, lease);
	return etcd_write_call(e, "/v3/kv/put", &body, NULL, done, arg);
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
	return etcd_write_call(e, "/v3/kv/deleterange", &body, read_deleted, done, arg);
}
