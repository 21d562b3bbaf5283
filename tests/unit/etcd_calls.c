#include "tests/unit/etcd_calls.h"

#include <check.h>
#include <string.h>

struct calls calls;

struct etcd_sync *calls_connect(const char *endpoints, int request_ms)
{
	struct etcd_options options = {.endpoints = endpoints, .request_ms = request_ms};
	struct etcd_sync *s = etcd_sync_new(&options, 20000, &calls.err);
	ck_assert_msg(s != NULL, "%s", calls.err.text);
	return s;
}

void calls_begin(void)
{
	calls.result = (struct etcd_result){0};
	calls.err = (struct flume_err){0};
	etcd_server_init(&calls.server);
	etcd_server_start(&calls.server);
	calls.client = calls_connect(calls.server.url, 0);
}

void calls_end(void)
{
	etcd_result_fini(&calls.result);
	calls.client = etcd_sync_free(calls.client);
	etcd_server_fini(&calls.server);
}

int64_t calls_put(const char *key, const char *value)
{
	etcd_result_fini(&calls.result);
	int rc = etcd_sync_put(calls.client, key, value, strlen(value), 0, &calls.result,
			       &calls.err);
	ck_assert_msg(rc == 0, "%s", calls.err.text);
	return calls.result.revision;
}

int calls_range(struct etcd_query query)
{
	etcd_result_fini(&calls.result);
	return etcd_sync_range(calls.client, &query, &calls.result, &calls.err);
}
