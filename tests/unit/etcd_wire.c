#include "agent/etcd/client.h"
#include "agent/etcd/failure.h"
#include "agent/etcd/wire.h"

#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void wrote(struct text *t, const char *wanted)
{
	char *s = text_take(t);
	ck_assert_str_eq(s, wanted);
	free(s);
}

START_TEST(bytes_are_written_as_padded_base64)
{
	static const struct {
		const char *bytes, *wanted;
		size_t n;
	} rows[] = {
		{"", "\"k\":\"\"", 0},       {"f", "\"k\":\"Zg==\"", 1},
		{"fo", "\"k\":\"Zm8=\"", 2}, {"foo", "\"k\":\"Zm9v\"", 3},
		{"\0", "\"k\":\"AA==\"", 1}, {"\xfb\xff\xfe", "\"k\":\"+//+\"", 3},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text t = {0};
		etcd_add_bytes(&t, "k", rows[i].bytes, rows[i].n);
		wrote(&t, rows[i].wanted);
	}
}
END_TEST

START_TEST(a_prefix_ends_at_the_next_thing_behind_it)
{
	static const struct {
		const char *prefix, *wanted;
	} rows[] = {
		{"/cfg/", "\"key\":\"L2NmZy8=\",\"range_end\":\"L2NmZzA=\""},
		{"a\xff", "\"key\":\"Yf8=\",\"range_end\":\"Yg==\""},
		{"\xff\xff", "\"key\":\"//8=\",\"range_end\":\"AA==\""},
		{"", "\"key\":\"AA==\",\"range_end\":\"AA==\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text t = {0};
		etcd_add_prefix(&t, rows[i].prefix, NULL, 0);
		wrote(&t, rows[i].wanted);
	}
	struct text t = {0};
	etcd_add_prefix(&t, "/cfg/", "/cfg/a", 7);
	wrote(&t, "\"key\":\"L2NmZy9hAA==\",\"range_end\":\"L2NmZzA=\"");
}
END_TEST

/* ---- reading ---- */

START_TEST(every_byte_survives_the_way_there_and_back)
{
	char bytes[256];
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (size_t n = 0; n <= sizeof bytes; n++) {
		struct text t = {0};
		etcd_add_bytes(&t, "", bytes, n);
		size_t len = 0;
		char *back = etcd_base64_decode(t.s + 4, t.len - 5, &len);
		ck_assert_ptr_nonnull(back);
		ck_assert_uint_eq(len, n);
		ck_assert_mem_eq(back, bytes, n);
		ck_assert_int_eq(back[n], 0);
		free(back);
		text_fini(&t);
	}
}
END_TEST

START_TEST(what_is_not_padded_base64_is_refused)
{
	static const char *const rows[] = {
		"A", "AA", "AAA", "A===", "====", "AA=A", "A-_A", "AA==AAAA", "AA A", "AAA\n"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len;
		ck_assert_ptr_null(etcd_base64_decode(rows[i], strlen(rows[i]), &len));
	}
}
END_TEST

static json_t *json(const char *text)
{
	json_t *v = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(v);
	return v;
}

START_TEST(numbers_come_as_text_or_number_or_not_at_all)
{
	json_t *o = json("{\"text\":\"9223372036854775806\",\"number\":5,\"minus\":\"-1\","
			 "\"last\":\"9223372036854775807\",\"too "
			 "big\":\"9223372036854775808\",\"word\":\"five\",\"tail\":\"5x\","
			 "\"empty\":\"\",\"list\":[],\"id\":\"18251165009791698893\"}");
	int64_t n = 0;
	ck_assert_int_eq(etcd_read_int(o, "text", &n), 0);
	ck_assert_int_eq(n, INT64_MAX - 1);
	ck_assert_int_eq(etcd_read_int(o, "number", &n), 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(etcd_read_int(o, "minus", &n), 0);
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(etcd_read_int(o, "absent", &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(etcd_read_int(NULL, "absent", &n), 0);
	static const char *const bad[] = {"last", "too big", "word", "tail", "empty", "list"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(etcd_read_int(o, bad[i], &n), FLUME_IO);
	ck_assert_uint_eq(etcd_read_id(o, "id"), UINT64_C(18251165009791698893));
	ck_assert_uint_eq(etcd_read_id(o, "absent"), 0);
	json_decref(o);
}
END_TEST

START_TEST(entries_are_read_with_what_was_left_out)
{
	json_t *o = json("[{\"key\":\"YQ==\",\"mod_revision\":\"7\"},"
			 "{\"key\":\"Yg==\",\"value\":\"AAE=\",\"create_revision\":\"3\","
			 "\"mod_revision\":\"8\",\"version\":\"2\",\"lease\":\"99\"}]");
	struct etcd_kv *kvs = NULL;
	size_t n = 0;
	ck_assert_int_eq(etcd_read_kvs(o, &kvs, &n), 0);
	ck_assert_int_eq(etcd_read_kvs(o, &kvs, &n), 0);
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(kvs[2].key, "a");
	ck_assert_str_eq(kvs[2].value, "");
	ck_assert_uint_eq(kvs[2].value_len, 0);
	ck_assert_int_eq(kvs[2].mod_revision, 7);
	ck_assert_int_eq(kvs[2].lease, 0);
	ck_assert_uint_eq(kvs[3].value_len, 2);
	ck_assert_mem_eq(kvs[3].value, "\0\1", 3);
	ck_assert_int_eq(kvs[3].version, 2);
	ck_assert_int_eq(kvs[3].lease, 99);
	for (size_t i = 0; i < n; i++)
		etcd_kv_fini(&kvs[i]);
	free(kvs);
	json_decref(o);
}
END_TEST

START_TEST(entries_that_are_none_are_refused_and_leak_nothing)
{
	static const char *const rows[] = {
		"[7]",
		"[{}]",
		"{\"key\":\"YQ==\"}",
		"[{\"key\":7}]",
		"[{\"key\":\"YQ==\",\"value\":\"*\"}]",
		"[{\"key\":\"YQ==\",\"value\":\"YQ==\",\"version\":\"x\"}]",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *o = json(rows[i]);
		struct etcd_kv *kvs = NULL;
		size_t n = 0;
		ck_assert_int_eq(etcd_read_kvs(o, &kvs, &n), FLUME_IO);
		ck_assert_uint_eq(n, 0);
		free(kvs);
		json_decref(o);
	}
}
END_TEST

/* ---- failures ---- */

START_TEST(both_dialects_and_none_are_understood)
{
	static const struct {
		long http;
		const char *body;
		int grpc, code;
		bool passes;
		const char *text;
	} rows[] = {
		{200, "{\"header\":{}}", 0, 0, false, ""},
		{400,
		 "{\"error\":\"etcdserver: key is not provided\",\"message\":\"etcdserver: key "
		 "is "
		 "not provided\",\"code\":3}",
		 3, FLUME_INVALID, false, "etcdserver: key is not provided"},
		{400, "{\"code\":3, \"message\":\"etcdserver: key is not provided\"}", 3,
		 FLUME_INVALID, false, "etcdserver: key is not provided"},
		{400, "{\"error\":\"etcdserver: user name is empty\",\"code\":3}", 3,
		 FLUME_REFUSED, false, "etcdserver: user name is empty"},
		{503,
		 "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":\"etcdserver: no "
		 "leader\",\"http_status\":\"Service Unavailable\"}}",
		 14, FLUME_IO, true, "etcdserver: no leader"},
		{200, "{\"error\":{\"code\":14,\"message\":\"etcdserver: no leader\"}}\n", 14,
		 FLUME_IO, true, "etcdserver: no leader"},
		{504, "{\"code\":4,\"message\":\"context deadline exceeded\"}", 4,
		 FLUME_TIMED_OUT, true, "context deadline exceeded"},
		{404, "{\"code\":5,\"message\":\"etcdserver: requested lease not found\"}", 5,
		 FLUME_NOT_FOUND, false, "etcdserver: requested lease not found"},
		{401, "{\"code\":16,\"message\":\"etcdserver: invalid auth token\"}", 16,
		 FLUME_REFUSED, false, "etcdserver: invalid auth token"},
		{403, "{\"code\":7,\"message\":\"etcdserver: permission denied\"}", 7,
		 FLUME_REFUSED, false, "etcdserver: permission denied"},
		{429, "{\"code\":8,\"message\":\"etcdserver: mvcc: database space exceeded\"}",
		 8, FLUME_LIMITED, false, "etcdserver: mvcc: database space exceeded"},
		{400, "{\"code\":11,\"message\":\"compacted\"}", 11, FLUME_CONFLICT, false,
		 "compacted"},
		{404, "404 page not found\n", 12, FLUME_IO, false,
		 "HTTP status 404: 404 page not found"},
		{502, "<html>\nbad gateway", 14, FLUME_IO, true, "HTTP status 502: <html>"},
		{200, "hello", 2, FLUME_IO, true, "the reply is not JSON: hello"},
		{502, "cannot forward: {\"name\":\"a\",\"password\":\"secret\"}", 14, FLUME_IO,
		 true, "HTTP status 502: (not shown, as a password may be in it)"},
		{500, "{\"weird\":1}", 14, FLUME_IO, true, "HTTP status 500"},
		{500, "", 14, FLUME_IO, true, "HTTP status 500: "},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct etcd_failure f =
			etcd_failure_parse(rows[i].body, strlen(rows[i].body), rows[i].http);
		ck_assert_msg(f.grpc == rows[i].grpc, "row %zu: %d", i, f.grpc);
		ck_assert_int_eq(etcd_failure_code(&f), rows[i].code);
		ck_assert_int_eq(etcd_failure_passes(&f), rows[i].passes);
		ck_assert_str_eq(f.text, rows[i].text);
	}
}
END_TEST

START_TEST(a_write_is_certainly_unsent_only_without_a_leader)
{
	struct etcd_failure f = {.grpc = 14, .text = "etcdserver: no leader"};
	ck_assert(etcd_failure_unsent(&f));
	f = (struct etcd_failure){.grpc = 14, .text = "etcdserver: request timed out"};
	ck_assert(!etcd_failure_unsent(&f));
}
END_TEST

START_TEST(a_failure_is_one_line_however_long_it_was)
{
	char body[2000];
	memset(body, 'x', sizeof body);
	memcpy(body, "a\tb\x01", 4);
	struct etcd_failure f = etcd_failure_parse(body, sizeof body, 503);
	ck_assert_uint_lt(strlen(f.text), 200);
	ck_assert_ptr_null(strpbrk(f.text, "\n\t\x01"));
}
END_TEST

/* ---- endpoints ---- */

START_TEST(endpoints_are_split_and_cleaned)
{
	char **list;
	size_t n;
	ck_assert_int_eq(etcd_endpoints_parse(" http://a:2379/, https://[::1]:2379,HTTP://c ,",
					      &list, &n, NULL),
			 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(list[0], "http://a:2379");
	ck_assert_str_eq(list[1], "https://[::1]:2379");
	ck_assert_str_eq(list[2], "HTTP://c");
	etcd_endpoints_free(list, n);
}
END_TEST

START_TEST(what_is_no_endpoint_is_named)
{
	static const struct {
		const char *given, *wanted;
	} rows[] = {
		{NULL, "no etcd endpoint is given"},
		{" , ", "no etcd endpoint is given"},
		{"127.0.0.1:2379", "etcd endpoint '127.0.0.1:2379' is not a URL like "
				   "http://host:2379"},
		{"http://a,ftp://b",
		 "etcd endpoint 'ftp://b' does not begin with http:// or https://"},
		{"http://u:p@a", "an etcd endpoint must not hold a user name or password"},
		{"http://a/v3", "etcd endpoint 'http://a/v3' must end after the port"},
		{"http://a?x", "etcd endpoint 'http://a?x' must end after the port"},
		{"http://a:99999",
		 "etcd endpoint 'http://a:99999' is not a URL like http://host:2379"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct flume_err err = {0};
		char **list;
		size_t n;
		int rc = etcd_endpoints_parse(rows[i].given, &list, &n, &err);
		ck_assert_msg(rc == FLUME_INVALID, "row %zu", i);
		ck_assert_int_eq(err.code, FLUME_INVALID);
		ck_assert_str_eq(err.text, rows[i].wanted);
	}
}
END_TEST

Suite *suite_etcd_wire(void)
{
	Suite *s = suite_create("etcd_wire");
	TCase *c = tcase_create("etcd_wire");
	tcase_add_test(c, bytes_are_written_as_padded_base64);
	tcase_add_test(c, a_prefix_ends_at_the_next_thing_behind_it);
	tcase_add_test(c, every_byte_survives_the_way_there_and_back);
	tcase_add_test(c, what_is_not_padded_base64_is_refused);
	tcase_add_test(c, numbers_come_as_text_or_number_or_not_at_all);
	tcase_add_test(c, entries_are_read_with_what_was_left_out);
	tcase_add_test(c, entries_that_are_none_are_refused_and_leak_nothing);
	tcase_add_test(c, both_dialects_and_none_are_understood);
	tcase_add_test(c, a_write_is_certainly_unsent_only_without_a_leader);
	tcase_add_test(c, a_failure_is_one_line_however_long_it_was);
	tcase_add_test(c, endpoints_are_split_and_cleaned);
	tcase_add_test(c, what_is_no_endpoint_is_named);
	suite_add_tcase(s, c);
	return s;
}
