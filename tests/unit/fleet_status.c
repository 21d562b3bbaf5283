#include "agent/fleet/status.h"

#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A board, its page in a real etcd, and a client to look there. */
static struct {
	struct etcd_server server;
	struct loop *loop;
	struct etcd *etcd;
	struct board *board;
	struct fleet_status *status;
	struct etcd_kv seen; /* key NULL: it is not there */
	bool looked;
	int64_t went_back;
} t;

static const char key[] = "/flume/nodes/n";

static void pin_page(const struct page *page)
{
	ck_assert_int_eq(board_pin(t.board, page), 0);
	if (t.status)
		fleet_status_changed(t.status);
}

static void pin(const char *status)
{
	pin_page(&(struct page){.why = "", .status = status, .metrics = ""});
}

/* What stands between brackets is what a proof changes. */
static void pin_proof(const char *status)
{
	const char *begin = strchr(status, '['), *end = strchr(status, ']');
	pin_page(&(struct page){.why = "",
				.status = status,
				.metrics = "",
				.proof = {(size_t)(begin - status), (size_t)(end - status)}});
}

static void begin(void)
{
	memset(&t, 0, sizeof t);
	etcd_server_init(&t.server);
	etcd_server_start(&t.server);
	t.loop = loop_new();
	t.board = board_new();
	ck_assert(t.loop && t.board);
	t.etcd = etcd_new(t.loop, &(struct etcd_options){.endpoints = t.server.url}, NULL);
	ck_assert_ptr_nonnull(t.etcd);
}

static void forget(void)
{
	free(t.seen.key);
	free(t.seen.value);
	t.seen = (struct etcd_kv){0};
}

static void end(void)
{
	t.status = fleet_status_free(t.status, 0);
	t.etcd = etcd_free(t.etcd);
	t.board = board_free(t.board);
	t.loop = loop_free(t.loop);
	forget();
	etcd_server_fini(&t.server);
}

static void on_went_back(void *arg, int64_t revision, int64_t since)
{
	(void)arg;
	ck_assert_int_le(since, loop_now());
	t.went_back = revision;
}

static void publish(void)
{
	const struct fleet_status_options options = {
		.prefix = "/flume/", .node = "n", .went_back = on_went_back};
	ck_assert_int_eq(fleet_status_new(&t.status, t.loop, t.etcd, t.board, &options, NULL),
			 0);
}

static void on_look(struct etcd_result *r, void *arg)
{
	(void)arg;
	forget();
	if (r->code == 0 && r->n) {
		t.seen = r->kvs[0];
		r->kvs[0].key = r->kvs[0].value = NULL;
	}
	t.looked = true;
}

static bool is_there(const char *value)
{
	t.looked = false;
	ck_assert_ptr_nonnull(
		etcd_range(t.etcd, &(struct etcd_query){.key = key}, on_look, NULL));
	LOOP_UNTIL(t.loop, t.looked, "a look at the key");
	return value ? t.seen.key && !strcmp(t.seen.value, value) : !t.seen.key;
}

static void on_put(struct etcd_result *r, void *arg)
{
	(void)arg;
	ck_assert_int_eq(r->code, 0);
	t.looked = true;
}

#define EXPECT(value) LOOP_UNTIL(t.loop, is_there(value), value)

START_TEST(the_page_is_there_under_a_lease_and_goes_with_the_node)
{
	pin("{\"a\": 1}");
	publish();
	EXPECT("{\"a\": 1}");
	ck_assert_int_ne(t.seen.lease, 0);
	t.status = fleet_status_free(t.status, INT64_C(5000000000));
	ck_assert(is_there(NULL));
}
END_TEST

START_TEST(changes_that_come_together_are_one_write)
{
	pin("{\"a\": 1}");
	publish();
	EXPECT("{\"a\": 1}");
	pin("{\"a\": 2}");
	pin("{\"a\": 3}");
	pin("{\"a\": 4}");
	EXPECT("{\"a\": 4}");
	ck_assert_int_eq(t.seen.version, 2);
}
END_TEST

START_TEST(what_did_not_change_is_not_written_again)
{
	pin_proof("{\"a\": 1, \"proved\": [9], \"b\": 1}");
	publish();
	EXPECT("{\"a\": 1, \"proved\": [9], \"b\": 1}");
	pin_proof("{\"a\": 1, \"proved\": [9], \"b\": 1}");
	pin_proof("{\"a\": 1, \"proved\": [1000], \"b\": 1}");
	for (int64_t until = loop_now() + 300000000; loop_now() < until;)
		loop_step(t.loop, 20);
	ck_assert(is_there("{\"a\": 1, \"proved\": [9], \"b\": 1}"));
	ck_assert_int_eq(t.seen.version, 1);
	pin_proof("{\"a\": 1, \"proved\": [1001], \"b\": 2}");
	EXPECT("{\"a\": 1, \"proved\": [1001], \"b\": 2}");
	ck_assert_int_eq(t.seen.version, 2);
}
END_TEST

START_TEST(what_is_too_big_goes_there_in_brief)
{
	pin_page(&(struct page){.why = "", .status = "whole", .metrics = "", .brief = "brief"});
	publish();
	EXPECT("brief");
}
END_TEST

START_TEST(it_comes_when_etcd_does)
{
	etcd_server_kill(&t.server);
	pin("{\"a\": 1}");
	publish();
	for (int i = 0; i < 20; i++)
		loop_step(t.loop, 10);
	etcd_server_start(&t.server);
	EXPECT("{\"a\": 1}");
}
END_TEST

START_TEST(it_takes_over_from_the_agent_before_it)
{
	pin("{\"a\": 1}");
	t.looked = false;
	etcd_put(t.etcd, key, "old", 3, 0, on_put, NULL);
	LOOP_UNTIL(t.loop, t.looked, "a put");
	publish();
	EXPECT("{\"a\": 1}");
	ck_assert_int_ne(t.seen.lease, 0);
}
END_TEST

START_TEST(what_somebody_else_wrote_is_replaced_by_the_next_change)
{
	pin("{\"a\": 1}");
	publish();
	EXPECT("{\"a\": 1}");
	t.looked = false;
	etcd_put(t.etcd, key, "other", 5, 0, on_put, NULL);
	LOOP_UNTIL(t.loop, t.looked, "a put");
	pin("{\"a\": 2}");
	EXPECT("{\"a\": 2}");
	ck_assert_int_eq(t.went_back, 0);
}
END_TEST

START_TEST(a_store_that_went_back_is_noticed_and_gets_the_page_again)
{
	pin("{\"a\": 1}");
	publish();
	EXPECT("{\"a\": 1}");
	pin("{\"a\": 2}");
	EXPECT("{\"a\": 2}");
	etcd_server_wipe(&t.server);
	etcd_server_start(&t.server);
	pin("{\"a\": 3}");
	EXPECT("{\"a\": 3}");
	ck_assert_int_gt(t.went_back, 0);
}
END_TEST

START_TEST(the_key_is_back_under_a_new_lease_when_the_old_one_was_lost)
{
	pin("{\"a\": 1}");
	publish();
	EXPECT("{\"a\": 1}");
	int64_t lost = t.seen.lease;
	char json[48];
	snprintf(json, sizeof json, "{\"ID\":\"%lld\"}", (long long)lost);
	etcd_server_post(&t.server, "/v3/lease/revoke", json);
	ck_assert(is_there(NULL));
	EXPECT("{\"a\": 1}"); /* nothing changed, and nobody asked for it */
	ck_assert_int_ne(t.seen.lease, 0);
	ck_assert_int_ne(t.seen.lease, lost);
}
END_TEST

START_TEST(a_goodbye_is_no_longer_than_granted)
{
	pin("{\"a\": 1}");
	publish();
	EXPECT("{\"a\": 1}");
	etcd_server_freeze(&t.server, true);
	int64_t begun = loop_now();
	t.status = fleet_status_free(t.status, 300000000);
	ck_assert_int_lt(loop_now() - begun, INT64_C(3000000000));
	etcd_server_freeze(&t.server, false);
}
END_TEST

Suite *suite_fleet_status(void)
{
	Suite *suite = suite_create("fleet_status");
	TCase *tests = tcase_create("fleet_status");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_page_is_there_under_a_lease_and_goes_with_the_node);
	tcase_add_test(tests, changes_that_come_together_are_one_write);
	tcase_add_test(tests, what_did_not_change_is_not_written_again);
	tcase_add_test(tests, what_is_too_big_goes_there_in_brief);
	tcase_add_test(tests, it_comes_when_etcd_does);
	tcase_add_test(tests, it_takes_over_from_the_agent_before_it);
	tcase_add_test(tests, what_somebody_else_wrote_is_replaced_by_the_next_change);
	tcase_add_test(tests, a_store_that_went_back_is_noticed_and_gets_the_page_again);
	tcase_add_test(tests, the_key_is_back_under_a_new_lease_when_the_old_one_was_lost);
	tcase_add_test(tests, a_goodbye_is_no_longer_than_granted);
	suite_add_tcase(suite, tests);
	return suite;
}
