/* What calls say, byte for byte - etcd ignores what it does not know, so a wrong name would pass
 * unnoticed - and what they make of answers that a healthy etcd does not give. */
#include "agent/etcd/etcd.h"

#include "tests/unit/etcd_gateway.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static struct loop *loop;
static struct gateway gateway;
static struct etcd *etcd;

static struct {
	bool done;
	int code;
	struct flume_err err;
	int64_t revision, lease;
	size_t n;
} last;

static void connect_client(int request_ms)
{
	struct etcd_options options = {
		.endpoints = gateway.url, .request_ms = request_ms, .reply_max = 3000};
	etcd = etcd_new(loop, &options, NULL);
	ck_assert_ptr_nonnull(etcd);
}

static void setup(void)
{
	memset(&last, 0, sizeof last);
	loop = loop_new();
	gateway_open(&gateway, loop);
	connect_client(0);
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
	last.done = true;
	last.code = r->code;
	last.err = r->err;
	last.revision = r->revision;
	last.lease = r->lease;
	last.n = r->n;
}

static int answer(struct etcd_call *call)
{
	ck_assert_ptr_nonnull(call);
	last.done = false;
	LOOP_UNTIL(loop, last.done, "an answer");
	return last.code;
}

static int range(void)
{
	struct etcd_query q = {.key = "/a"};
	return answer(etcd_range(etcd, &q, on_done, NULL));
}

/* ---- endpoints that hang ---- */

static int list(void)
{
	struct etcd_query q = {.key = "/a/", .prefix = true};
	return answer(etcd_range(etcd, &q, on_done, NULL));
}

/* Whichever of the two it begins with, and the next list does not wait again. */
START_TEST(a_list_goes_on_to_the_next_endpoint_when_one_says_nothing)
{
	struct gateway frozen;
	char both[160];
	gateway_open(&frozen, loop); /* it has no answers */
	for (int i = 0; i < 3; i++)
		gateway_will_answer(&gateway, 200, "{" GATEWAY_HEADER("9") "}");
	snprintf(both, sizeof both, "%s,%s", frozen.url, gateway.url);
	const struct etcd_options options = {.endpoints = both, .first_ms = 200};
	etcd_free(etcd);
	etcd = etcd_new(loop, &options, NULL);
	ck_assert_ptr_nonnull(etcd);
	for (int i = 0; !frozen.n && i < 2; i++, etcd_turn(etcd))
		ck_assert_msg(list() == 0, "%s", last.err.text);
	ck_assert_int_eq(last.revision, 9);
	ck_assert_uint_eq(frozen.n, 1);
	gateway_close(&frozen);
}
END_TEST

START_TEST(a_list_that_nobody_begins_to_answer_is_late)
{
	etcd_free(etcd);
	etcd = etcd_new(loop, &(struct etcd_options){.endpoints = gateway.url, .first_ms = 100},
			NULL);
	ck_assert_int_eq(list(), FLUME_TIMED_OUT);
	ck_assert_ptr_nonnull(strstr(last.err.text, "no answer in time"));
}
END_TEST

/* ---- what is said ---- */

START_TEST(each_call_says_exactly_this)
{
	struct etcd_query q = {
		.key = "/a/", .prefix = true, .keys_only = true, .limit = 7, .revision = 9};
	for (int i = 0; i < 9; i++)
		gateway_will_answer(
			&gateway, 200,
			"{" GATEWAY_HEADER(
				"5") ",\"ID\":\"4\",\"TTL\":\"3\",\"succeeded\":true}");
	answer(etcd_range(etcd, &q, on_done, NULL));
	range();
	answer(etcd_put(etcd, "/a", "v", 1, 42, on_done, NULL));
	answer(etcd_delete(etcd, "/a", on_done, NULL));
	answer(etcd_put_if(etcd, "/a", "v", 1, 0, 0, on_done, NULL));
	answer(etcd_delete_if(etcd, "/a", 41, on_done, NULL));
	answer(etcd_lease_grant(etcd, 15, on_done, NULL));
	answer(etcd_lease_keepalive(etcd, 4, 2000, on_done, NULL));
	answer(etcd_lease_revoke(etcd, 4, on_done, NULL));
	gateway_was_asked(&gateway, 0, "/v3/kv/range",
			  "{\"key\":\"L2Ev\",\"range_end\":\"L2Ew\",\"revision\":\"9\",\"keys_"
			  "only\":true,"
			  "\"limit\":\"7\"}");
	gateway_was_asked(&gateway, 1, "/v3/kv/range", "{\"key\":\"L2E=\"}");
	gateway_was_asked(&gateway, 2, "/v3/kv/put",
			  "{\"key\":\"L2E=\",\"value\":\"dg==\",\"lease\":\"42\"}");
	gateway_was_asked(&gateway, 3, "/v3/kv/deleterange", "{\"key\":\"L2E=\"}");
	gateway_was_asked(
		&gateway, 4, "/v3/kv/txn",
		"{\"compare\":[{\"key\":\"L2E=\",\"target\":\"CREATE\",\"create_revision\":"
		"\"0\","
		"\"result\":\"EQUAL\"}],\"success\":[{\"request_put\":{\"key\":\"L2E=\","
		"\"value\":"
		"\"dg==\"}}],\"failure\":[{\"request_range\":{\"key\":\"L2E=\"}}]}");
	gateway_was_asked(
		&gateway, 5, "/v3/kv/txn",
		"{\"compare\":[{\"key\":\"L2E=\",\"target\":\"MOD\",\"mod_revision\":\"41\","
		"\"result\":\"EQUAL\"}],\"success\":[{\"request_delete_range\":{\"key\":\"L2E="
		"\"}"
		"}],"
		"\"failure\":[{\"request_range\":{\"key\":\"L2E=\"}}]}");
	gateway_was_asked(&gateway, 6, "/v3/lease/grant", "{\"TTL\":\"15\"}");
	gateway_was_asked(&gateway, 7, "/v3/lease/keepalive", "{\"ID\":\"4\"}");
	gateway_was_asked(&gateway, 8, "/v3/lease/revoke", "{\"ID\":\"4\"}");
	for (size_t i = 0; i < 9; i++) {
		gateway_was_told(&gateway, i, "Grpc-Metadata-hasleader: true");
		gateway_was_told(&gateway, i,
				 i == 0   ? "Grpc-Timeout: 26250m"
				 : i == 7 ? "Grpc-Timeout: 1500m"
					  : "Grpc-Timeout: 3000m");
		gateway_was_told(&gateway, i, "Content-Type: application/json");
		ck_assert_ptr_null(strstr(gateway.asked[i].head, "Expect"));
	}
}
END_TEST

/* ---- what is understood ---- */

START_TEST(errors_are_told_in_either_dialect)
{
	gateway_will_answer(
		&gateway, 503,
		"{\"error\":\"etcdserver: leader changed\",\"message\":\"etcdserver: leader "
		"changed\",\"code\":14}");
	gateway_will_answer(&gateway, 503,
			    "{\"code\":14, \"message\":\"etcdserver: leader changed\"}");
	char wanted[128];
	snprintf(wanted, sizeof wanted, "etcd at %s: etcdserver: leader changed", gateway.url);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(range(), FLUME_IO);
		ck_assert_str_eq(last.err.text, wanted);
	}
}
END_TEST

START_TEST(answers_that_are_none_are_told_as_such)
{
	static const struct {
		const char *body, *wanted;
	} rows[] = {
		{"", "the reply is not JSON: "},
		{"<html>", "the reply is not JSON: <html>"},
		{"[]", "the reply is not JSON: []"},
		{"{\"header\":{\"revision\":\"many\"}}", "the reply is not understood"},
		{"{}", "the reply is not understood"},
		{"{\"header\":{\"revision\":\"-5\"}}", "the reply is not understood"},
		{"{\"header\":{\"revision\":\"7\"},\"kvs\":[{\"key\":\"*\"}]}",
		 "the reply is not understood"},
		{"{\"header\":{\"revision\":\"7\"},\"kvs\":7}", "the reply is not understood"},
		{"{\"header\":{\"revision\":\"7\"},\"more\":true}",
		 "the reply is not understood"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		gateway_will_answer(&gateway, 200, rows[i].body);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(range(), FLUME_IO);
		ck_assert_msg(strstr(last.err.text, rows[i].wanted) != NULL, "row %zu: %s", i,
			      last.err.text);
	}
}
END_TEST

START_TEST(a_write_is_done_only_when_the_store_says_at_which_revision)
{
	gateway_will_answer(&gateway, 200, "{}");
	ck_assert_int_eq(answer(etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL)), FLUME_IO);
}
END_TEST

START_TEST(an_answer_may_come_byte_by_byte)
{
	gateway_will_answer(
		&gateway, 200,
		"{" GATEWAY_HEADER("5") ",\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\"5\"}],"
					"\"count\":\"1\"}")
		->drips = true;
	ck_assert_int_eq(range(), 0);
	ck_assert_uint_eq(last.n, 1);
	ck_assert_int_eq(last.revision, 5);
}
END_TEST

START_TEST(a_write_that_was_not_answered_is_not_sent_again)
{
	gateway_will_answer(&gateway, 0, "");
	ck_assert_int_eq(answer(etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL)), FLUME_IO);
	ck_assert_uint_eq(gateway.n, 1);
	etcd_free(etcd);
	connect_client(300);
	ck_assert_int_eq(answer(etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL)),
			 FLUME_TIMED_OUT);
	ck_assert_uint_eq(gateway.n, 2);
}
END_TEST

START_TEST(reads_share_a_connection_and_a_write_has_its_own)
{
	for (int i = 0; i < 4; i++) {
		gateway_will_answer(&gateway, 200, "{" GATEWAY_HEADER("5") "}")->keeps_alive =
			true;
	}
	range();
	range();
	ck_assert_uint_eq(gateway.visits, 1);
	answer(etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL));
	ck_assert_uint_eq(gateway.visits, 2);
	range();
	ck_assert_uint_eq(gateway.visits, 2);
}
END_TEST

START_TEST(a_lease_that_keepalive_says_nothing_of_is_gone)
{
	gateway_will_answer(&gateway, 200,
			    "{\"result\":{" GATEWAY_HEADER("5") ",\"ID\":\"4\"}}\n");
	gateway_will_answer(
		&gateway, 200,
		"{\"result\":{" GATEWAY_HEADER("5") ",\"ID\":\"4\",\"TTL\":\"15\"}}\n");
	gateway_will_answer(
		&gateway, 200,
		"{\"error\":{\"grpc_code\":14,\"message\":\"etcdserver: no leader\"}}");
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, 4, 0, on_done, NULL)),
			 FLUME_NOT_FOUND);
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, 4, 0, on_done, NULL)), 0);
	ck_assert_int_eq(last.lease, 4);
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, 4, 0, on_done, NULL)), FLUME_IO);
}
END_TEST

Suite *suite_etcd_exchange(void)
{
	Suite *s = suite_create("etcd_exchange");
	TCase *c = tcase_create("etcd_exchange");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_list_goes_on_to_the_next_endpoint_when_one_says_nothing);
	tcase_add_test(c, a_list_that_nobody_begins_to_answer_is_late);
	tcase_add_test(c, each_call_says_exactly_this);
	tcase_add_test(c, errors_are_told_in_either_dialect);
	tcase_add_test(c, answers_that_are_none_are_told_as_such);
	tcase_add_test(c, a_write_is_done_only_when_the_store_says_at_which_revision);
	tcase_add_test(c, an_answer_may_come_byte_by_byte);
	tcase_add_test(c, a_write_that_was_not_answered_is_not_sent_again);
	tcase_add_test(c, reads_share_a_connection_and_a_write_has_its_own);
	tcase_add_test(c, a_lease_that_keepalive_says_nothing_of_is_gone);
	suite_add_tcase(s, c);
	return s;
}
