/* Lists too long for one reply, with something happening between two of them. */
#include "tests/unit/etcd_calls.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		ck_assert_ptr_nonnull(strstr(
			etcd_server_post(&calls.server, "/v3/kv/txn", json), "succeeded"));
	}
}

START_TEST(many_keys_come_in_pages_of_one_revision)
{
	put_many(1203);
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/m/", .prefix = true}), 0);
	ck_assert_uint_eq(calls.result.n, 1203);
	ck_assert_int_eq(calls.result.count, 1203);
	for (size_t i = 1; i < calls.result.n; i++)
		ck_assert_int_lt(strcmp(calls.result.kvs[i - 1].key, calls.result.kvs[i].key),
				 0);
	ck_assert_int_eq(
		calls_range((struct etcd_query){.key = "/m/", .prefix = true, .limit = 777}),
		0);
	ck_assert_uint_eq(calls.result.n, 777);
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
		.endpoints = calls.server.url, .page = page, .reply_max = reply_max};
	paged = (struct paged){.loop = loop_new()};
	paged.etcd = etcd_new(paged.loop, &options, &calls.err);
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
		calls_put(key, "old");
	}
	int64_t before = calls.result.revision;
	list_in_pages(1, 0);
	int turns = 0;
	while (!paged.done) {
		loop_step(paged.loop, 100);
		if (turns++ == 10)
			calls_put("/p/39", "new");
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
		calls_put(key, big);
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
		calls_put(key, "old");
	}
	list_in_pages(1, 0);
	int turns = 0;
	while (!paged.done) {
		loop_step(paged.loop, 100);
		if (turns++ != 10)
			continue;
		snprintf(json, sizeof json, "{\"revision\":\"%lld\"}",
			 (long long)calls_put("/p/29", "new"));
		etcd_server_post(&calls.server, "/v3/kv/compaction", json);
	}
	ck_assert_msg(paged.r.code == 0, "%s", paged.r.err.text);
	ck_assert_uint_eq(paged.r.n, 30);
	ck_assert_str_eq(paged.r.kvs[29].value, "new");
	end_pages();
}
END_TEST

Suite *suite_etcd_pages(void)
{
	Suite *s = suite_create("etcd_pages");
	TCase *c = tcase_create("etcd_pages");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, calls_begin, calls_end);
	tcase_add_test(c, many_keys_come_in_pages_of_one_revision);
	tcase_add_test(c, changes_between_pages_are_not_seen);
	tcase_add_test(c, a_page_too_big_to_be_taken_in_is_asked_for_in_smaller_ones);
	tcase_add_test(c, a_list_whose_revision_is_compacted_between_pages_begins_again);
	suite_add_tcase(s, c);
	return s;
}
