/* /status, /healthz, /readyz, /metrics, and what is nowhere. */
#include "agent/http/meters.h"
#include "tests/unit/http_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static void pin(bool ready)
{
	struct page page = {.ready = ready,
			    .why = "checkout: waits for its canary\n",
			    .status = "{\"node\":\"n\"}",
			    .metrics = "flume_up 1\n"};
	ck_assert_int_eq(board_pin(node.board, &page), 0);
}

START_TEST(the_status_is_the_page_on_the_board)
{
	pin(true);
	const struct reply *reply = get("/status");
	expect_status(reply, 200);
	expect_header(reply, "Content-Type", "application/json");
	ck_assert_str_eq(reply->body, "{\"node\":\"n\"}");
}
END_TEST

START_TEST(a_node_without_etcd_knows_no_fleet)
{
	pin(true);
	expect_problem(get("/fleet"), 404, "no-etcd", "/status is this one");
}
END_TEST

START_TEST(alive_and_ready_are_two_things)
{
	pin(false);
	expect_status(get("/healthz"), 200);
	ck_assert_str_eq(get("/healthz")->body, "ok\n");
	expect_status(get("/readyz"), 503);
	ck_assert_str_eq(get("/readyz")->body, "not ready\n");
	ck_assert_str_eq(get("/readyz?verbose")->body, "checkout: waits for its canary\n");
	pin(true);
	expect_status(get("/readyz"), 200);
	expect_status(get("/readyz?verbose"), 200);
}
END_TEST

START_TEST(a_node_may_be_settled_that_is_not_ready)
{
	struct page page = {
		.settled = true, .why = "a: rejected\n", .status = "{}", .metrics = ""};
	ck_assert_int_eq(board_pin(node.board, &page), 0);
	expect_status(get("/readyz"), 503);
	expect_status(get("/readyz?settled"), 200);
	ck_assert_str_eq(get("/readyz?settled&verbose")->body, "a: rejected\n");
	pin(false);
	expect_status(get("/readyz?settled"), 503);
}
END_TEST

START_TEST(metrics_count_what_happened)
{
	pin(true);
	node_bind("checkout", checkout_yaml);
	node_bind("other", "version: \"1.0.0\"\nref: gate\n");
	for (int i = 0; i < 3; i++)
		post("checkout", "{\"total\":1}");
	post("checkout", "{}");
	post("checkout", "{\"drop\":1}");
	post("checkout", "nonsense");
	post("nowhere", "{}");
	const struct reply *reply = get("/metrics");
	expect_status(reply, 200);
	expect_header(reply, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	static const char *const parts[] = {
		"flume_up 1\n",
		"flume_http_requests_total{code=\"200\"} 3\n",
		"flume_http_requests_total{code=\"204\"} 1\n",
		"flume_http_requests_total{code=\"400\"} 1\n",
		"flume_http_requests_total{code=\"404\"} 1\n",
		"flume_http_requests_total{code=\"422\"} 1\n",
		"flume_pipeline_requests_total{schema=\"checkout\",outcome=\"ok\"} 3\n",
		"flume_pipeline_requests_total{schema=\"checkout\",outcome=\"dropped\"} 1\n",
		"flume_pipeline_requests_total{schema=\"checkout\",outcome=\"failed\"} 1\n",
		"flume_pipeline_requests_total{schema=\"other\",outcome=\"ok\"} 0\n",
		"flume_pipeline_errors_total{schema=\"checkout\"} 1\n",
		"flume_pipeline_duration_seconds_bucket{schema=\"checkout\",le=\"+Inf\"} 5\n",
		"flume_pipeline_duration_seconds_count{schema=\"checkout\"} 5\n",
		"flume_pipeline_duration_seconds_sum{schema=\"checkout\"} 0.",
		"# TYPE flume_pipeline_duration_seconds histogram\n",
		"\nprocess_resident_memory_bytes ",
		"\nprocess_start_time_seconds 1",
		"\nflume_build_info{version=\"",
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		expect_part(reply, parts[i]);
	ck_assert_ptr_null(strstr(reply->body, "nowhere"));
}
END_TEST

START_TEST(metrics_forget_what_is_gone)
{
	node_bind("checkout", checkout_yaml);
	post("checkout", "{}");
	expect_part(get("/metrics"), "schema=\"checkout\"");
	ck_assert_int_eq(flume_factory_remove_schema(node.factory, "checkout", NULL), 0);
	ck_assert_ptr_null(strstr(get("/metrics")->body, "checkout"));
}
END_TEST

#define ROUNDS 100

struct beginning {
	struct meters *meters;
	int number;
};

/* Each schema is bound, and called for the first time, while others begin too. */
static void *begin_many(void *arg)
{
	const struct beginning *b = arg;
	for (int i = 0; i < ROUNDS; i++) {
		char name[32];
		snprintf(name, sizeof name, "s-%d-%d", b->number, i);
		node_bind(name, "version: \"1.0.0\"\nref: nap\n");
		meters_call(b->meters, 0, name, 0, 1);
	}
	return NULL;
}

START_TEST(the_first_call_of_a_schema_is_counted_whoever_else_begins)
{
	pthread_t threads[4];
	struct beginning beginnings[4];
	struct meters *meters = meters_new(node.factory, 1);
	struct text out = {0};
	for (int t = 0; t < 4; t++) {
		beginnings[t] = (struct beginning){meters, t};
		ck_assert_int_eq(pthread_create(&threads[t], NULL, begin_many, &beginnings[t]),
				 0);
	}
	for (int t = 0; t < 4; t++)
		pthread_join(threads[t], NULL);
	meters_write(meters, &out);
	for (int t = 0; t < 4; t++) {
		for (int i = 0; i < ROUNDS; i++) {
			char line[128];
			snprintf(line, sizeof line,
				 "flume_pipeline_requests_total{schema=\"s-%d-%d\","
				 "outcome=\"ok\"} 1\n",
				 t, i);
			ck_assert_msg(strstr(out.s, line) != NULL, "%s", line);
		}
	}
	text_fini(&out);
	meters_free(meters);
}
END_TEST

START_TEST(what_is_nowhere_is_404_and_wrong_methods_are_405)
{
	expect_problem(get("/"), 404, "not-found", "nothing at '/'");
	expect_problem(get("/status/"), 404, "not-found", "");
	expect_problem(get("/healthzz"), 404, "not-found", "");
	expect_problem(get("/events"), 404, "not-found", "");
	const struct reply *reply = ASK(.method = "POST", .path = "/schemas/a", .body = "x");
	expect_problem(reply, 405, "bad-method", "PUT");
	expect_header(reply, "Allow", "GET, HEAD, PUT, DELETE");
	expect_status(ASK(.method = "PUT", .path = "/status", .body = "x"), 405);
}
END_TEST

START_TEST(the_unix_socket_serves_the_same)
{
	node_bind("checkout", checkout_yaml);
	expect_status(ASK(.path = "/healthz", .local = true), 200);
	expect_status(ASK(.path = "/healthz", .local = true, .headers = {"Host: anything"}),
		      200);
	expect_status(ASK(.method = "POST", .path = "/pipelines/checkout", .local = true,
			  .body = "{\"total\":1}"),
		      200);
}
END_TEST

Suite *suite_http_status(void)
{
	Suite *suite = suite_create("http_status");
	TCase *t = node_case(suite, "status");
	tcase_add_test(t, the_status_is_the_page_on_the_board);
	tcase_add_test(t, a_node_without_etcd_knows_no_fleet);
	tcase_add_test(t, alive_and_ready_are_two_things);
	tcase_add_test(t, a_node_may_be_settled_that_is_not_ready);
	tcase_add_test(t, metrics_count_what_happened);
	tcase_add_test(t, metrics_forget_what_is_gone);
	tcase_add_test(t, the_first_call_of_a_schema_is_counted_whoever_else_begins);
	tcase_add_test(t, what_is_nowhere_is_404_and_wrong_methods_are_405);
	tcase_add_test(t, the_unix_socket_serves_the_same);
	return suite;
}
