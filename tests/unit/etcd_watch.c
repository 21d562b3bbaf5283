#include "tests/unit/etcd_follower.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct etcd_server server;

static void setup(void)
{
	etcd_server_init(&server);
	/* Nobody here is silent, only slow. */
	follower_begin(loop_new(),
		       &(struct etcd_options){.endpoints = server.url, .silence_ms = 60000});
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

/* ---- following ---- */

START_TEST(changes_come_in_order_and_of_the_prefix_alone)
{
	etcd_server_start(&server);
	follower_put("/w/before", "x");
	list_and_follow();
	follower_put("/w/a", "1");
	follower_put("/v", "no");
	follower_put("/w/b", "2");
	follower_put("/x", "no");
	follower_put("/w/a", "3");
	follower_answer(etcd_delete(follower.etcd, "/w/b", follower_done, NULL));
	WAIT_UNTIL(follower.n == 4, "four events");
	ck_assert_str_eq(follower.events, "/w/a=1 /w/b=2 /w/a=3 /w/b! ");
	ck_assert_int_eq(etcd_watch_revision(follower.watch), follower.last);
	ck_assert_int_eq(follower.downs, 0);
}
END_TEST

START_TEST(a_transaction_comes_as_one)
{
	etcd_server_start(&server);
	list_and_follow();
	etcd_server_post(&server, "/v3/kv/txn",
			 "{\"success\":["
			 "{\"request_put\":{\"key\":\"L3cvYQ==\",\"value\":\"MQ==\"}},"
			 "{\"request_put\":{\"key\":\"L3cvYg==\",\"value\":\"Mg==\"}}]}");
	WAIT_UNTIL(follower.n == 2, "both events");
	ck_assert_int_eq(follower.batches, 1);
	ck_assert_str_eq(follower.events, "/w/a=1 /w/b=2 ");
}
END_TEST

START_TEST(history_is_caught_up_with)
{
	etcd_server_start(&server);
	int64_t from = follower_put("/w/0", "x");
	for (int i = 0; i < 300; i++)
		follower_put("/w/a", "y");
	follower_watch(from, 1, 0);
	WAIT_UNTIL(follower.n == 300, "all events");
	ck_assert_int_eq(follower.last, from + 300);
	WAIT_UNTIL(follower.proved == from + 300, "the proof");
}
END_TEST

START_TEST(a_big_backlog_comes_in_fragments_and_whole)
{
	enum { N = 14, SIZE = 1000000 }; /* as one line it would be too long to be taken */
	etcd_server_start(&server);
	int64_t from = follower_list();
	char *big = malloc(SIZE), key[16];
	memset(big, 'b', SIZE);
	for (int i = 0; i < N; i++) {
		snprintf(key, sizeof key, "/w/%02d", i);
		follower_answer(
			etcd_put(follower.etcd, key, big, SIZE, 0, follower_done, NULL));
	}
	free(big);
	follower_watch(from, 0, 0);
	WAIT_UNTIL(follower.n == N, "all events");
	ck_assert_int_eq(follower.batches, N);
	ck_assert_int_eq(follower.downs, 0);
	WAIT_UNTIL(follower.proved == from + N, "the proof");
}
END_TEST

START_TEST(the_watch_may_be_freed_from_its_callback)
{
	etcd_server_start(&server);
	int64_t from = follower_list();
	follower_put("/w/a", "1");
	follower_put("/w/a", "2");
	follower.free_it = true;
	follower_watch(from, 0, 0);
	WAIT_UNTIL(follower.n == 1, "the first event");
	ck_assert_ptr_null(follower.watch);
	follower_put("/w/a", "3");
	loop_step(follower.loop, 50);
	ck_assert_int_eq(follower.n, 1);
}
END_TEST

/* ---- proof ---- */

START_TEST(an_idle_watch_is_proved_again_and_again)
{
	etcd_server_start(&server);
	list_and_follow();
	WAIT_UNTIL(follower.proved == 1, "the first proof");
	int64_t other = follower_put("/elsewhere", "x");
	WAIT_UNTIL(follower.proved == other, "a proof of what did not concern it");
	int64_t own = follower_put("/w/a", "1");
	WAIT_UNTIL(follower.proved == own, "a proof of what it delivered");
	ck_assert_int_eq(follower.n, 1);
	ck_assert_int_eq(follower.downs, 0);
}
END_TEST

START_TEST(a_lost_delete_is_noticed)
{
	etcd_server_start(&server);
	follower_put("/w/a", "1");
	int64_t revision = follower_put("/w/b", "1");
	follower_watch(revision, 3,
		       0); /* as if a third key had been listed, and its delete got lost */
	WAIT_UNTIL(follower.relist == ETCD_LOST, "the loss");
	ck_assert_int_eq(follower.relist_revision, revision);
}
END_TEST

Suite *suite_etcd_watch(void)
{
	Suite *s = suite_create("etcd_watch");
	TCase *c = tcase_create("etcd_watch");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, changes_come_in_order_and_of_the_prefix_alone);
	tcase_add_test(c, a_transaction_comes_as_one);
	tcase_add_test(c, history_is_caught_up_with);
	tcase_add_test(c, a_big_backlog_comes_in_fragments_and_whole);
	tcase_add_test(c, the_watch_may_be_freed_from_its_callback);
	tcase_add_test(c, an_idle_watch_is_proved_again_and_again);
	tcase_add_test(c, a_lost_delete_is_noticed);
	suite_add_tcase(s, c);
	return s;
}
