/* POST /pipelines/NAME with lines: each is answered as it comes. */
#include "tests/unit/http_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NDJSON "Content-Type: application/x-ndjson"
#define HEAD(name)                                                        \
	"POST /pipelines/" name " HTTP/1.1\r\nHost: localhost\r\n" NDJSON \
	"\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct reply *lines(const char *name, const char *text)
{
	char path[64];
	snprintf(path, sizeof path, "/pipelines/%s", name);
	return ASK(.method = "POST", .path = path, .body = text, .headers = {NDJSON});
}

static void say_line(int fd, const char *line)
{
	char chunk[256];
	snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(line), line);
	say(fd, chunk);
}

START_TEST(each_line_is_answered_and_a_broken_one_costs_only_itself)
{
	node_bind("checkout", checkout_yaml);
	const struct reply *reply = lines("checkout", "{\"total\":1}\n"
						      "{\"drop\":true}\r\n"
						      "{\"total\":}\n"
						      "\n"
						      "{\"id\":5}\n"
						      "{\"total\":6}");
	expect_status(reply, 200);
	expect_header(reply, "Content-Type", "application/x-ndjson");
	expect_header(reply, "Flume-Schema", "checkout");
	expect_header(reply, "Flume-Lines", "6");
	expect_header(reply, "Flume-Rejected", "2");
	ck_assert_ptr_nonnull(strstr(reply->body, "{\"total\":1,\"status\":\"accepted\"}\n"
						  "{\"flume_error\":{\"line\":3,"
						  "\"code\":\"bad-json\""));
	expect_part(reply, "{\"flume_error\":{\"line\":5,\"code\":\"failed\"");
	expect_part(reply, "\"step\":\"checkout > total\"}}\n"
			   "{\"total\":6,\"status\":\"accepted\"}\n");
	const char *metrics = get("/metrics")->body;
	ck_assert_ptr_nonnull(strstr(metrics, "outcome=\"ok\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(metrics, "outcome=\"dropped\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(metrics, "outcome=\"failed\"} 1\n"));
}
END_TEST

START_TEST(no_lines_are_no_answers)
{
	node_bind("checkout", checkout_yaml);
	const struct reply *reply = lines("checkout", "\n");
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, "");
	expect_problem(lines("nowhere", "1\n"), 404, "not-found", "no pipeline");
}
END_TEST

static void converse(const char *name)
{
	int fd = dial();
	char head[256];
	snprintf(head, sizeof head,
		 "POST /pipelines/%s HTTP/1.1\r\nHost: localhost\r\n" NDJSON
		 "\r\nTransfer-Encoding: chunked\r\n\r\n",
		 name);
	say(fd, head);
	for (int i = 0; i < 20; i++) {
		char line[64], wanted[64];
		snprintf(line, sizeof line, "{\"total\":%d}\n", i);
		snprintf(wanted, sizeof wanted, "{\"total\":%d", i);
		say_line(fd, line);
		hear(fd, wanted);
	}
	say(fd, "0\r\n\r\n");
	hear(fd, "Flume-Lines: 20");
	say(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
	hear(fd, "ok");
	close(fd);
}

START_TEST(a_line_is_answered_before_the_next_one_is_sent)
{
	node_bind("checkout", checkout_yaml);
	converse("checkout");
}
END_TEST

START_TEST(what_may_block_runs_on_workers_and_keeps_its_order)
{
	node_bind_step("gate");
	atomic_store(&node.gate_open, true);
	converse("gate");
	char *text = malloc(2000 * 10), *at = text;
	ck_assert_ptr_nonnull(text);
	for (int i = 0; i < 2000; i++)
		at += sprintf(at, "%d\n", i);
	const struct reply *reply = lines("gate", text);
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, text);
	free(text);
}
END_TEST

START_TEST(while_lines_block_others_are_served)
{
	struct asking blocked = {.ask = {.method = "POST",
					 .path = "/pipelines/gate",
					 .body = "1\n2\n3\n",
					 .headers = {NDJSON}}};
	node_bind("checkout", checkout_yaml);
	node_bind_step("gate");
	ask_aside(&blocked);
	UNTIL(atomic_load(&node.at_gate) == 1);
	for (int i = 0; i < 10; i++)
		expect_status(post("checkout", "{\"total\":1}"), 200);
	atomic_store(&node.gate_open, true);
	ck_assert_str_eq(join(&blocked)->body, "1\n2\n3\n");
}
END_TEST

/* One that blocks, and one that waits for the only worker there is: the queue is full. */
static void fill_queue(struct asking blocked[2])
{
	node_close();
	node_open_with((struct http_options){.workers = 1, .queue = 1});
	node_bind_step("gate");
	for (size_t i = 0; i < 2; i++) {
		blocked[i] = (struct asking){
			.ask = {.method = "POST", .path = "/pipelines/gate", .body = "1"}};
		ask_aside(&blocked[i]);
		UNTIL(node_waiting() == i + 1);
	}
	UNTIL(atomic_load(&node.at_gate) == 1);
	expect_problem(post("gate", "1"), 503, "busy", "queue is full");
}

START_TEST(a_full_queue_holds_a_stream_up)
{
	struct asking blocked[2], stream = {.ask = {.method = "POST",
						    .path = "/pipelines/gate",
						    .body = "1\n2\n3\n",
						    .headers = {NDJSON}}};
	fill_queue(blocked);
	ask_aside(&stream);
	UNTIL(node_waiting() == 3);
	atomic_store(&node.gate_open, true);
	ck_assert_str_eq(join(&stream)->body, "1\n2\n3\n");
	for (size_t i = 0; i < 2; i++)
		expect_status(join(&blocked[i]), 200);
}
END_TEST

START_TEST(a_stream_waits_no_longer_than_a_call_may_take)
{
	struct asking blocked[2];
	fill_queue(blocked);
	int fd = dial();
	say(fd, "POST /pipelines/gate HTTP/1.1\r\nHost: localhost\r\n" NDJSON
		"\r\nFlume-Timeout: 1ms\r\nTransfer-Encoding: chunked\r\n\r\n");
	say_line(fd, "1\n");
	UNTIL(node_waiting() == 3);
	int64_t passed = loop_now() + 2000000;
	UNTIL(loop_now() > passed);
	atomic_store(&node.gate_open, true);
	hear(fd, "{\"flume_error\":{\"line\":1,\"code\":\"busy\"");
	hear_the_end(fd);
	for (size_t i = 0; i < 2; i++)
		expect_status(join(&blocked[i]), 200);
	ck_assert_ptr_nonnull(strstr(get("/metrics")->body,
				     "flume_http_streams_cut_total{reason=\"busy\"} 1\n"));
}
END_TEST

START_TEST(each_line_has_its_own_time)
{
	node_bind_step("nap");
	const struct reply *reply =
		ASK(.method = "POST", .path = "/pipelines/nap", .body = "1\n2\n3\n",
		    .headers = {NDJSON, "Flume-Timeout: 20ms"});
	expect_status(reply, 200);
	expect_part(reply, "{\"line\":1,\"code\":\"timed-out\"");
	expect_part(reply, "{\"line\":3,\"code\":\"timed-out\"");
	expect_header(reply, "Flume-Rejected", "3");
}
END_TEST

START_TEST(a_reload_in_the_middle_shows_in_the_next_batch)
{
	node_bind("checkout", checkout_yaml);
	int fd = dial();
	say(fd, HEAD("checkout"));
	say_line(fd, "{\"total\":1}\n");
	hear(fd, "accepted");
	node_bind("checkout", "version: \"2.0.0\"\ncomponents: {processors: {mark: {kind: set, "
			      "fields: {status: second}}}}\nref: mark\n");
	say_line(fd, "{\"total\":2}\n");
	hear(fd, "second");
	say(fd, "0\r\n\r\n");
	hear(fd, "Flume-Generation: 2");
	close(fd);
}
END_TEST

START_TEST(a_pipeline_that_goes_ends_its_streams)
{
	node_bind("checkout", checkout_yaml);
	int fd = dial();
	say(fd, HEAD("checkout"));
	say_line(fd, "{\"total\":1}\n");
	hear(fd, "accepted");
	ck_assert_int_eq(flume_factory_unbind(node.factory, "checkout"), 0);
	say_line(fd, "{\"total\":2}\n");
	hear(fd, "{\"flume_error\":{\"line\":2,\"code\":\"not-found\"");
	hear_the_end(fd);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_refused_alone)
{
	size_t len = (3 << 20) + 4;
	char *text = malloc(len + 1);
	ck_assert_ptr_nonnull(text);
	node_bind_step("gate");
	atomic_store(&node.gate_open, true);
	memset(text, ' ', len);
	memcpy(text, "1\n", 2);
	memcpy(text + len - 2, "\n2", 2);
	text[len] = '\0';
	const struct reply *reply = lines("gate", text);
	free(text);
	expect_part(reply, "1\n{\"flume_error\":{\"line\":2,\"code\":\"too-long\"");
	expect_part(reply, "}}\n2\n");
}
END_TEST

START_TEST(a_packed_body_is_415)
{
	node_bind("checkout", checkout_yaml);
	const struct reply *reply = ASK(.method = "POST", .path = "/pipelines/checkout",
					.body = "x", .headers = {"Content-Encoding: gzip"});
	expect_problem(reply, 415, "bad-encoding", "gzip");
	expect_header(reply, "Accept-Encoding", "identity");
}
END_TEST

/* ---- what a request is called ---- */

START_TEST(a_request_has_the_name_that_it_was_given)
{
	static const char *const odd[] = {"X-Request-Id: a b", "X-Request-Id: \"a\"",
					  "X-Request-Id: a{b}", "X-Request-Id: \xc3\xbc"};
	const struct reply *reply =
		ASK(.path = "/healthz", .headers = {"X-Request-Id: order-17/a.b:c+d=@_"});
	expect_header(reply, "X-Request-Id", "order-17/a.b:c+d=@_");
	char first[64];
	snprintf(first, sizeof first, "%s", header(get("/healthz"), "X-Request-Id"));
	ck_assert_uint_eq(strlen(first), 32);
	ck_assert_uint_eq(strspn(first, "0123456789abcdef"), 32);
	ck_assert_str_ne(first, header(get("/healthz"), "X-Request-Id"));
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		reply = ASK(.path = "/healthz", .headers = {odd[i]});
		ck_assert_uint_eq(strlen(header(reply, "X-Request-Id")), 32);
	}
	char longest[160] = "X-Request-Id: ";
	memset(longest + 14, 'a', 129);
	reply = ASK(.path = "/healthz", .headers = {longest});
	ck_assert_uint_eq(strlen(header(reply, "X-Request-Id")), 32);
	longest[14 + 128] = '\0';
	reply = ASK(.path = "/healthz", .headers = {longest});
	ck_assert_uint_eq(strlen(header(reply, "X-Request-Id")), 128);
	expect_header(get("/nowhere"), "Content-Type", "application/problem+json");
	ck_assert_ptr_nonnull(header(get("/nowhere"), "X-Request-Id"));
}
END_TEST

/* ---- the end ---- */

static void *stop(void *http)
{
	return http_free(http);
}

START_TEST(a_stream_in_flight_may_end_before_the_server_does)
{
	pthread_t stopping;
	node_bind("checkout", checkout_yaml);
	int fd = dial();
	say(fd, HEAD("checkout"));
	say_line(fd, "{\"total\":1}\n");
	hear(fd, "accepted");
	node_stop_turning();
	ck_assert_int_eq(pthread_create(&stopping, NULL, stop, node.http), 0);
	UNTIL(node_closing());
	node.http = NULL;
	say_line(fd, "{\"total\":2}\n");
	hear(fd, "{\"total\":2,\"status\":\"accepted\"}");
	say(fd, "0\r\n\r\n");
	hear(fd, "Flume-Lines: 2");
	hear_the_end(fd);
	pthread_join(stopping, NULL);
}
END_TEST

static void end_in(const char *name, const char *heard)
{
	node_close();
	node_open_with((struct http_options){.drain_ns = 10000000});
	node_bind("checkout", checkout_yaml);
	node_bind_step("nap");
	int fd = dial();
	char head[256];
	snprintf(head, sizeof head,
		 "POST /pipelines/%s HTTP/1.1\r\nHost: localhost\r\n" NDJSON
		 "\r\nTransfer-Encoding: chunked\r\n\r\n",
		 name);
	say(fd, head);
	say_line(fd, "{\"total\":1}\n");
	if (*heard)
		hear(fd, heard);
	else
		UNTIL(atomic_load(&node.napping) == 1);
	node_stop();
	ck_assert_ptr_null(node.http);
	hear(fd, *heard ? "{\"flume_error\":{\"line\":2,\"code\":\"closing\""
			: "{\"flume_error\":{\"line\":1,\"code\":\"closing\"");
	hear_the_end(fd);
}

START_TEST(a_stream_that_does_not_end_is_told_where_it_was_cut)
{
	end_in("checkout", "accepted");
}
END_TEST

START_TEST(a_line_that_does_not_end_is_cancelled)
{
	end_in("nap", "");
}
END_TEST

Suite *suite_http_stream(void)
{
	Suite *suite = suite_create("http_stream");
	TCase *t = node_case(suite, "lines");
	tcase_add_test(t, each_line_is_answered_and_a_broken_one_costs_only_itself);
	tcase_add_test(t, no_lines_are_no_answers);
	tcase_add_test(t, a_line_is_answered_before_the_next_one_is_sent);
	tcase_add_test(t, what_may_block_runs_on_workers_and_keeps_its_order);
	tcase_add_test(t, while_lines_block_others_are_served);
	tcase_add_test(t, a_full_queue_holds_a_stream_up);
	tcase_add_test(t, a_stream_waits_no_longer_than_a_call_may_take);
	tcase_add_test(t, each_line_has_its_own_time);
	tcase_add_test(t, a_reload_in_the_middle_shows_in_the_next_batch);
	tcase_add_test(t, a_pipeline_that_goes_ends_its_streams);
	tcase_add_test(t, a_line_that_is_too_long_is_refused_alone);
	tcase_add_test(t, a_packed_body_is_415);
	tcase_add_test(t, a_request_has_the_name_that_it_was_given);
	t = node_case(suite, "end");
	tcase_add_test(t, a_stream_in_flight_may_end_before_the_server_does);
	tcase_add_test(t, a_stream_that_does_not_end_is_told_where_it_was_cut);
	tcase_add_test(t, a_line_that_does_not_end_is_cancelled);
	return suite;
}
