/*
 * What etcd answers to a call, success or not.  The first byte says under which status.  A token
 * can stand in a header, texts are one line, a failure always has a code and a success none, and
 * whatever is read can be freed.
 */
#include "agent/etcd/kv.h"
#include "agent/etcd/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void read_failure(const char *body, size_t n, long status)
{
	struct etcd_failure f = etcd_failure_parse(body, n, status);
	require(strlen(f.text) < sizeof f.text && !strpbrk(f.text, "\r\n\t\x7f"), "one line");
	require(!f.grpc == !etcd_failure_code(&f), "a code for each failure");
	require(f.grpc || status == 200, "only 200 is a success");
	if (etcd_failure_unsent(&f))
		require(etcd_failure_passes(&f), "what was not sent may be sent again");
	if (etcd_complaint(f.text))
		require(f.grpc != GRPC_OK, "a complaint is a failure");
}

static void read_token(const json_t *reply)
{
	char *token = NULL;
	if (etcd_read_token(reply, &token))
		return;
	require(*token, "a token");
	for (const char *c = token; *c; c++)
		require(*c > ' ' && *c < 0x7f, "it can stand in a header");
	free(token);
}

static void read_transaction(const json_t *reply)
{
	struct etcd_result r = {0};
	int rc = etcd_read_txn(NULL, reply, &r, NULL);
	require(rc == 0 || rc == FLUME_IO || rc == FLUME_NOMEM, "a code");
	require(r.deleted >= 0, "counted");
	for (size_t i = 0; i < r.n; i++)
		require(r.kvs[i].key_len && !r.kvs[i].key[r.kvs[i].key_len], "a key");
	etcd_result_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = {200, 200, 200, 400, 401, 403, 404, 412, 429, 500, 503};
	if (!size)
		return 0;
	const char *body = (const char *)data + 1;
	read_failure(body, size - 1, statuses[data[0] % (sizeof statuses / sizeof *statuses)]);
	json_t *reply = json_loadb(body, size - 1, 0, NULL);
	read_token(reply);
	read_transaction(reply);
	json_decref(reply);
	return 0;
}
