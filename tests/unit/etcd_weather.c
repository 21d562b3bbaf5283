/* Calls to an etcd that is away, frozen, half there, or something else. */
#include "tests/unit/etcd_calls.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bad weather ---- */

START_TEST(nobody_there_is_told_in_plain_words)
{
	etcd_server_kill(&calls.server);
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a"}), FLUME_IO);
	char wanted[128];
	snprintf(wanted, sizeof wanted, "etcd at %s: Connection refused", calls.server.url);
	ck_assert_str_eq(calls.err.text, wanted);
	ck_assert_int_eq(calls.err.code, FLUME_IO);
}
END_TEST

START_TEST(a_frozen_etcd_is_given_up_in_time)
{
	etcd_sync_free(calls.client);
	calls.client = calls_connect(calls.server.url, 300);
	etcd_server_freeze(&calls.server, true);
	int64_t from = loop_now();
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a"}), FLUME_TIMED_OUT);
	ck_assert_int_lt(loop_now() - from, INT64_C(3000000000));
	ck_assert_ptr_nonnull(strstr(calls.err.text, "no answer in time"));
	etcd_server_freeze(&calls.server, false);
	etcd_sync_free(calls.client);
	struct etcd_options options = {.endpoints = calls.server.url};
	calls.client = etcd_sync_new(&options, 100, &calls.err);
	etcd_server_freeze(&calls.server, true);
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a"}), FLUME_TIMED_OUT);
	ck_assert_str_eq(calls.err.text, "etcd did not answer within 100 ms");
	etcd_server_freeze(&calls.server, false);
}
END_TEST

START_TEST(reads_find_the_endpoint_that_lives)
{
	struct etcd_server frozen;
	char endpoints[256];
	etcd_server_init(&frozen);
	etcd_server_start(&frozen);
	etcd_server_freeze(&frozen, true);
	calls_put("/a", "1");
	snprintf(endpoints, sizeof endpoints, "http://127.0.0.1:1,%s,%s", frozen.url,
		 calls.server.url);
	for (int i = 0; i < 4; i++) {
		etcd_sync_free(calls.client);
		calls.client = calls_connect(endpoints, 500);
		ck_assert_msg(calls_range((struct etcd_query){.key = "/a"}) == 0, "%s",
			      calls.err.text);
		ck_assert_uint_eq(calls.result.n, 1);
	}
	etcd_server_fini(&frozen);
}
END_TEST

START_TEST(writes_go_elsewhere_only_if_nothing_was_sent)
{
	struct etcd_server frozen;
	char endpoints[256];
	snprintf(endpoints, sizeof endpoints, "http://127.0.0.1:1,%s", calls.server.url);
	for (int i = 0; i < 4; i++) {
		etcd_sync_free(calls.client);
		calls.client = calls_connect(endpoints, 500);
		calls_put("/a", "1");
	}
	etcd_server_init(&frozen);
	etcd_server_start(&frozen);
	etcd_server_freeze(&frozen, true);
	snprintf(endpoints, sizeof endpoints, "%s,%s", frozen.url, calls.server.url);
	int timed_out = 0;
	for (int i = 0; i < 40 && !timed_out; i++) {
		etcd_sync_free(calls.client);
		calls.client = calls_connect(endpoints, 500);
		int rc = etcd_sync_put(calls.client, "/a", "2", 1, 0, NULL, &calls.err);
		ck_assert(rc == 0 || rc == FLUME_TIMED_OUT);
		if (rc)
			timed_out++;
	}
	ck_assert_int_eq(timed_out, 1);
	calls_put("/a", "3"); /* the next call begins at the other one */
	etcd_server_fini(&frozen);
}
END_TEST

START_TEST(a_connection_that_etcd_closed_is_opened_again)
{
	for (int i = 0; i < 2; i++) {
		calls_put("/a", "1");
		ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a"}), 0);
		ck_assert_uint_eq(calls.result.n, 1);
		etcd_server_kill(&calls.server);
		etcd_server_start(&calls.server);
	}
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a"}), 0);
}
END_TEST

START_TEST(something_else_on_the_port_is_not_taken_for_etcd)
{
	char url[80]; /* the peer port speaks HTTP, but another language */
	snprintf(url, sizeof url, "http://127.0.0.1:%d", calls.server.peer_port);
	etcd_sync_free(calls.client);
	calls.client = calls_connect(url, 0);
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a"}), FLUME_IO);
	ck_assert_ptr_nonnull(strstr(calls.err.text, "HTTP status 404: 404 page not found"));
}
END_TEST

static void never(struct etcd_result *r, void *arg)
{
	(void)r, (void)arg;
	ck_abort_msg("a cancelled call was answered");
}

START_TEST(a_cancelled_call_is_not_answered)
{
	struct loop *loop = loop_new();
	struct etcd_options options = {.endpoints = calls.server.url};
	struct etcd *e = etcd_new(loop, &options, NULL);
	struct etcd_query q = {.key = "/a"};
	struct etcd_call *call = etcd_range(e, &q, never, NULL);
	ck_assert_ptr_null(etcd_cancel(call));
	call = etcd_range(e, &q, never, NULL);
	loop_step(loop, 0);
	etcd_cancel(call);
	for (int i = 0; i < 5; i++)
		loop_step(loop, 10);
	etcd_range(e, &q, never, NULL);
	loop_step(loop, 0);
	etcd_free(e);
	loop_step(loop, 10);
	loop_free(loop);
}
END_TEST

Suite *suite_etcd_weather(void)
{
	Suite *s = suite_create("etcd_weather");
	TCase *c = tcase_create("etcd_weather");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, calls_begin, calls_end);
	tcase_add_test(c, nobody_there_is_told_in_plain_words);
	tcase_add_test(c, a_frozen_etcd_is_given_up_in_time);
	tcase_add_test(c, reads_find_the_endpoint_that_lives);
	tcase_add_test(c, writes_go_elsewhere_only_if_nothing_was_sent);
	tcase_add_test(c, a_connection_that_etcd_closed_is_opened_again);
	tcase_add_test(c, something_else_on_the_port_is_not_taken_for_etcd);
	tcase_add_test(c, a_cancelled_call_is_not_answered);
	suite_add_tcase(s, c);
	return s;
}
