#include "agent/etcd/lines.h"
#include "agent/etcd/message.h"

#include "tests/unit/suites.h"

#include <string.h>

/* ---- lines ---- */

enum { MOST = 1 << 20 };

static void feed(struct etcd_lines *l, const char *s)
{
	ck_assert_int_eq(etcd_lines_feed(l, s, strlen(s), MOST), 0);
}

static void next_is(struct etcd_lines *l, const char *wanted)
{
	const char *line;
	size_t len;
	bool some = etcd_lines_next(l, &line, &len);
	ck_assert_int_eq(some, wanted != NULL);
	if (!wanted)
		return;
	ck_assert_uint_eq(len, strlen(wanted));
	ck_assert_mem_eq(line, wanted, len);
}

START_TEST(lines_do_not_depend_on_where_reads_end)
{
	struct etcd_lines l = {0};
	next_is(&l, NULL);
	feed(&l, "on");
	next_is(&l, NULL);
	feed(&l, "e\ntwo\nth");
	next_is(&l, "one");
	next_is(&l, "two");
	next_is(&l, NULL);
	feed(&l, "ree");
	next_is(&l, NULL);
	feed(&l, "\n\n");
	next_is(&l, "three");
	next_is(&l, "");
	next_is(&l, NULL);
	etcd_lines_fini(&l);
}
END_TEST

START_TEST(the_rest_without_a_newline_is_kept)
{
	struct etcd_lines l = {0};
	size_t len;
	ck_assert_str_eq(etcd_lines_rest(&l, &len), "");
	ck_assert_uint_eq(len, 0);
	feed(&l, "one\ntail");
	next_is(&l, "one");
	ck_assert_mem_eq(etcd_lines_rest(&l, &len), "tail", 4);
	ck_assert_uint_eq(len, 4);
	etcd_lines_rest(&l, &len);
	ck_assert_uint_eq(len, 0);
	etcd_lines_fini(&l);
}
END_TEST

START_TEST(more_than_the_limit_is_refused_but_lines_that_were_read_do_not_count)
{
	struct etcd_lines l = {0};
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(etcd_lines_feed(&l, "123456789\n", 10, 16), 0);
		next_is(&l, "123456789");
	}
	ck_assert_int_eq(etcd_lines_feed(&l, "123456789", 9, 16), 0);
	ck_assert_int_eq(etcd_lines_feed(&l, "12345678", 8, 16), FLUME_LIMITED);
	ck_assert_int_eq(etcd_lines_feed(&l, "1234567", 7, 16), 0);
	etcd_lines_fini(&l);
}
END_TEST

START_TEST(a_long_line_gives_its_memory_back)
{
	static char big[300000];
	struct etcd_lines l = {0};
	memset(big, 'x', sizeof big - 1);
	feed(&l, big);
	feed(&l, "\n");
	next_is(&l, big);
	feed(&l, "small\n");
	next_is(&l, "small");
	ck_assert_uint_le(l.cap, 64 * 1024);
	etcd_lines_fini(&l);
}
END_TEST

/* ---- messages ---- */

static struct etcd_message m;

static void parse(const char *line)
{
	ck_assert_msg(etcd_message_parse(line, strlen(line), &m) == 0, "refused: %s", line);
}

#define HEADER(revision) \
	"\"header\":{\"cluster_id\":\"1\",\"revision\":\"" revision "\",\"raft_term\":\"2\"}"

START_TEST(each_kind_is_told_from_the_others)
{
	static const struct {
		const char *line;
		enum etcd_message_kind kind;
		int64_t revision;
		int code;
		const char *text;
	} rows[] = {
		{"{\"result\":{" HEADER("13") ",\"created\":true}}", ETCD_MESSAGE_CREATED, 13,
		 0, ""},
		{"{\"result\":{" HEADER("3") "}}", ETCD_MESSAGE_PROGRESS, 3, 0, ""},
		{"{\"result\":{" HEADER("26") ",\"watch_id\":\"-1\"}}", ETCD_MESSAGE_OTHER, 26,
		 0, ""},
		{"{\"result\":{\"header\":{\"raft_term\":\"2\"},\"canceled\":true,"
		 "\"compact_revision\":\"28\"}}",
		 ETCD_MESSAGE_COMPACTED, 28, 0, ""},
		{"{\"result\":{\"header\":{},\"watch_id\":\"-1\",\"created\":true,\"canceled\":"
		 "true,"
		 "\"cancel_reason\":\"rpc error: code = PermissionDenied desc = etcdserver: "
		 "permission denied\"}}",
		 ETCD_MESSAGE_CANCELED, 0, FLUME_REFUSED,
		 "the watch was cancelled: rpc error: code = PermissionDenied desc = "
		 "etcdserver: "
		 "permission denied"},
		{"{\"result\":{\"header\":{},\"canceled\":true}}", ETCD_MESSAGE_CANCELED, 0,
		 FLUME_IO, "the watch was cancelled: no reason given"},
		{"{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":\"transport is "
		 "closing\",\"http_status\":\"Service Unavailable\"}}",
		 ETCD_MESSAGE_FAILED, 0, FLUME_IO, "transport is closing"},
		{"{\"error\":{\"code\":14,\"message\":\"etcdserver: no leader\"}}",
		 ETCD_MESSAGE_FAILED, 0, FLUME_IO, "etcdserver: no leader"},
		{"{\"result\":{}}", ETCD_MESSAGE_OTHER, 0, 0, ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		parse(rows[i].line);
		ck_assert_msg(m.kind == rows[i].kind, "row %zu: kind %d", i, (int)m.kind);
		ck_assert_int_eq(m.revision, rows[i].revision);
		ck_assert_int_eq(m.code, rows[i].code);
		ck_assert_str_eq(m.text, rows[i].text);
		etcd_message_fini(&m);
	}
}
END_TEST

START_TEST(events_are_puts_and_deletes_with_their_revisions)
{
	parse("{\"result\":{" HEADER("16") ",\"events\":["
					   "{\"kv\":{\"key\":\"L3cvYQ==\",\"create_revision\":"
					   "\"14\",\"mod_revision\":\"14\","
					   "\"version\":\"1\",\"value\":\"MQ==\"}},"
					   "{\"type\":\"DELETE\",\"kv\":{\"key\":\"L3cvYQ==\","
					   "\"mod_revision\":\"16\"},"
					   "\"prev_kv\":{\"key\":\"L3cvYQ==\"}},"
					   "{\"type\":\"PUT\",\"kv\":{\"key\":\"Yg==\",\"mod_"
					   "revision\":\"16\"}}]}}");
	ck_assert_int_eq(m.kind, ETCD_MESSAGE_EVENTS);
	ck_assert(!m.fragment);
	ck_assert_uint_eq(m.n, 3);
	ck_assert(!m.events[0].deleted);
	ck_assert_str_eq(m.events[0].kv.key, "/w/a");
	ck_assert_str_eq(m.events[0].kv.value, "1");
	ck_assert_int_eq(m.events[0].kv.version, 1);
	ck_assert(m.events[1].deleted);
	ck_assert_int_eq(m.events[1].kv.mod_revision, 16);
	ck_assert(!m.events[2].deleted);
	etcd_message_fini(&m);
}
END_TEST

START_TEST(a_fragment_is_marked)
{
	parse("{\"result\":{" HEADER(
		"9") ",\"fragment\":true,\"events\":["
		     "{\"kv\":{\"key\":\"YQ==\",\"mod_revision\":\"5\"}}]}}");
	ck_assert(m.fragment);
	etcd_message_fini(&m);
}
END_TEST

START_TEST(what_is_no_message_is_refused)
{
	static const char *const rows[] = {
		"",
		"404 page not found",
		"[]",
		"7",
		"{}",
		"{\"result\":7}",
		"{\"result\":{\"header\":{\"revision\":\"x\"}}}",
		"{\"result\":{\"events\":[]}}",
		"{\"result\":{\"events\":{}}}",
		"{\"result\":{\"events\":[7]}}",
		"{\"result\":{\"events\":[{\"kv\":{\"key\":\"YQ==\"}}]}}",
		"{\"result\":{\"events\":[{\"kv\":{\"key\":\"*\",\"mod_revision\":\"5\"}}]}}",
		"{\"result\":{\"events\":[{\"type\":\"WIPE\",\"kv\":{\"key\":\"YQ==\","
		"\"mod_revision\":\"5\"}}]}}",
		"{\"result\":{\"events\":[{\"kv\":{\"key\":\"YQ==\",\"mod_revision\":\"5\"}},7]"
		"}}",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(etcd_message_parse(rows[i], strlen(rows[i]), &m) == FLUME_IO,
			      "taken: %s", rows[i]);
}
END_TEST

Suite *suite_etcd_message(void)
{
	Suite *s = suite_create("etcd_message");
	TCase *c = tcase_create("etcd_message");
	tcase_add_test(c, lines_do_not_depend_on_where_reads_end);
	tcase_add_test(c, the_rest_without_a_newline_is_kept);
	tcase_add_test(c, more_than_the_limit_is_refused_but_lines_that_were_read_do_not_count);
	tcase_add_test(c, a_long_line_gives_its_memory_back);
	tcase_add_test(c, each_kind_is_told_from_the_others);
	tcase_add_test(c, events_are_puts_and_deletes_with_their_revisions);
	tcase_add_test(c, a_fragment_is_marked);
	tcase_add_test(c, what_is_no_message_is_refused);
	suite_add_tcase(s, c);
	return s;
}
