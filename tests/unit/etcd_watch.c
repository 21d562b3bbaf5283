#include "agent/etcd/etcd.h"

#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct etcd_server server;
static struct loop *loop;
static struct etcd *etcd;
static struct etcd_watch *watch;

static struct {
	char events[65536]; /* "key=value " or "key! " in the order they came */
	size_t len;
	int n, batches, ups, downs, told;
	int64_t last, proved, relist_revision;
	int relist; /* -1: none asked for */
	char why[320];
	bool free_it;
} seen;

static struct {
	bool done;
	struct etcd_result r;
} last;

/* ---- the client ---- */

static void connect_to(const char *endpoints, int request_ms)
{
	struct etcd_options options = {.endpoints = endpoints, .request_ms = request_ms};
	loop = loop_new();
	etcd = etcd_new(loop, &options, NULL);
	ck_assert_ptr_nonnull(etcd);
}

static void setup(void)
{
	memset(&seen, 0, sizeof seen);
	seen.relist = -1;
	etcd_server_init(&server);
	connect_to(server.url, 0);
}

static void disconnect(void)
{
	watch = etcd_watch_free(watch);
	etcd_result_fini(&last.r);
	etcd = etcd_free(etcd);
	loop = loop_free(loop);
}

static void teardown(void)
{
	disconnect();
	etcd_server_fini(&server);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	etcd_result_fini(&last.r);
	last.r = *r;
	*r = (struct etcd_result){0};
	last.done = true;
}

static int64_t answer(struct etcd_call *call)
{
	ck_assert_ptr_nonnull(call);
	last.done = false;
	LOOP_UNTIL(loop, last.done, "an answer");
	ck_assert_msg(last.r.code == 0, "%s", last.r.err.text);
	return last.r.revision;
}

static int64_t put(const char *key, const char *value)
{
	return answer(etcd_put(etcd, key, value, strlen(value), 0, on_done, NULL));
}

static int64_t list(void)
{
	struct etcd_query q = {.key = "/w/", .prefix = true};
	return answer(etcd_range(etcd, &q, on_done, NULL));
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

/* ---- the watch ---- */

static void on_events(const struct etcd_event *events, size_t n, void *arg)
{
	(void)arg;
	seen.batches++;
	for (size_t i = 0; i < n; i++) {
		const struct etcd_kv *kv = &events[i].kv;
		ck_assert_int_eq(kv->mod_revision, events[0].kv.mod_revision);
		seen.len += (size_t)snprintf(
			seen.events + seen.len, sizeof seen.events - seen.len,
			events[i].deleted ? "%s! " : "%s=%.20s ", kv->key, kv->value);
		seen.n++;
	}
	ck_assert_int_gt(events[0].kv.mod_revision, seen.last);
	seen.last = events[0].kv.mod_revision;
	if (seen.free_it)
		watch = etcd_watch_free(watch);
}

static void on_proved(int64_t revision, void *arg)
{
	(void)arg;
	ck_assert_int_ge(revision, seen.proved);
	seen.proved = revision;
}

static void on_up(void *arg)
{
	(void)arg;
	ck_assert_int_ne(seen.told, 1);
	seen.told = 1;
	seen.ups++;
}

static void on_down(const struct flume_err *why, void *arg)
{
	(void)arg;
	ck_assert_int_ne(seen.told, -1);
	seen.told = -1;
	ck_assert_int_lt(why->code, 0);
	ck_assert_int_eq(strncmp(why->text, "etcd at http://127.0.0.1:", 25), 0);
	snprintf(seen.why, sizeof seen.why, "%s", why->text);
	seen.downs++;
}

static void on_relist(enum etcd_relist why, int64_t revision, void *arg)
{
	(void)arg;
	seen.relist = (int)why;
	seen.relist_revision = revision;
	if (seen.free_it)
		watch = etcd_watch_free(watch);
}

static const struct etcd_watch_calls calls = {on_events, on_proved, on_up, on_down, on_relist};

/* Asks for proof often, but is patient: the machine may be busy. */
static void follow_within(int64_t after, int64_t keys, int first_ms)
{
	struct etcd_watch_options options = {
		.prefix = "/w/",
		.after = after,
		.keys = keys,
		.first_ms = first_ms,
		.prove_ms = 200,
		.behind_ms = 10000,
		.pause_min_ms = 20,
		.pause_max_ms = 100,
	};
	watch = etcd_watch_new(etcd, &options, &calls, NULL);
	ck_assert_ptr_nonnull(watch);
}

static void follow(int64_t after, int64_t keys)
{
	follow_within(after, keys, 20000);
}

static void list_and_follow(void)
{
	int64_t revision = list();
	follow(revision, last.r.count);
	LOOP_UNTIL(loop, seen.ups == 1, "the watch is up");
}

/* ---- following ---- */

START_TEST(changes_come_in_order_and_of_the_prefix_alone)
{
	etcd_server_start(&server);
	put("/w/before", "x");
	list_and_follow();
	put("/w/a", "1");
	put("/v", "no");
	put("/w/b", "2");
	put("/x", "no");
	put("/w/a", "3");
	answer(etcd_delete(etcd, "/w/b", on_done, NULL));
	LOOP_UNTIL(loop, seen.n == 4, "four events");
	ck_assert_str_eq(seen.events, "/w/a=1 /w/b=2 /w/a=3 /w/b! ");
	ck_assert_int_eq(etcd_watch_revision(watch), seen.last);
	ck_assert_int_eq(seen.downs, 0);
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
	LOOP_UNTIL(loop, seen.n == 2, "both events");
	ck_assert_int_eq(seen.batches, 1);
	ck_assert_str_eq(seen.events, "/w/a=1 /w/b=2 ");
}
END_TEST

START_TEST(history_is_caught_up_with)
{
	etcd_server_start(&server);
	int64_t from = put("/w/0", "x");
	for (int i = 0; i < 300; i++)
		put("/w/a", "y");
	follow(from, 1);
	LOOP_UNTIL(loop, seen.n == 300, "all events");
	ck_assert_int_eq(seen.last, from + 300);
	LOOP_UNTIL(loop, seen.proved == from + 300, "the proof");
}
END_TEST

START_TEST(a_big_backlog_comes_in_fragments_and_whole)
{
	enum { N = 14, SIZE = 1000000 }; /* as one line it would be too long to be taken */
	etcd_server_start(&server);
	int64_t from = list();
	char *big = malloc(SIZE), key[16];
	memset(big, 'b', SIZE);
	for (int i = 0; i < N; i++) {
		snprintf(key, sizeof key, "/w/%02d", i);
		answer(etcd_put(etcd, key, big, SIZE, 0, on_done, NULL));
	}
	free(big);
	follow(from, 0);
	LOOP_UNTIL(loop, seen.n == N, "all events");
	ck_assert_int_eq(seen.batches, N);
	ck_assert_int_eq(seen.downs, 0);
	LOOP_UNTIL(loop, seen.proved == from + N, "the proof");
}
END_TEST

START_TEST(the_watch_may_be_freed_from_its_callback)
{
	etcd_server_start(&server);
	int64_t from = list();
	put("/w/a", "1");
	put("/w/a", "2");
	seen.free_it = true;
	follow(from, 0);
	LOOP_UNTIL(loop, seen.n == 1, "the first event");
	ck_assert_ptr_null(watch);
	put("/w/a", "3");
	loop_step(loop, 50);
	ck_assert_int_eq(seen.n, 1);
}
END_TEST

/* ---- proof ---- */

START_TEST(an_idle_watch_is_proved_again_and_again)
{
	etcd_server_start(&server);
	list_and_follow();
	LOOP_UNTIL(loop, seen.proved == 1, "the first proof");
	int64_t other = put("/elsewhere", "x");
	LOOP_UNTIL(loop, seen.proved == other, "a proof of what did not concern it");
	int64_t own = put("/w/a", "1");
	LOOP_UNTIL(loop, seen.proved == own, "a proof of what it delivered");
	ck_assert_int_eq(seen.n, 1);
	ck_assert_int_eq(seen.downs, 0);
}
END_TEST

START_TEST(a_lost_delete_is_noticed)
{
	etcd_server_start(&server);
	put("/w/a", "1");
	int64_t revision = put("/w/b", "1");
	follow(revision, 3); /* as if a third key had been listed, and its delete got lost */
	LOOP_UNTIL(loop, seen.relist == ETCD_LOST, "the loss");
	ck_assert_int_eq(seen.relist_revision, revision);
}
END_TEST

/* ---- bad weather ---- */

START_TEST(the_watch_resumes_after_a_restart_of_etcd)
{
	etcd_server_start(&server);
	list_and_follow();
	put("/w/a", "1");
	LOOP_UNTIL(loop, seen.n == 1, "the first event");
	etcd_server_kill(&server);
	LOOP_UNTIL(loop, seen.downs == 1, "the watch is down");
	etcd_server_start(&server);
	put_behind("L3cvYg==", "Mg==");
	put_behind("L3cvYw==", "Mw==");
	LOOP_UNTIL(loop, seen.n == 3, "what happened meanwhile");
	ck_assert_str_eq(seen.events, "/w/a=1 /w/b=2 /w/c=3 ");
	ck_assert_int_eq(seen.ups, 2);
	ck_assert_int_eq(seen.relist, -1);
}
END_TEST

START_TEST(etcd_may_start_after_the_client)
{
	follow(1, 0);
	LOOP_UNTIL(loop, seen.downs == 1, "the watch is down");
	char wanted[128];
	snprintf(wanted, sizeof wanted, "etcd at %s: Connection refused", server.url);
	ck_assert_str_eq(seen.why, wanted);
	etcd_server_start(&server);
	LOOP_UNTIL(loop, seen.ups == 1, "the watch is up");
	put("/w/a", "1");
	LOOP_UNTIL(loop, seen.n == 1, "the event");
}
END_TEST

START_TEST(compaction_behind_the_watch_asks_for_a_list)
{
	etcd_server_start(&server);
	int64_t from = put("/w/a", "1");
	put("/w/a", "2");
	compact(put("/w/a", "3"));
	follow(from, 1);
	LOOP_UNTIL(loop, seen.relist == ETCD_COMPACTED, "the list");
	ck_assert_int_eq(seen.relist_revision, from + 2);
	ck_assert_int_eq(seen.n, 0);
}
END_TEST

START_TEST(compaction_while_away_asks_for_a_list_and_the_watch_may_be_freed_then)
{
	etcd_server_start(&server);
	list_and_follow();
	etcd_server_kill(&server);
	LOOP_UNTIL(loop, seen.downs == 1, "the watch is down");
	seen.free_it = true;
	etcd_server_start(&server);
	put_behind("L3cvYg==", "Mg==");
	put_behind("L3cvYg==", "Mw==");
	compact(3);
	LOOP_UNTIL(loop, seen.relist == ETCD_COMPACTED, "the list");
	ck_assert_ptr_null(watch);
}
END_TEST

START_TEST(compaction_of_what_was_delivered_does_no_harm)
{
	etcd_server_start(&server);
	list_and_follow();
	put("/w/a", "1");
	int64_t at = put("/w/a", "2");
	LOOP_UNTIL(loop, seen.n == 2, "the events");
	compact(at);
	put("/w/a", "3");
	LOOP_UNTIL(loop, seen.n == 3, "the event after it");
	ck_assert_int_eq(seen.relist, -1);
}
END_TEST

START_TEST(a_wiped_store_is_a_reset)
{
	etcd_server_start(&server);
	for (int i = 0; i < 5; i++)
		put("/w/a", "1");
	list_and_follow();
	etcd_server_wipe(&server);
	etcd_server_start(&server);
	LOOP_UNTIL(loop, seen.relist == ETCD_RESET, "the reset");
	ck_assert_int_eq(seen.relist_revision, 1);
	ck_assert_int_eq(seen.n, 0);
}
END_TEST

START_TEST(a_frozen_etcd_does_not_answer_a_new_watch_in_time)
{
	etcd_server_start(&server);
	int64_t revision = list();
	etcd_server_freeze(&server, true);
	int64_t from = loop_now();
	follow_within(revision, 0, 700);
	LOOP_UNTIL(loop, seen.downs == 1, "the watch is down");
	ck_assert_int_ge(loop_now() - from, INT64_C(700000000));
	ck_assert_ptr_nonnull(strstr(seen.why, "no answer to a watch within 700 ms"));
	etcd_server_freeze(&server, false);
	LOOP_UNTIL(loop, seen.ups == 1, "the watch is up");
	put("/w/a", "1");
	LOOP_UNTIL(loop, seen.n == 1, "the event");
}
END_TEST

START_TEST(an_etcd_that_freezes_under_a_watch_is_noticed)
{
	etcd_server_start(&server);
	disconnect();
	connect_to(server.url, 400);
	list_and_follow();
	LOOP_UNTIL(loop, seen.proved == 1, "the proof");
	etcd_server_freeze(&server, true);
	LOOP_UNTIL(loop, seen.downs == 1, "the watch is down");
	ck_assert_ptr_nonnull(strstr(seen.why, "no answer in time"));
	etcd_server_freeze(&server, false);
	LOOP_UNTIL(loop, seen.ups == 2, "the watch is up");
	put("/w/a", "1");
	LOOP_UNTIL(loop, seen.n == 1, "the event");
}
END_TEST

START_TEST(the_watch_moves_to_an_endpoint_that_lives)
{
	char endpoints[128];
	etcd_server_start(&server);
	disconnect();
	snprintf(endpoints, sizeof endpoints, "http://127.0.0.1:1,%s", server.url);
	connect_to(endpoints, 0);
	for (int i = 0; i < 3; i++) {
		follow(1, 0);
		int ups = seen.ups;
		LOOP_UNTIL(loop, seen.ups > ups, "the watch is up");
		watch = etcd_watch_free(watch);
		seen.told = seen.ups = seen.downs = 0;
	}
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
