/* Transactions: what is said, byte for byte, and what a real etcd makes of it. */
#include "tests/unit/etcd_calls.h"
#include "tests/unit/etcd_gateway.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_done(struct etcd_result *r, void *arg)
{
	struct etcd_result *out = arg;
	*out = *r;
	*r = (struct etcd_result){0};
	out->ttl = 1; /* it is there */
}

static struct etcd_result result;

static int transact_at(const char *url, const struct etcd_txn *t)
{
	struct loop *loop = loop_new();
	struct etcd *e = etcd_new(
		loop, &(struct etcd_options){.endpoints = url, .request_ms = 30000}, NULL);
	etcd_result_fini(&result);
	ck_assert_ptr_nonnull(etcd_transact(e, t, on_done, &result));
	LOOP_UNTIL(loop, result.ttl, "an answer");
	etcd_free(e);
	loop_free(loop);
	return result.code;
}

static int transact(const struct etcd_txn *t)
{
	return transact_at(calls.server.url, t);
}

#define N(list) (sizeof(list) / sizeof *(list))

/* ---- what is said ---- */

START_TEST(everything_is_written_out)
{
	struct gateway gateway;
	struct loop *loop = loop_new();
	const struct etcd_compare compares[] = {
		{.key = "a", .number = 41},
		{.key = "a", .target = ETCD_CREATE_REVISION, .relation = ETCD_NOT_EQUAL},
		{.key = "a", .target = ETCD_VERSION, .relation = ETCD_GREATER, .number = 2},
		{.key = "a",
		 .target = ETCD_VALUE,
		 .relation = ETCD_LESS,
		 .value = "v",
		 .len = 1},
		{.key = "d/", .prefix = true, .relation = ETCD_LESS, .number = 9},
	};
	const struct etcd_operation success[] = {
		{.action = ETCD_PUT, .key = "b", .value = "w", .len = 1, .lease = 7},
		{.action = ETCD_DELETE, .key = "c"},
		{.action = ETCD_DELETE, .key = "d/", .prefix = true},
	};
	const struct etcd_operation failure[] = {
		{.action = ETCD_RANGE, .key = "a"},
		{.action = ETCD_RANGE, .key = "d/", .prefix = true},
	};
	gateway_open(&gateway, loop);
	gateway_will_answer(
		&gateway, 200,
		"{" GATEWAY_HEADER(
			"9") ",\"succeeded\":true,\"responses\":[{\"response_put\":{\"header\":"
			     "{\"revision\":\"9\"}}},{\"response_delete_range\":{\"deleted\":"
			     "\"1\"}},{\"response_delete_range\":{\"deleted\":\"3\"}}]}");
	struct etcd *e = etcd_new(loop, &(struct etcd_options){.endpoints = gateway.url}, NULL);
	const struct etcd_txn t = {compares, N(compares), success,
				   failure,  N(success),  N(failure)};
	ck_assert_ptr_nonnull(etcd_transact(e, &t, on_done, &result));
	LOOP_UNTIL(loop, result.ttl, "an answer");
	gateway_was_asked(
		&gateway, 0, "/v3/kv/txn",
		"{\"compare\":["
		"{\"key\":\"YQ==\",\"target\":\"MOD\",\"mod_revision\":\"41\",\"result\":"
		"\"EQUAL\"},"
		"{\"key\":\"YQ==\",\"target\":\"CREATE\",\"create_revision\":\"0\",\"result\":"
		"\"NOT_EQUAL\"},"
		"{\"key\":\"YQ==\",\"target\":\"VERSION\",\"version\":\"2\",\"result\":"
		"\"GREATER\"},"
		"{\"key\":\"YQ==\",\"target\":\"VALUE\",\"value\":\"dg==\",\"result\":\"LESS\"}"
		","
		"{\"key\":\"ZC8=\",\"range_end\":\"ZDA=\",\"target\":\"MOD\",\"mod_revision\":"
		"\"9\",\"result\":\"LESS\"}"
		"],\"success\":["
		"{\"request_put\":{\"key\":\"Yg==\",\"value\":\"dw==\",\"lease\":\"7\"}},"
		"{\"request_delete_range\":{\"key\":\"Yw==\"}},"
		"{\"request_delete_range\":{\"key\":\"ZC8=\",\"range_end\":\"ZDA=\"}}"
		"],\"failure\":["
		"{\"request_range\":{\"key\":\"YQ==\"}},"
		"{\"request_range\":{\"key\":\"ZC8=\",\"range_end\":\"ZDA=\"}}]}");
	gateway_was_told(&gateway, 0, "Grpc-Timeout: 3000m");
	ck_assert_int_eq(result.code, 0);
	ck_assert(result.succeeded);
	ck_assert_int_eq(result.deleted, 4);
	ck_assert_int_eq(result.revision, 9);
	etcd_free(e);
	gateway_close(&gateway);
	loop_free(loop);
}
END_TEST

/* ---- what etcd makes of it ---- */

START_TEST(all_is_done_in_one_revision_or_the_other_list_is)
{
	calls_put("/d/1", "x");
	int64_t revision = calls_put("/d/2", "y");
	const struct etcd_compare compares[] = {
		{.key = "/d/2", .number = revision},
		{.key = "/new", .target = ETCD_CREATE_REVISION},
		{.key = "/d/1", .target = ETCD_VALUE, .value = "x", .len = 1},
		{.key = "/d/1", .target = ETCD_VERSION, .relation = ETCD_LESS, .number = 2},
	};
	const struct etcd_operation success[] = {
		{.action = ETCD_PUT, .key = "/new", .value = "1", .len = 1},
		{.action = ETCD_DELETE, .key = "/d/", .prefix = true},
		{.action = ETCD_RANGE, .key = "/new"},
	};
	const struct etcd_operation failure[] = {
		{.action = ETCD_RANGE, .key = "/new"},
		{.action = ETCD_RANGE, .key = "/d/", .prefix = true},
	};
	const struct etcd_txn t = {compares, N(compares), success,
				   failure,  N(success),  N(failure)};
	ck_assert_msg(transact(&t) == 0, "%s", result.err.text);
	ck_assert(result.succeeded);
	ck_assert_int_eq(result.revision, revision + 1);
	ck_assert_int_eq(result.deleted, 2);
	ck_assert_uint_eq(result.n, 1);
	ck_assert_int_eq(result.kvs[0].mod_revision, revision + 1);
	ck_assert_int_eq(transact(&t), 0); /* again: nothing is as it was */
	ck_assert(!result.succeeded);
	ck_assert_int_eq(result.revision, revision + 1);
	ck_assert_uint_eq(result.n, 1);
	ck_assert_str_eq(result.kvs[0].key, "/new");
}
END_TEST

START_TEST(what_is_not_there_has_revision_zero_and_no_value)
{
	const struct etcd_compare none[] = {{.key = "/a"}},
				  value[] = {{.key = "/a",
					      .target = ETCD_VALUE,
					      .relation = ETCD_NOT_EQUAL,
					      .value = "",
					      .len = 0}};
	ck_assert_int_eq(transact(&(struct etcd_txn){.compares = none, .n_compares = 1}), 0);
	ck_assert(result.succeeded);
	ck_assert_int_eq(transact(&(struct etcd_txn){.compares = value, .n_compares = 1}), 0);
	ck_assert(!result.succeeded);
}
END_TEST

START_TEST(a_prefix_has_to_be_true_of_every_key)
{
	struct etcd_compare c = {.key = "/d/", .prefix = true, .relation = ETCD_LESS};
	const struct etcd_txn t = {.compares = &c, .n_compares = 1};
	c.number = 1;
	ck_assert_int_eq(transact(&t), 0);
	ck_assert(result.succeeded); /* there is no key */
	calls_put("/d/1", "x");
	c.number = calls_put("/d/2", "y");
	ck_assert_int_eq(transact(&t), 0);
	ck_assert(!result.succeeded);
	c.number++;
	ck_assert_int_eq(transact(&t), 0);
	ck_assert(result.succeeded);
}
END_TEST

START_TEST(too_much_says_of_what)
{
	struct etcd_operation many[129];
	char keys[129][16];
	for (int i = 0; i < 129; i++) {
		snprintf(keys[i], sizeof keys[i], "/%d", i);
		many[i] = (struct etcd_operation){.key = keys[i], .value = ""};
	}
	ck_assert_int_eq(transact(&(struct etcd_txn){.success = many, .n_success = 128}), 0);
	ck_assert_int_eq(transact(&(struct etcd_txn){.success = many, .n_success = 129}),
			 FLUME_LIMITED);
	ck_assert_ptr_nonnull(strstr(result.err.text, "too many operations in txn request"));
	size_t len = 3 << 20;
	char *big = calloc(1, len);
	for (size_t n = len / 2 + 100000; n <= len; n += len / 2 - 100000) {
		many[0].value = big;
		many[0].len = n;
		ck_assert_int_eq(transact(&(struct etcd_txn){.success = many, .n_success = 1}),
				 FLUME_LIMITED);
		ck_assert_ptr_nonnull(
			strstr(result.err.text,
			       n == len ? "larger than max" : "request is too large"));
	}
	free(big);
}
END_TEST

START_TEST(a_key_put_twice_is_a_mistake)
{
	const struct etcd_operation twice[] = {{.key = "/a", .value = ""},
					       {.key = "/a", .value = ""}};
	ck_assert_int_eq(transact(&(struct etcd_txn){.success = twice, .n_success = 2}),
			 FLUME_INVALID);
	ck_assert_ptr_nonnull(strstr(result.err.text, "duplicate key given in txn request"));
}
END_TEST

static void end(void)
{
	etcd_result_fini(&result);
	calls_end();
}

Suite *suite_etcd_txn(void)
{
	Suite *s = suite_create("etcd_txn");
	TCase *c = tcase_create("etcd_txn");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, calls_begin, end);
	tcase_add_test(c, everything_is_written_out);
	tcase_add_test(c, all_is_done_in_one_revision_or_the_other_list_is);
	tcase_add_test(c, what_is_not_there_has_revision_zero_and_no_value);
	tcase_add_test(c, a_prefix_has_to_be_true_of_every_key);
	tcase_add_test(c, too_much_says_of_what);
	tcase_add_test(c, a_key_put_twice_is_a_mistake);
	suite_add_tcase(s, c);
	return s;
}
