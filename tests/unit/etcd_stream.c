/* The stream of a watch, byte for byte: what is asked, and what is made of answers that a healthy
 * etcd does not give. */
#include "tests/unit/etcd_follower.h"
#include "tests/unit/etcd_gateway.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static struct gateway gateway;

static void setup(void)
{
	struct loop *loop = loop_new();
	gateway_open(&gateway, loop);
	follower_begin(loop,
		       &(struct etcd_options){.endpoints = gateway.url, .reply_max = 3000});
}

static void teardown(void)
{
	gateway_close(&gateway);
	follower_end();
}

#define CREATED "{\"result\":{" GATEWAY_HEADER("40") ",\"created\":true}}\n"
#define EVENT(header, revision)                                               \
	"{\"result\":{" GATEWAY_HEADER(                                       \
		header) ",\"events\":[{\"kv\":{\"key\":\"L3cv\",\"version\":" \
			"\"2\",\"mod_revision\":\"" revision "\"}}]}}\n"
#define WATCH_FROM(revision)                                                               \
	"{\"create_request\":{\"key\":\"L3cv\",\"range_end\":\"L3cw\",\"start_revision\":" \
	"\"" revision "\",\"progress_notify\":true,\"fragment\":true}}"
#define DOWN(text)                                                                   \
	do {                                                                         \
		char wanted_[200];                                                   \
		WAIT_UNTIL(follower.downs == 1, "the watch is down");                \
		snprintf(wanted_, sizeof wanted_, "etcd at %s: " text, gateway.url); \
		ck_assert_str_eq(follower.why, wanted_);                             \
	} while (0)

START_TEST(a_watch_and_its_proof_say_exactly_this)
{
	gateway_will_answer(&gateway, 200, CREATED)->stays_open = true;
	gateway_will_answer(&gateway, 200, "{" GATEWAY_HEADER("40") ",\"count\":\"1\"}");
	follower_watch(20, 1, 0);
	WAIT_UNTIL(follower.proved == 40, "the proof");
	gateway_was_asked(&gateway, 0, "/v3/watch", WATCH_FROM("21"));
	gateway_was_asked(
		&gateway, 1, "/v3/kv/range",
		"{\"key\":\"L3cv\",\"range_end\":\"L3cw\",\"limit\":\"1\",\"keys_only\":true,"
		"\"sort_order\":\"DESCEND\",\"sort_target\":\"MOD\",\"min_mod_revision\":"
		"\"21\"}");
	gateway_was_told(&gateway, 0, "Grpc-Metadata-hasleader: true");
	gateway_was_told(&gateway, 1, "Grpc-Metadata-hasleader: true");
	ck_assert_ptr_null(strstr(gateway.asked[0].head, "Grpc-Timeout"));
	ck_assert_int_eq(follower.ups, 1);
	follower.watch = etcd_watch_free(follower.watch);
	WAIT_UNTIL(gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(it_resumes_behind_the_last_event_when_the_stream_ends_well)
{
	gateway_will_answer(&gateway, 200, CREATED EVENT("40", "25") EVENT("40", "30"))->drips =
		true;
	follower_watch(20, 1, 0);
	DOWN("the connection was closed");
	ck_assert_int_eq(follower.n, 2);
	WAIT_UNTIL(strstr(gateway.asked[gateway.n - 1].body, "\"31\"") && gateway.n > 1,
		   "the next watch");
	ck_assert_str_eq(gateway.asked[gateway.n - 1].body, WATCH_FROM("31"));
}
END_TEST

START_TEST(the_last_error_needs_no_newline)
{
	gateway_will_answer(&gateway, 200,
			    CREATED
			    "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":"
			    "\"transport is closing\"}}");
	follower_watch(20, 1, 0);
	DOWN("transport is closing");
}
END_TEST

START_TEST(a_probe_that_says_nothing_is_no_reset)
{
	gateway_will_answer(&gateway, 200, CREATED)->stays_open = true;
	gateway_will_answer(&gateway, 200, "{}");
	gateway_will_answer(&gateway, 200, "{}");
	follower_watch(20, 1, 0);
	DOWN("the reply is not understood");
	ck_assert_int_eq(follower.relist, -1);
}
END_TEST

START_TEST(a_refused_stream_tells_why)
{
	gateway_will_answer(
		&gateway, 503,
		"{\"error\":{\"code\":14,\"message\":\"etcdserver: no leader\"}}\n");
	follower_watch(20, 1, 0);
	DOWN("etcdserver: no leader");
}
END_TEST

START_TEST(something_else_there_is_told)
{
	gateway_will_answer(&gateway, 404, "404 page not found\n");
	follower_watch(20, 1, 0);
	DOWN("HTTP status 404: 404 page not found");
}
END_TEST

START_TEST(a_line_that_is_no_message_ends_the_stream)
{
	gateway_will_answer(&gateway, 200, CREATED "hello\n")->stays_open = true;
	follower_watch(20, 1, 0);
	DOWN("a message that is not understood");
	WAIT_UNTIL(gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(a_cancelled_watch_closes_its_open_stream)
{
	gateway_will_answer(
		&gateway, 200,
		"{\"result\":{\"header\":{},\"watch_id\":\"-1\",\"created\":true,"
		"\"canceled\":true,\"cancel_reason\":\"mvcc: watcher range is empty\"}}\n")
		->stays_open = true;
	follower_watch(20, 1, 0);
	DOWN("the watch was cancelled: mvcc: watcher range is empty");
	WAIT_UNTIL(gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(a_stream_without_a_first_byte_is_given_up)
{
	follower_watch(20, 1, 300);
	DOWN("no answer to a watch within 300 ms");
	WAIT_UNTIL(gateway.asked[0].closed, "the stream is closed");
}
END_TEST

START_TEST(a_line_too_long_to_be_taken_is_left_to_a_list)
{
	static char body[3800];
	memset(body, 'x', sizeof body - 1);
	memcpy(body, CREATED, strlen(CREATED));
	gateway_will_answer(&gateway, 200, body)->stays_open = true;
	follower_watch(20, 1, 0);
	WAIT_UNTIL(follower.relist == ETCD_LOST, "the list");
	ck_assert_int_eq(follower.n, 0);
}
END_TEST

Suite *suite_etcd_stream(void)
{
	Suite *s = suite_create("etcd_stream");
	TCase *c = tcase_create("etcd_stream");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_watch_and_its_proof_say_exactly_this);
	tcase_add_test(c, it_resumes_behind_the_last_event_when_the_stream_ends_well);
	tcase_add_test(c, the_last_error_needs_no_newline);
	tcase_add_test(c, a_probe_that_says_nothing_is_no_reset);
	tcase_add_test(c, a_refused_stream_tells_why);
	tcase_add_test(c, something_else_there_is_told);
	tcase_add_test(c, a_line_that_is_no_message_ends_the_stream);
	tcase_add_test(c, a_cancelled_watch_closes_its_open_stream);
	tcase_add_test(c, a_stream_without_a_first_byte_is_given_up);
	tcase_add_test(c, a_line_too_long_to_be_taken_is_left_to_a_list);
	suite_add_tcase(s, c);
	return s;
}
