#include "agent/etcd/etcd.h"
#include "agent/etcd/sync.h"

#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct etcd_server server;
static struct etcd_sync *client;
static struct etcd_result result;
static struct flume_err err;

static struct etcd_sync *connect_to(const char *endpoints, int request_ms)
{
	struct etcd_options options = {.endpoints = endpoints, .request_ms = request_ms};
	struct etcd_sync *s = etcd_sync_new(&options, 20000, &err);
	ck_assert_msg(s != NULL, "%s", err.text);
	return s;
}

static void setup(void)
{
	result = (struct etcd_result){0};
	err = (struct flume_err){0};
	etcd_server_init(&server);
	etcd_server_start(&server);
	client = connect_to(server.url, 0);
}

static void teardown(void)
{
	etcd_result_fini(&result);
	client = etcd_sync_free(client);
	etcd_server_fini(&server);
}

static int64_t put(const char *key, const char *value)
{
	etcd_result_fini(&result);
	int rc = etcd_sync_put(client, key, value, strlen(value), 0, &result, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	return result.revision;
}

static int range(struct etcd_query query)
{
	etcd_result_fini(&result);
	return etcd_sync_range(client, &query, &result, &err);
}

/* ---- reading ---- */

START_TEST(a_prefix_is_listed_in_order_with_all_there_is_to_know)
{
	put("/a/2", "two");
	put("/a/1", "");
	put("/b", "no");
	put("/a/2", "again");
	ck_assert_int_eq(range((struct etcd_query){.key = "/a/", .prefix = true}), 0);
	ck_assert_uint_eq(result.n, 2);
	ck_assert_int_eq(result.count, 2);
	ck_assert_int_eq(result.revision, 5);
	ck_assert_uint_ne(result.cluster_id, 0);
	ck_assert_uint_ne(result.raft_term, 0);
	ck_assert_str_eq(result.kvs[0].key, "/a/1");
	ck_assert_str_eq(result.kvs[0].value, "");
	ck_assert_str_eq(result.kvs[1].key, "/a/2");
	ck_assert_str_eq(result.kvs[1].value, "again");
	ck_assert_int_eq(result.kvs[1].create_revision, 2);
	ck_assert_int_eq(result.kvs[1].mod_revision, 5);
	ck_assert_int_eq(result.kvs[1].version, 2);
}
END_TEST

START_TEST(what_is_not_there_is_an_empty_success)
{
	ck_assert_int_eq(range((struct etcd_query){.key = "/none"}), 0);
	ck_assert_uint_eq(result.n, 0);
	ck_assert_int_eq(range((struct etcd_query){.key = "/none", .prefix = true}), 0);
	ck_assert_uint_eq(result.n, 0);
	ck_assert_int_eq(result.count, 0);
}
END_TEST

START_TEST(a_query_can_ask_for_less_and_for_the_past)
{
	put("/a/1", "one");
	int64_t then = put("/a/2", "two");
	put("/a/2", "new");
	put("/a/3", "three");
	struct etcd_query q = {.key = "/a/", .prefix = true};
	q.keys_only = true;
	ck_assert_int_eq(range(q), 0);
	ck_assert_uint_eq(result.n, 3);
	ck_assert_str_eq(result.kvs[0].value, "");
	q = (struct etcd_query){.key = "/a/", .prefix = true, .count_only = true};
	ck_assert_int_eq(range(q), 0);
	ck_assert_uint_eq(result.n, 0);
	ck_assert_int_eq(result.count, 3);
	q = (struct etcd_query){.key = "/a/", .prefix = true, .limit = 2};
	ck_assert_int_eq(range(q), 0);
	ck_assert_uint_eq(result.n, 2);
	ck_assert_int_eq(result.count, 3);
	q = (struct etcd_query){.key = "/a/", .prefix = true, .revision = then};
	ck_assert_int_eq(range(q), 0);
	ck_assert_uint_eq(result.n, 2);
	ck_assert_str_eq(result.kvs[1].value, "two");
	q = (struct etcd_query){.key = "/a/2"};
	ck_assert_int_eq(range(q), 0);
	ck_assert_uint_eq(result.n, 1);
	ck_assert_str_eq(result.kvs[0].value, "new");
	q = (struct etcd_query){.key = "", .prefix = true};
	ck_assert_int_eq(range(q), 0);
	ck_assert_uint_eq(result.n, 3);
}
END_TEST

START_TEST(the_compacted_past_is_a_conflict)
{
	int64_t then = put("/a", "1");
	put("/a", "2");
	int64_t now = put("/a", "3");
	char json[64];
	snprintf(json, sizeof json, "{\"revision\":\"%lld\",\"physical\":true}",
		 (long long)now);
	etcd_server_post(&server, "/v3/kv/compaction", json);
	ck_assert_int_eq(range((struct etcd_query){.key = "/a", .revision = then}),
			 FLUME_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "etcd at http://127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(err.text, "required revision has been compacted"));
}
END_TEST

/* Puts many keys in few transactions. */
static void put_many(int n)
{
	for (int i = 0; i < n;) {
		char json[16384];
		size_t len = (size_t)snprintf(json, sizeof json, "{\"success\":[");
		for (int k = 0; k < 100 && i < n; k++, i++) {
			/* L20v is "/m/"; four digits stand for three more bytes. */
			len += (size_t)snprintf(json + len, sizeof json - len,
						"%s{\"request_put\":{\"key\":\"L20v%04d\","
						"\"value\":\"AAAA\"}}",
						k ? "," : "", i);
		}
		snprintf(json + len, sizeof json - len, "]}");
		ck_assert_ptr_nonnull(
			strstr(etcd_server_post(&server, "/v3/kv/txn", json), "succeeded"));
	}
}

START_TEST(many_keys_come_in_pages_of_one_revision)
{
	put_many(1203);
	ck_assert_int_eq(range((struct etcd_query){.key = "/m/", .prefix = true}), 0);
	ck_assert_uint_eq(result.n, 1203);
	ck_assert_int_eq(result.count, 1203);
	for (size_t i = 1; i < result.n; i++)
		ck_assert_int_lt(strcmp(result.kvs[i - 1].key, result.kvs[i].key), 0);
	ck_assert_int_eq(range((struct etcd_query){.key = "/m/", .prefix = true, .limit = 777}),
			 0);
	ck_assert_uint_eq(result.n, 777);
}
END_TEST

/* ---- a page at a time, with something happening in between ---- */

static struct paged {
	struct loop *loop;
	struct etcd *etcd;
	bool done, put;
	struct etcd_result r;
} paged;

static void on_paged(struct etcd_result *r, void *arg)
{
	struct paged *p = arg;
	p->r = *r;
	*r = (struct etcd_result){0};
	p->done = true;
}

static void list_in_pages(unsigned page, size_t reply_max)
{
	struct etcd_options options = {
		.endpoints = server.url, .page = page, .reply_max = reply_max};
	paged = (struct paged){.loop = loop_new()};
	paged.etcd = etcd_new(paged.loop, &options, &err);
	ck_assert_ptr_nonnull(paged.etcd);
	struct etcd_query q = {.key = "/p/", .prefix = true};
	ck_assert_ptr_nonnull(etcd_range(paged.etcd, &q, on_paged, &paged));
}

static void end_pages(void)
{
	etcd_result_fini(&paged.r);
	etcd_free(paged.etcd);
	loop_free(paged.loop);
}

START_TEST(changes_between_pages_are_not_seen)
{
	char key[16];
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof key, "/p/%02d", i);
		put(key, "old");
	}
	int64_t before = result.revision;
	list_in_pages(1, 0);
	int turns = 0;
	while (!paged.done) {
		loop_step(paged.loop, 100);
		if (turns++ == 10)
			put("/p/39", "new");
	}
	ck_assert_int_eq(paged.r.code, 0);
	ck_assert_uint_eq(paged.r.n, 40);
	ck_assert_int_gt(turns, 10);
	ck_assert_int_eq(paged.r.revision, before);
	ck_assert_str_eq(paged.r.kvs[39].value, "old");
	end_pages();
}
END_TEST

START_TEST(a_page_too_big_to_be_taken_in_is_asked_for_in_smaller_ones)
{
	static char big[30001];
	char key[16];
	memset(big, 'x', sizeof big - 1);
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof key, "/p/%02d", i);
		put(key, big);
	}
	list_in_pages(0, 100000);
	LOOP_UNTIL(paged.loop, paged.done, "the list");
	ck_assert_msg(paged.r.code == 0, "%s", paged.r.err.text);
	ck_assert_uint_eq(paged.r.n, 20);
	ck_assert_uint_eq(paged.r.kvs[19].value_len, 30000);
	end_pages();
	list_in_pages(0, 20000); /* not even one */
	LOOP_UNTIL(paged.loop, paged.done, "the list");
	ck_assert_int_eq(paged.r.code, FLUME_LIMITED);
	ck_assert_ptr_nonnull(strstr(paged.r.err.text, "the reply is too big"));
	end_pages();
}
END_TEST

START_TEST(a_list_whose_revision_is_compacted_between_pages_begins_again)
{
	char key[16], json[64];
	for (int i = 0; i < 30; i++) {
		snprintf(key, sizeof key, "/p/%02d", i);
		put(key, "old");
	}
	list_in_pages(1, 0);
	int turns = 0;
	while (!paged.done) {
		loop_step(paged.loop, 100);
		if (turns++ != 10)
			continue;
		snprintf(json, sizeof json, "{\"revision\":\"%lld\"}",
			 (long long)put("/p/29", "new"));
		etcd_server_post(&server, "/v3/kv/compaction", json);
	}
	ck_assert_msg(paged.r.code == 0, "%s", paged.r.err.text);
	ck_assert_uint_eq(paged.r.n, 30);
	ck_assert_str_eq(paged.r.kvs[29].value, "new");
	end_pages();
}
END_TEST

START_TEST(values_are_bytes_and_may_be_big)
{
	enum { N = 1400000 };
	char *big = malloc(N);
	for (int i = 0; i < N; i++)
		big[i] = (char)(i * 7);
	etcd_result_fini(&result);
	int rc = etcd_sync_put(client, "/big", big, N, 0, NULL, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_int_eq(range((struct etcd_query){.key = "/big"}), 0);
	ck_assert_uint_eq(result.kvs[0].value_len, N);
	ck_assert_mem_eq(result.kvs[0].value, big, N);
	free(big);

	big = calloc(1, 1600000);
	ck_assert_int_eq(etcd_sync_put(client, "/big", big, 1600000, 0, NULL, &err),
			 FLUME_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "request is too large"));
	free(big);
}
END_TEST

/* ---- writing ---- */

static int put_if(const char *value, int64_t expected)
{
	etcd_result_fini(&result);
	return etcd_sync_put_if(client, "/c", value, strlen(value), expected, 0, &result, &err);
}

START_TEST(a_conditional_put_creates_only_what_is_not_there)
{
	ck_assert_int_eq(put_if("one", 0), 0);
	ck_assert_int_eq(result.revision, 2);
	ck_assert_int_eq(put_if("two", 0), FLUME_CONFLICT);
	ck_assert_uint_eq(result.n, 1);
	ck_assert_str_eq(result.kvs[0].value, "one");
	ck_assert_int_eq(result.kvs[0].mod_revision, 2);
	ck_assert_ptr_nonnull(strstr(err.text, "the key was changed meanwhile"));
}
END_TEST

START_TEST(a_conditional_put_replaces_only_what_was_read)
{
	int64_t first = put("/c", "one");
	ck_assert_int_eq(put_if("two", first), 0);
	int64_t second = result.revision;
	ck_assert_int_eq(put_if("three", first), FLUME_CONFLICT);
	ck_assert_str_eq(result.kvs[0].value, "two");
	ck_assert_int_eq(result.kvs[0].mod_revision, second);
	ck_assert_int_eq(etcd_sync_delete(client, "/c", NULL, &err), 0);
	ck_assert_int_eq(put_if("three", second), FLUME_CONFLICT);
	ck_assert_uint_eq(result.n, 0);
}
END_TEST

START_TEST(a_delete_says_how_many_and_may_be_conditional)
{
	int64_t first = put("/c", "one"), second = put("/c", "two");
	etcd_result_fini(&result);
	ck_assert_int_eq(etcd_sync_delete_if(client, "/c", first, &result, &err),
			 FLUME_CONFLICT);
	ck_assert_str_eq(result.kvs[0].value, "two");
	etcd_result_fini(&result);
	ck_assert_int_eq(etcd_sync_delete_if(client, "/c", second, &result, &err), 0);
	ck_assert_int_eq(result.deleted, 1);
	etcd_result_fini(&result);
	ck_assert_int_eq(etcd_sync_delete(client, "/c", &result, &err), 0);
	ck_assert_int_eq(result.deleted, 0);
	put("/c", "three");
	etcd_result_fini(&result);
	ck_assert_int_eq(etcd_sync_delete(client, "/c", &result, &err), 0);
	ck_assert_int_eq(result.deleted, 1);
}
END_TEST

START_TEST(a_put_under_a_lease_that_is_gone_says_so)
{
	ck_assert_int_eq(etcd_sync_put(client, "/c", "x", 1, 12345, NULL, &err),
			 FLUME_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "requested lease not found"));
}
END_TEST

/* ---- bad weather ---- */

START_TEST(nobody_there_is_told_in_plain_words)
{
	etcd_server_kill(&server);
	ck_assert_int_eq(range((struct etcd_query){.key = "/a"}), FLUME_IO);
	char wanted[128];
	snprintf(wanted, sizeof wanted, "etcd at %s: Connection refused", server.url);
	ck_assert_str_eq(err.text, wanted);
	ck_assert_int_eq(err.code, FLUME_IO);
}
END_TEST

START_TEST(a_frozen_etcd_is_given_up_in_time)
{
	etcd_sync_free(client);
	client = connect_to(server.url, 300);
	etcd_server_freeze(&server, true);
	int64_t from = loop_now();
	ck_assert_int_eq(range((struct etcd_query){.key = "/a"}), FLUME_TIMED_OUT);
	ck_assert_int_lt(loop_now() - from, INT64_C(3000000000));
	ck_assert_ptr_nonnull(strstr(err.text, "no answer in time"));
	etcd_server_freeze(&server, false);
	etcd_sync_free(client);
	struct etcd_options options = {.endpoints = server.url};
	client = etcd_sync_new(&options, 100, &err);
	etcd_server_freeze(&server, true);
	ck_assert_int_eq(range((struct etcd_query){.key = "/a"}), FLUME_TIMED_OUT);
	ck_assert_str_eq(err.text, "etcd did not answer within 100 ms");
	etcd_server_freeze(&server, false);
}
END_TEST

START_TEST(reads_find_the_endpoint_that_lives)
{
	struct etcd_server frozen;
	char endpoints[256];
	etcd_server_init(&frozen);
	etcd_server_start(&frozen);
	etcd_server_freeze(&frozen, true);
	put("/a", "1");
	snprintf(endpoints, sizeof endpoints, "http://127.0.0.1:1,%s,%s", frozen.url,
		 server.url);
	for (int i = 0; i < 4; i++) {
		etcd_sync_free(client);
		client = connect_to(endpoints, 500);
		ck_assert_msg(range((struct etcd_query){.key = "/a"}) == 0, "%s", err.text);
		ck_assert_uint_eq(result.n, 1);
	}
	etcd_server_fini(&frozen);
}
END_TEST

START_TEST(writes_go_elsewhere_only_if_nothing_was_sent)
{
	struct etcd_server frozen;
	char endpoints[256];
	snprintf(endpoints, sizeof endpoints, "http://127.0.0.1:1,%s", server.url);
	for (int i = 0; i < 4; i++) {
		etcd_sync_free(client);
		client = connect_to(endpoints, 500);
		put("/a", "1");
	}
	etcd_server_init(&frozen);
	etcd_server_start(&frozen);
	etcd_server_freeze(&frozen, true);
	snprintf(endpoints, sizeof endpoints, "%s,%s", frozen.url, server.url);
	int timed_out = 0;
	for (int i = 0; i < 40 && !timed_out; i++) {
		etcd_sync_free(client);
		client = connect_to(endpoints, 500);
		int rc = etcd_sync_put(client, "/a", "2", 1, 0, NULL, &err);
		ck_assert(rc == 0 || rc == FLUME_TIMED_OUT);
		if (rc)
			timed_out++;
	}
	ck_assert_int_eq(timed_out, 1);
	put("/a", "3"); /* the next call begins at the other one */
	etcd_server_fini(&frozen);
}
END_TEST

START_TEST(a_connection_that_etcd_closed_is_opened_again)
{
	for (int i = 0; i < 2; i++) {
		put("/a", "1");
		ck_assert_int_eq(range((struct etcd_query){.key = "/a"}), 0);
		ck_assert_uint_eq(result.n, 1);
		etcd_server_kill(&server);
		etcd_server_start(&server);
	}
	ck_assert_int_eq(range((struct etcd_query){.key = "/a"}), 0);
}
END_TEST

START_TEST(something_else_on_the_port_is_not_taken_for_etcd)
{
	char url[80]; /* the peer port speaks HTTP, but another language */
	snprintf(url, sizeof url, "http://127.0.0.1:%d", server.peer_port);
	etcd_sync_free(client);
	client = connect_to(url, 0);
	ck_assert_int_eq(range((struct etcd_query){.key = "/a"}), FLUME_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "HTTP status 404: 404 page not found"));
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
	struct etcd_options options = {.endpoints = server.url};
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

Suite *suite_etcd_kv(void)
{
	Suite *s = suite_create("etcd_kv");
	TCase *c = tcase_create("etcd_kv");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_prefix_is_listed_in_order_with_all_there_is_to_know);
	tcase_add_test(c, what_is_not_there_is_an_empty_success);
	tcase_add_test(c, a_query_can_ask_for_less_and_for_the_past);
	tcase_add_test(c, the_compacted_past_is_a_conflict);
	tcase_add_test(c, many_keys_come_in_pages_of_one_revision);
	tcase_add_test(c, changes_between_pages_are_not_seen);
	tcase_add_test(c, a_page_too_big_to_be_taken_in_is_asked_for_in_smaller_ones);
	tcase_add_test(c, a_list_whose_revision_is_compacted_between_pages_begins_again);
	tcase_add_test(c, values_are_bytes_and_may_be_big);
	tcase_add_test(c, a_conditional_put_creates_only_what_is_not_there);
	tcase_add_test(c, a_conditional_put_replaces_only_what_was_read);
	tcase_add_test(c, a_delete_says_how_many_and_may_be_conditional);
	tcase_add_test(c, a_put_under_a_lease_that_is_gone_says_so);
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
