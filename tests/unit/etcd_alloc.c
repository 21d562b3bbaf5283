/*
 * Each allocation of the client fails in turn: what is started says so and leaves nothing behind
 * (the sanitizers look), what is read is refused whole, and what was there goes on.
 */
#include "agent/etcd/call.h"
#include "agent/etcd/kv.h"
#include "agent/etcd/message.h"
#include "agent/etcd/wire.h"

#include "tests/unit/etcd_gateway.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DONE "{" GATEWAY_HEADER("5") "}"

static struct loop *loop;
static struct gateway gateway;
static struct etcd *etcd;
static int answers, code;

static const struct etcd_options *options(void)
{
	static struct etcd_options o;
	o = (struct etcd_options){.endpoints = gateway.url,
				  .server_name = "name",
				  .ca_file = NULL,
				  .user = "flume",
				  .password_file = "/dev/null"};
	return &o;
}

static void setup(void)
{
	answers = 0;
	loop = loop_new();
	gateway_open(&gateway, loop);
	etcd = etcd_new(loop, &(struct etcd_options){.endpoints = gateway.url}, NULL);
	ck_assert_ptr_nonnull(etcd);
}

static void teardown(void)
{
	etcd = etcd_free(etcd);
	gateway_close(&gateway);
	for (int i = 0; i < 10; i++)
		loop_step(loop, 1);
	loop = loop_free(loop);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	answers++;
	code = r->code;
}

START_TEST(a_client_is_made_or_is_not)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		struct flume_err err = {0};
		memory_fails_at(nth);
		struct etcd *e = etcd_new(loop, options(), &err);
		failed = memory_is_back();
		ck_assert_int_eq(err.code, failed ? FLUME_NOMEM : 0);
		ck_assert(failed == !e);
		etcd_free(e);
	}
}
END_TEST

/* ---- what is started ---- */

static struct etcd_call *begin_range(void)
{
	const struct etcd_query q = {.key = "/a/", .prefix = true};
	return etcd_range(etcd, &q, on_done, NULL);
}

static struct etcd_call *begin_transaction(void)
{
	const struct etcd_compare compare = {.key = "/a"};
	const struct etcd_operation put = {.key = "/a", .value = "v", .len = 1};
	const struct etcd_txn t = {
		.compares = &compare, .n_compares = 1, .success = &put, .n_success = 1};
	return etcd_transact(etcd, &t, on_done, NULL);
}

static struct etcd_call *begin_grant(void)
{
	return etcd_lease_grant(etcd, 5, on_done, NULL);
}

typedef struct etcd_call *begin_fn(void);
static begin_fn *const begins[] = {begin_range, begin_transaction, begin_grant};

/* libcurl does some of its work later, and says in its own way that it could not. */
START_TEST(a_call_is_started_or_is_not)
{
	bool failed = true;
	int refused = 0;
	for (long nth = 1; failed; nth++) {
		memset(gateway.answers, 0, sizeof gateway.answers);
		gateway.n = 0;
		gateway_will_answer(&gateway, 200, DONE);
		memory_fails_at(nth);
		struct etcd_call *call = begins[_i]();
		failed = memory_is_back();
		refused += !call;
		if (!call) {
			ck_assert(failed);
			continue;
		}
		int before = answers;
		LOOP_UNTIL(loop, answers > before, "an answer");
		ck_assert_msg(code == 0 || failed, "code %d", code);
	}
	ck_assert_int_gt(refused, 5);
	ck_assert_int_eq(code, 0);
}
END_TEST

/* ---- what is read ---- */

#define KV "{\"key\":\"YQ==\",\"value\":\"dg==\",\"mod_revision\":\"5\"}"

static int read_message(void)
{
	static const char line[] =
		"{\"result\":{" GATEWAY_HEADER("5") ",\"events\":[{\"kv\":" KV
						    "},{\"type\":\"DELETE\",\"kv\":" KV "}]}}";
	struct etcd_message m;
	int rc = etcd_message_parse(line, sizeof line - 1, &m);
	if (!rc)
		etcd_message_fini(&m);
	return rc;
}

static json_t *reply;

static int read_transaction(void)
{
	struct etcd_result r = {0};
	int rc = etcd_read_txn(NULL, reply, &r, NULL);
	etcd_result_fini(&r);
	return rc;
}

static int read_token(void)
{
	char *token = NULL;
	int rc = etcd_read_token(reply, &token);
	free(token);
	return rc;
}

typedef int read_fn(void);
static read_fn *const reads[] = {read_message, read_transaction, read_token};

START_TEST(an_answer_is_read_whole_or_not_at_all)
{
	reply = json_loads("{\"succeeded\":true,\"token\":\"t.1\",\"responses\":["
			   "{\"response_range\":{\"kvs\":[" KV "," KV "]}},"
			   "{\"response_range\":{\"kvs\":[" KV "]}}]}",
			   0, NULL);
	ck_assert_ptr_nonnull(reply);
	bool failed = true;
	long nth = 1;
	for (; failed; nth++) {
		memory_fails_at(nth);
		int rc = reads[_i]();
		failed = memory_is_back();
		/* jansson does not always know what it failed of */
		ck_assert_msg(failed ? rc == FLUME_NOMEM || rc == FLUME_IO : !rc,
			      "allocation %ld: %d", nth, rc);
	}
	ck_assert_int_gt(nth, 2);
	json_decref(reply);
}
END_TEST

Suite *suite_etcd_alloc(void)
{
	Suite *s = suite_create("etcd_alloc");
	TCase *c = tcase_create("etcd_alloc");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_client_is_made_or_is_not);
	tcase_add_loop_test(c, a_call_is_started_or_is_not, 0, 3);
	tcase_add_loop_test(c, an_answer_is_read_whole_or_not_at_all, 0, 3);
	suite_add_tcase(s, c);
	return s;
}
