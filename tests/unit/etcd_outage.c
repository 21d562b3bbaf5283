/* A watch, and an etcd that goes away, freezes, forgets, or comes back as another. */
#include "tests/unit/etcd_follower.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct etcd_server server;

static void setup(void)
{
	etcd_server_init(&server);
	follower_begin(loop_new(), &(struct etcd_options){.endpoints = server.url});
}

static void teardown(void)
{
	follower_end();
	etcd_server_fini(&server);
}

static void list_and_follow(void)
{
	int64_t revision = follower_list();
	follower_watch(revision, follower.result.count, 0);
	WAIT_UNTIL(follower.ups == 1, "the watch is up");
}

/* Put while the loop does not run, by another client. */
static void put_behind(const char *key64, const char *value64)
{
	char json[256];
	snprintf(json, sizeof json, "{\"key\":\"%s\",\"value\":\"%s\"}", key64, value64);
	ck_assert_ptr_nonnull(
		strstr(etcd_server_post(&server, "/v3/kv/put", json), "revision"));
}

static void compact(int64_t revision)
{
	char json[64];
	snprintf(json, sizeof json, "{\"revision\":\"%lld\"}", (long long)revision);
	etcd_server_post(&server, "/v3/kv/compaction", json);
}

START_TEST(the_watch_resumes_after_a_restart_of_etcd)
{
	etcd_server_start(&server);
	list_and_follow();
	follower_put("/w/a", "1");
	WAIT_UNTIL(follower.n == 1, "the first event");
	etcd_server_kill(&server);
	WAIT_UNTIL(follower.downs == 1, "the watch is down");
	etcd_server_start(&server);
	put_behind("L3cvYg==", "Mg==");
	put_behind("L3cvYw==", "Mw==");
	WAIT_UNTIL(follower.n == 3, "what happened meanwhile");
	ck_assert_str_eq(follower.events, "/w/a=1 /w/b=2 /w/c=3 ");
	ck_assert_int_eq(follower.ups, 2);
	ck_assert_int_eq(follower.relist, -1);
}
END_TEST

START_TEST(etcd_may_start_after_the_client)
{
	follower_watch(1, 0, 0);
	WAIT_UNTIL(follower.downs == 1, "the watch is down");
	char wanted[128];
	snprintf(wanted, sizeof wanted, "etcd at %s: Connection refused", server.url);
	ck_assert_str_eq(follower.why, wanted);
	etcd_server_start(&server);
	WAIT_UNTIL(follower.ups == 1, "the watch is up");
	follower_put("/w/a", "1");
	WAIT_UNTIL(follower.n == 1, "the event");
}
END_TEST

START_TEST(compaction_behind_the_watch_asks_for_a_list)
{
	etcd_server_start(&server);
	int64_t from = follower_put("/w/a", "1");
	follower_put("/w/a", "2");
	compact(follower_put("/w/a", "3"));
	follower_watch(from, 1, 0);
	WAIT_UNTIL(follower.relist == ETCD_COMPACTED, "the list");
	ck_assert_int_eq(follower.relist_revision, from + 2);
	ck_assert_int_eq(follower.n, 0);
}
END_TEST

START_TEST(compaction_while_away_asks_for_a_list_and_the_watch_may_be_freed_then)
{
	etcd_server_start(&server);
	list_and_follow();
	etcd_server_kill(&server);
	WAIT_UNTIL(follower.downs == 1, "the watch is down");
	follower.free_it = true;
	etcd_server_start(&server);
	put_behind("L3cvYg==", "Mg==");
	put_behind("L3cvYg==", "Mw==");
	compact(3);
	WAIT_UNTIL(follower.relist == ETCD_COMPACTED, "the list");
	ck_assert_ptr_null(follower.watch);
}
END_TEST

START_TEST(compaction_of_what_was_delivered_does_no_harm)
{
	etcd_server_start(&server);
	list_and_follow();
	follower_put("/w/a", "1");
	int64_t at = follower_put("/w/a", "2");
	WAIT_UNTIL(follower.n == 2, "the events");
	compact(at);
	follower_put("/w/a", "3");
	WAIT_UNTIL(follower.n == 3, "the event after it");
	ck_assert_int_eq(follower.relist, -1);
}
END_TEST

START_TEST(a_wiped_store_is_a_reset)
{
	etcd_server_start(&server);
	for (int i = 0; i < 5; i++)
		follower_put("/w/a", "1");
	list_and_follow();
	etcd_server_wipe(&server);
	etcd_server_start(&server);
	WAIT_UNTIL(follower.relist == ETCD_RESET, "the reset");
	ck_assert_int_eq(follower.relist_revision, 1);
	ck_assert_int_eq(follower.n, 0);
}
END_TEST

START_TEST(a_frozen_etcd_does_not_answer_a_new_watch_in_time)
{
	etcd_server_start(&server);
	int64_t revision = follower_list();
	etcd_server_freeze(&server, true);
	int64_t from = loop_now();
	follower_watch(revision, 0, 700);
	WAIT_UNTIL(follower.downs == 1, "the watch is down");
	ck_assert_int_ge(loop_now() - from, INT64_C(700000000));
	ck_assert_ptr_nonnull(strstr(follower.why, "no answer to a watch within 700 ms"));
	etcd_server_freeze(&server, false);
	WAIT_UNTIL(follower.ups == 1, "the watch is up");
	follower_put("/w/a", "1");
	WAIT_UNTIL(follower.n == 1, "the event");
}
END_TEST

START_TEST(an_etcd_that_freezes_under_a_watch_is_noticed)
{
	etcd_server_start(&server);
	follower_end();
	follower_begin(loop_new(),
		       &(struct etcd_options){.endpoints = server.url, .request_ms = 400});
	list_and_follow();
	WAIT_UNTIL(follower.proved == 1, "the proof");
	etcd_server_freeze(&server, true);
	WAIT_UNTIL(follower.downs == 1, "the watch is down");
	ck_assert_ptr_nonnull(strstr(follower.why, "no answer in time"));
	etcd_server_freeze(&server, false);
	WAIT_UNTIL(follower.ups == 2, "the watch is up");
	follower_put("/w/a", "1");
	WAIT_UNTIL(follower.n == 1, "the event");
}
END_TEST

START_TEST(the_watch_moves_to_an_endpoint_that_lives)
{
	char endpoints[128];
	etcd_server_start(&server);
	follower_end();
	snprintf(endpoints, sizeof endpoints, "http://127.0.0.1:1,%s", server.url);
	follower_begin(loop_new(), &(struct etcd_options){.endpoints = endpoints});
	for (int i = 0; i < 3; i++) {
		follower_watch(1, 0, 0);
		int ups = follower.ups;
		WAIT_UNTIL(follower.ups > ups, "the watch is up");
		follower.watch = etcd_watch_free(follower.watch);
		follower.told = follower.ups = follower.downs = 0;
	}
}
END_TEST

Suite *suite_etcd_outage(void)
{
	Suite *s = suite_create("etcd_outage");
	TCase *c = tcase_create("etcd_outage");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_watch_resumes_after_a_restart_of_etcd);
	tcase_add_test(c, etcd_may_start_after_the_client);
	tcase_add_test(c, compaction_behind_the_watch_asks_for_a_list);
	tcase_add_test(c,
		       compaction_while_away_asks_for_a_list_and_the_watch_may_be_freed_then);
	tcase_add_test(c, compaction_of_what_was_delivered_does_no_harm);
	tcase_add_test(c, a_wiped_store_is_a_reset);
	tcase_add_test(c, a_frozen_etcd_does_not_answer_a_new_watch_in_time);
	tcase_add_test(c, an_etcd_that_freezes_under_a_watch_is_noticed);
	tcase_add_test(c, the_watch_moves_to_an_endpoint_that_lives);
	suite_add_tcase(s, c);
	return s;
}
