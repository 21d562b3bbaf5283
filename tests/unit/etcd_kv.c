#include "tests/unit/etcd_calls.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

START_TEST(a_prefix_is_listed_in_order_with_all_there_is_to_know)
{
	calls_put("/a/2", "two");
	calls_put("/a/1", "");
	calls_put("/b", "no");
	calls_put("/a/2", "again");
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a/", .prefix = true}), 0);
	ck_assert_uint_eq(calls.result.n, 2);
	ck_assert_int_eq(calls.result.count, 2);
	ck_assert_int_eq(calls.result.revision, 5);
	ck_assert_uint_ne(calls.result.cluster_id, 0);
	ck_assert_uint_ne(calls.result.raft_term, 0);
	ck_assert_str_eq(calls.result.kvs[0].key, "/a/1");
	ck_assert_str_eq(calls.result.kvs[0].value, "");
	ck_assert_str_eq(calls.result.kvs[1].key, "/a/2");
	ck_assert_str_eq(calls.result.kvs[1].value, "again");
	ck_assert_int_eq(calls.result.kvs[1].create_revision, 2);
	ck_assert_int_eq(calls.result.kvs[1].mod_revision, 5);
	ck_assert_int_eq(calls.result.kvs[1].version, 2);
}
END_TEST

START_TEST(what_is_not_there_is_an_empty_success)
{
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/none"}), 0);
	ck_assert_uint_eq(calls.result.n, 0);
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/none", .prefix = true}), 0);
	ck_assert_uint_eq(calls.result.n, 0);
	ck_assert_int_eq(calls.result.count, 0);
}
END_TEST

START_TEST(a_query_can_ask_for_less_and_for_the_past)
{
	calls_put("/a/1", "one");
	int64_t then = calls_put("/a/2", "two");
	calls_put("/a/2", "new");
	calls_put("/a/3", "three");
	struct etcd_query q = {.key = "/a/", .prefix = true};
	q.keys_only = true;
	ck_assert_int_eq(calls_range(q), 0);
	ck_assert_uint_eq(calls.result.n, 3);
	ck_assert_str_eq(calls.result.kvs[0].value, "");
	q = (struct etcd_query){.key = "/a/", .prefix = true, .count_only = true};
	ck_assert_int_eq(calls_range(q), 0);
	ck_assert_uint_eq(calls.result.n, 0);
	ck_assert_int_eq(calls.result.count, 3);
	q = (struct etcd_query){.key = "/a/", .prefix = true, .limit = 2};
	ck_assert_int_eq(calls_range(q), 0);
	ck_assert_uint_eq(calls.result.n, 2);
	ck_assert_int_eq(calls.result.count, 3);
	q = (struct etcd_query){.key = "/a/", .prefix = true, .revision = then};
	ck_assert_int_eq(calls_range(q), 0);
	ck_assert_uint_eq(calls.result.n, 2);
	ck_assert_str_eq(calls.result.kvs[1].value, "two");
	q = (struct etcd_query){.key = "/a/2"};
	ck_assert_int_eq(calls_range(q), 0);
	ck_assert_uint_eq(calls.result.n, 1);
	ck_assert_str_eq(calls.result.kvs[0].value, "new");
	q = (struct etcd_query){.key = "", .prefix = true};
	ck_assert_int_eq(calls_range(q), 0);
	ck_assert_uint_eq(calls.result.n, 3);
}
END_TEST

START_TEST(the_compacted_past_is_a_conflict)
{
	int64_t then = calls_put("/a", "1");
	calls_put("/a", "2");
	int64_t now = calls_put("/a", "3");
	char json[64];
	snprintf(json, sizeof json, "{\"revision\":\"%lld\",\"physical\":true}",
		 (long long)now);
	etcd_server_post(&calls.server, "/v3/kv/compaction", json);
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/a", .revision = then}),
			 FLUME_CONFLICT);
	ck_assert_ptr_nonnull(strstr(calls.err.text, "etcd at http://127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(calls.err.text, "required revision has been compacted"));
}
END_TEST

START_TEST(values_are_bytes_and_may_be_big)
{
	enum { N = 1400000 };
	char *big = malloc(N);
	for (int i = 0; i < N; i++)
		big[i] = (char)(i * 7);
	etcd_result_fini(&calls.result);
	int rc = etcd_sync_put(calls.client, "/big", big, N, 0, NULL, &calls.err);
	ck_assert_msg(rc == 0, "%s", calls.err.text);
	ck_assert_int_eq(calls_range((struct etcd_query){.key = "/big"}), 0);
	ck_assert_uint_eq(calls.result.kvs[0].value_len, N);
	ck_assert_mem_eq(calls.result.kvs[0].value, big, N);
	free(big);

	big = calloc(1, 1600000);
	ck_assert_int_eq(etcd_sync_put(calls.client, "/big", big, 1600000, 0, NULL, &calls.err),
			 FLUME_LIMITED);
	ck_assert_ptr_nonnull(strstr(calls.err.text, "request is too large"));
	free(big);
}
END_TEST

/* ---- writing ---- */

static int put_if(const char *value, int64_t expected)
{
	etcd_result_fini(&calls.result);
	return etcd_sync_put_if(calls.client, "/c", value, strlen(value), expected, 0,
				&calls.result, &calls.err);
}

START_TEST(a_conditional_put_creates_only_what_is_not_there)
{
	ck_assert_int_eq(put_if("one", 0), 0);
	ck_assert_int_eq(calls.result.revision, 2);
	ck_assert_int_eq(put_if("two", 0), FLUME_CONFLICT);
	ck_assert_uint_eq(calls.result.n, 1);
	ck_assert_str_eq(calls.result.kvs[0].value, "one");
	ck_assert_int_eq(calls.result.kvs[0].mod_revision, 2);
	ck_assert_ptr_nonnull(strstr(calls.err.text, "the key was changed meanwhile"));
}
END_TEST

START_TEST(a_conditional_put_replaces_only_what_was_read)
{
	int64_t first = calls_put("/c", "one");
	ck_assert_int_eq(put_if("two", first), 0);
	int64_t second = calls.result.revision;
	ck_assert_int_eq(put_if("three", first), FLUME_CONFLICT);
	ck_assert_str_eq(calls.result.kvs[0].value, "two");
	ck_assert_int_eq(calls.result.kvs[0].mod_revision, second);
	ck_assert_int_eq(etcd_sync_delete(calls.client, "/c", NULL, &calls.err), 0);
	ck_assert_int_eq(put_if("three", second), FLUME_CONFLICT);
	ck_assert_uint_eq(calls.result.n, 0);
}
END_TEST

START_TEST(a_delete_says_how_many_and_may_be_conditional)
{
	int64_t first = calls_put("/c", "one"), second = calls_put("/c", "two");
	etcd_result_fini(&calls.result);
	ck_assert_int_eq(
		etcd_sync_delete_if(calls.client, "/c", first, &calls.result, &calls.err),
		FLUME_CONFLICT);
	ck_assert_str_eq(calls.result.kvs[0].value, "two");
	etcd_result_fini(&calls.result);
	ck_assert_int_eq(
		etcd_sync_delete_if(calls.client, "/c", second, &calls.result, &calls.err), 0);
	ck_assert_int_eq(calls.result.deleted, 1);
	etcd_result_fini(&calls.result);
	ck_assert_int_eq(etcd_sync_delete(calls.client, "/c", &calls.result, &calls.err), 0);
	ck_assert_int_eq(calls.result.deleted, 0);
	calls_put("/c", "three");
	etcd_result_fini(&calls.result);
	ck_assert_int_eq(etcd_sync_delete(calls.client, "/c", &calls.result, &calls.err), 0);
	ck_assert_int_eq(calls.result.deleted, 1);
}
END_TEST

START_TEST(a_put_under_a_lease_that_is_gone_says_so)
{
	ck_assert_int_eq(etcd_sync_put(calls.client, "/c", "x", 1, 12345, NULL, &calls.err),
			 FLUME_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(calls.err.text, "requested lease not found"));
}
END_TEST

Suite *suite_etcd_kv(void)
{
	Suite *s = suite_create("etcd_kv");
	TCase *c = tcase_create("etcd_kv");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, calls_begin, calls_end);
	tcase_add_test(c, a_prefix_is_listed_in_order_with_all_there_is_to_know);
	tcase_add_test(c, what_is_not_there_is_an_empty_success);
	tcase_add_test(c, a_query_can_ask_for_less_and_for_the_past);
	tcase_add_test(c, the_compacted_past_is_a_conflict);
	tcase_add_test(c, values_are_bytes_and_may_be_big);
	tcase_add_test(c, a_conditional_put_creates_only_what_is_not_there);
	tcase_add_test(c, a_conditional_put_replaces_only_what_was_read);
	tcase_add_test(c, a_delete_says_how_many_and_may_be_conditional);
	tcase_add_test(c, a_put_under_a_lease_that_is_gone_says_so);
	suite_add_tcase(s, c);
	return s;
}
