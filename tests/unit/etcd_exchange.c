/* What the client says, byte for byte - etcd ignores what it does not know, so a wrong name would
 * pass unnoticed - and what it makes of answers that a healthy etcd does not give. */
#include "agent/etcd/etcd.h"

#include "tests/unit/etcd_gateway.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static struct loop *loop;
static struct gateway gateway;
static struct etcd *etcd;
static struct etcd_watch *watch;

static struct {
	bool done;
	int code;
	struct flume_err err;
	int64_t revision, lease;
	size_t n;
} last;

static struct {
	int events, ups, downs, relist;
	int64_t proved;
	char why[320];
} seen;

static void connect_client(int request_ms)
{
	struct etcd_options options = {
		.endpoints = gateway.url, .request_ms = request_ms, .reply_max = 3000};
	etcd = etcd_new(loop, &options, NULL);
	ck_assert_ptr_nonnull(etcd);
}

static void setup(void)
{
	memset(&last, 0, sizeof last);
	memset(&seen, 0, sizeof seen);
	seen.relist = -1;
	loop = loop_new();
	gateway_open(&gateway, loop);
	connect_client(0);
}

static void teardown(void)
{
	watch = etcd_watch_free(watch);
	etcd = etcd_free(etcd);
	gateway_close(&gateway);
	for (int i = 0; i < 10; i++)
		loop_step(loop, 1);
	loop = loop_free(loop);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	last.done = true;
	last.code = r->code;
	last.err = r->err;
	last.revision = r->revision;
	last.lease = r->lease;
	last.n = r->n;
}

/* The next answer; 0 for "closes without a word". */
static void will_answer(int status, const char *body)
{
	size_t i = 0;
	while (gateway.answers[i].body)
		i++;
	gateway.answers[i] = (struct gateway_answer){.status = status, .body = body};
}

static int answer(struct etcd_call *call)
{
	ck_assert_ptr_nonnull(call);
	last.done = false;
	LOOP_UNTIL(loop, last.done, "an answer");
	return last.code;
}

static int range(void)
{
	struct etcd_query q = {.key = "/a"};
	return answer(etcd_range(etcd, &q, on_done, NULL));
}

static void asked(size_t i, const char *path, const char *body)
{
	char line[64];
	ck_assert_uint_lt(i, gateway.n);
	snprintf(line, sizeof line, "POST %s HTTP/1.1\r\n", path);
	ck_assert_msg(!strncmp(gateway.asked[i].head, line, strlen(line)), "%s",
		      gateway.asked[i].head);
	ck_assert_str_eq(gateway.asked[i].body, body);
}

static void has_header(size_t i, const char *header)
{
	char line[80];
	snprintf(line, sizeof line, "\r\n%s\r\n", header);
	ck_assert_msg(strstr(gateway.asked[i].head, line) != NULL, "no '%s' in:\n%s", header,
		      gateway.asked[i].head);
}

#define HEADER(revision)                                                                \
	"\"header\":{\"cluster_id\":\"7\",\"member_id\":\"8\",\"revision\":\"" revision \
	"\",\"raft_term\":\"2\"}"

/* ---- what is said ---- */

START_TEST(each_call_says_exactly_this)
{
	struct etcd_query q = {
		.key = "/a/", .prefix = true, .keys_only = true, .limit = 7, .revision = 9};
	for (int i = 0; i < 9; i++)
		will_answer(200,
			    "{" HEADER("5") ",\"ID\":\"4\",\"TTL\":\"3\",\"succeeded\":true}");
	answer(etcd_range(etcd, &q, on_done, NULL));
	range();
	answer(etcd_put(etcd, "/a", "v", 1, 42, on_done, NULL));
	answer(etcd_delete(etcd, "/a", on_done, NULL));
	answer(etcd_put_if(etcd, "/a", "v", 1, 0, 0, on_done, NULL));
	answer(etcd_delete_if(etcd, "/a", 41, on_done, NULL));
	answer(etcd_lease_grant(etcd, 15, on_done, NULL));
	answer(etcd_lease_keepalive(etcd, 4, 2000, on_done, NULL));
	answer(etcd_lease_revoke(etcd, 4, on_done, NULL));
	asked(0, "/v3/kv/range",
	      "{\"key\":\"L2Ev\",\"range_end\":\"L2Ew\",\"revision\":\"9\",\"keys_only\":true,"
	      "\"limit\":\"7\"}");
	asked(1, "/v3/kv/range", "{\"key\":\"L2E=\"}");
	asked(2, "/v3/kv/put", "{\"key\":\"L2E=\",\"value\":\"dg==\",\"lease\":\"42\"}");
	asked(3, "/v3/kv/deleterange", "{\"key\":\"L2E=\"}");
	asked(4, "/v3/kv/txn",
	      "{\"compare\":[{\"key\":\"L2E=\",\"target\":\"CREATE\",\"create_revision\":\"0\","
	      "\"result\":\"EQUAL\"}],\"success\":[{\"request_put\":{\"key\":\"L2E=\","
	      "\"value\":"
	      "\"dg==\"}}],\"failure\":[{\"request_range\":{\"key\":\"L2E=\"}}]}");
	asked(5, "/v3/kv/txn",
	      "{\"compare\":[{\"key\":\"L2E=\",\"target\":\"MOD\",\"mod_revision\":\"41\","
	      "\"result\":\"EQUAL\"}],\"success\":[{\"request_delete_range\":{\"key\":\"L2E=\"}"
	      "}],"
	      "\"failure\":[{\"request_range\":{\"key\":\"L2E=\"}}]}");
	asked(6, "/v3/lease/grant", "{\"TTL\":\"15\"}");
	asked(7, "/v3/lease/keepalive", "{\"ID\":\"4\"}");
	asked(8, "/v3/lease/revoke", "{\"ID\":\"4\"}");
	for (size_t i = 0; i < 9; i++) {
		has_header(i, "Grpc-Metadata-hasleader: true");
		has_header(i, i == 0   ? "Grpc-Timeout: 26250m"
			      : i == 7 ? "Grpc-Timeout: 1500m"
				       : "Grpc-Timeout: 3000m");
		has_header(i, "Content-Type: application/json");
		ck_assert_ptr_null(strstr(gateway.asked[i].head, "Expect"));
	}
}
END_TEST

/* ---- what is understood ---- */

START_TEST(errors_are_told_in_either_dialect)
{
	will_answer(
		503,
		"{\"error\":\"etcdserver: leader changed\",\"message\":\"etcdserver: leader "
		"changed\",\"code\":14}");
	will_answer(503, "{\"code\":14, \"message\":\"etcdserver: leader changed\"}");
	char wanted[128];
	snprintf(wanted, sizeof wanted, "etcd at %s: etcdserver: leader changed", gateway.url);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(range(), FLUME_IO);
		ck_assert_str_eq(last.err.text, wanted);
	}
}
END_TEST

START_TEST(answers_that_are_none_are_told_as_such)
{
	static const struct {
		const char *body, *wanted;
	} rows[] = {
		{"", "the reply is not JSON: "},
		{"<html>", "the reply is not JSON: <html>"},
		{"[]", "the reply is not JSON: []"},
		{"{\"header\":{\"revision\":\"many\"}}", "the reply is not understood"},
		{"{}", "the reply is not understood"},
		{"{\"header\":{\"revision\":\"-5\"}}", "the reply is not understood"},
		{"{\"header\":{\"revision\":\"7\"},\"kvs\":[{\"key\":\"*\"}]}",
		 "the reply is not understood"},
		{"{\"header\":{\"revision\":\"7\"},\"kvs\":7}", "the reply is not understood"},
		{"{\"header\":{\"revision\":\"7\"},\"more\":true}",
		 "the reply is not understood"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		will_answer(200, rows[i].body);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(range(), FLUME_IO);
		ck_assert_msg(strstr(last.err.text, rows[i].wanted) != NULL, "row %zu: %s", i,
			      last.err.text);
	}
}
END_TEST

START_TEST(an_answer_may_come_byte_by_byte)
{
	will_answer(200, "{" HEADER("5") ",\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\"5\"}],"
					 "\"count\":\"1\"}");
	gateway.answers[0].drips = true;
	ck_assert_int_eq(range(), 0);
	ck_assert_uint_eq(last.n, 1);
	ck_assert_int_eq(last.revision, 5);
}
END_TEST

START_TEST(a_write_that_was_not_answered_is_not_sent_again)
{
	will_answer(0, "");
	ck_assert_int_eq(answer(etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL)), FLUME_IO);
	ck_assert_uint_eq(gateway.n, 1);
	etcd_free(etcd);
	connect_client(300);
	ck_assert_int_eq(answer(etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL)),
			 FLUME_TIMED_OUT);
	ck_assert_uint_eq(gateway.n, 2);
}
END_TEST

START_TEST(reads_share_a_connection_and_a_write_has_its_own)
{
	for (int i = 0; i < 4; i++) {
		will_answer(200, "{" HEADER("5") "}");
		gateway.answers[i].keeps_alive = true;
	}
	range();
	range();
	ck_assert_uint_eq(gateway.visits, 1);
	answer(etcd_put(etcd, "/a", "v", 1, 0, on_done, NULL));
	ck_assert_uint_eq(gateway.visits, 2);
	range();
	ck_assert_uint_eq(gateway.visits, 2);
}
END_TEST

START_TEST(a_lease_that_keepalive_says_nothing_of_is_gone)
{
	will_answer(200, "{\"result\":{" HEADER("5") ",\"ID\":\"4\"}}\n");
	will_answer(200, "{\"result\":{" HEADER("5") ",\"ID\":\"4\",\"TTL\":\"15\"}}\n");
	will_answer(200,
		    "{\"error\":{\"grpc_code\":14,\"message\":\"etcdserver: no leader\"}}");
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, 4, 0, on_done, NULL)),
			 FLUME_NOT_FOUND);
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, 4, 0, on_done, NULL)), 0);
	ck_assert_int_eq(last.lease, 4);
	ck_assert_int_eq(answer(etcd_lease_keepalive(etcd, 4, 0, on_done, NULL)), FLUME_IO);
}
END_TEST

/* ---- the watch ---- */

static void on_events(const struct etcd_event *events, size_t n, void *arg)
{
	(void)events, (void)arg;
	seen.events += (int)n;
}

static void on_proved(int64_t revision, void *arg)
{
	(void)arg;
	seen.proved = revision;
}

static void on_up(void *arg)
{
	(void)arg;
	seen.ups++;
}

static void on_down(const struct flume_err *why, void *arg)
{
	(void)arg;
	seen.downs++;
	snprintf(seen.why, sizeof seen.why, "%s", why->text);
}

static void on_relist(enum etcd_relist why, int64_t revision, void *arg)
{
	(void)arg, (void)revision;
	seen.relist = (int)why;
}

static void follow_within(int first_ms)
{
	static const struct etcd_watch_calls calls = {on_events, on_proved, on_up, on_down,
						      on_relist};
	struct etcd_watch_options options = {.prefix = "/w/",
					     .after = 20,
					     .keys = 1,
					     .first_ms = first_ms,
					     .pause_min_ms = 1,
					     .pause_max_ms = 1};
	watch = etcd_watch_new(etcd, &options, &calls, NULL);
	ck_assert_ptr_nonnull(watch);
}

static void follow(void)
{
	follow_within(20000);
}

#define CREATED "{\"result\":{" HEADER("40") ",\"created\":true}}\n"
#define EVENT(header, revision)                                                              \
	"{\"result\":{" HEADER(header) ",\"events\":[{\"kv\":{\"key\":\"L3cv\",\"version\":" \
				       "\"2\",\"mod_revision\":\"" revision "\"}}]}}\n"
#define WATCH_FROM(revision)                                                               \
	"{\"create_request\":{\"key\":\"L3cv\",\"range_end\":\"L3cw\",\"start_revision\":" \
	"\"" revision "\",\"progress_notify\":true,\"fragment\":true}}"
#define DOWN(text)                                                                   \
	do {                                                                         \
		char wanted_[200];                                                   \
		LOOP_UNTIL(loop, seen.downs == 1, "the watch is down");              \
		snprintf(wanted_, sizeof wanted_, "etcd at %s: " text, gateway.url); \
		ck_assert_str_eq(seen.why, wanted_);                                 \
	} while (0)

START_TEST(a_watch_and_its_proof_say_exactly_this)
{
	will_answer(200, CREATED);
	gateway.answers[0].stays_open = true;
	will_answer(200, "{" HEADER("40") ",\"count\":\"1\"}");
	follow();
	LOOP_UNTIL(loop, seen.proved == 40, "the proof");
	asked(0, "/v3/watch", WATCH_FROM("21"));
	asked(1, "/v3/kv/range",
	      "{\"key\":\"L3cv\",\"range_end\":\"L3cw\",\"limit\":\"1\",\"keys_only\":true,"
	      "\"sort_order\":\"DESCEND\",\"sort_target\":\"MOD\",\"min_mod_revision\":"
	      "\"21\"}");
	has_header(0, "Grpc-Metadata-hasleader: true");
	has_header(1, "Grpc-Metadata-hasleader: true");
	ck_assert_ptr_null(strstr(gateway.asked[0].head, "Grpc-Timeout"));
	ck_assert_int_eq(seen.ups, 1);
	watch = etcd_watch_free(watch);
	LOOP_UNTIL(loop, gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(it_resumes_behind_the_last_event_when_the_stream_ends_well)
{
	will_answer(200, CREATED EVENT("40", "25") EVENT("40", "30"));
	gateway.answers[0].drips = true;
	follow();
	DOWN("the connection was closed");
	ck_assert_int_eq(seen.events, 2);
	LOOP_UNTIL(loop, strstr(gateway.asked[gateway.n - 1].body, "\"31\"") && gateway.n > 1,
		   "the next watch");
	ck_assert_str_eq(gateway.asked[gateway.n - 1].body, WATCH_FROM("31"));
}
END_TEST

START_TEST(the_last_error_needs_no_newline)
{
	will_answer(200, CREATED "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":"
				 "\"transport is closing\"}}");
	follow();
	DOWN("transport is closing");
}
END_TEST

START_TEST(a_refused_stream_tells_why)
{
	will_answer(503, "{\"error\":{\"code\":14,\"message\":\"etcdserver: no leader\"}}\n");
	follow();
	DOWN("etcdserver: no leader");
}
END_TEST

START_TEST(something_else_there_is_told)
{
	will_answer(404, "404 page not found\n");
	follow();
	DOWN("HTTP status 404: 404 page not found");
}
END_TEST

START_TEST(a_line_that_is_no_message_ends_the_stream)
{
	will_answer(200, CREATED "hello\n");
	gateway.answers[0].stays_open = true;
	follow();
	DOWN("a message that is not understood");
	LOOP_UNTIL(loop, gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(a_cancelled_watch_closes_its_open_stream)
{
	will_answer(200,
		    "{\"result\":{\"header\":{},\"watch_id\":\"-1\",\"created\":true,"
		    "\"canceled\":true,\"cancel_reason\":\"mvcc: watcher range is empty\"}}\n");
	gateway.answers[0].stays_open = true;
	follow();
	DOWN("the watch was cancelled: mvcc: watcher range is empty");
	LOOP_UNTIL(loop, gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(a_stream_without_a_first_byte_is_given_up)
{
	follow_within(300);
	DOWN("no answer to a watch within 300 ms");
	LOOP_UNTIL(loop, gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(a_line_too_long_to_be_taken_is_left_to_a_list)
{
	static char body[3800];
	memset(body, 'x', sizeof body - 1);
	memcpy(body, CREATED, strlen(CREATED));
	will_answer(200, body);
	gateway.answers[0].stays_open = true;
	follow();
	LOOP_UNTIL(loop, seen.relist == ETCD_LOST, "the list");
	ck_assert_int_eq(seen.events, 0);
}
END_TEST

Suite *suite_etcd_exchange(void)
{
	Suite *s = suite_create("etcd_exchange");
	TCase *c = tcase_create("etcd_exchange");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, each_call_says_exactly_this);
	tcase_add_test(c, errors_are_told_in_either_dialect);
	tcase_add_test(c, answers_that_are_none_are_told_as_such);
	tcase_add_test(c, an_answer_may_come_byte_by_byte);
	tcase_add_test(c, a_write_that_was_not_answered_is_not_sent_again);
	tcase_add_test(c, reads_share_a_connection_and_a_write_has_its_own);
	tcase_add_test(c, a_lease_that_keepalive_says_nothing_of_is_gone);
	tcase_add_test(c, a_watch_and_its_proof_say_exactly_this);
	tcase_add_test(c, it_resumes_behind_the_last_event_when_the_stream_ends_well);
	tcase_add_test(c, the_last_error_needs_no_newline);
	tcase_add_test(c, a_refused_stream_tells_why);
	tcase_add_test(c, something_else_there_is_told);
	tcase_add_test(c, a_line_that_is_no_message_ends_the_stream);
	tcase_add_test(c, a_cancelled_watch_closes_its_open_stream);
	tcase_add_test(c, a_stream_without_a_first_byte_is_given_up);
	tcase_add_test(c, a_line_too_long_to_be_taken_is_left_to_a_list);
	suite_add_tcase(s, c);
	return s;
}
