/* POST /pipelines/NAME: what goes in, what comes out, and what it costs the neighbours. */
#include "tests/unit/http_fixture.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

#define OK_DOCUMENT "{\"total\":5}"

START_TEST(a_document_comes_back_with_the_names_of_what_made_it)
{
	node_bind("checkout", checkout_yaml);
	const struct reply *reply = post("checkout", OK_DOCUMENT);
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, "{\"total\":5,\"status\":\"accepted\"}");
	expect_header(reply, "Content-Type", "application/json");
	expect_header(reply, "Flume-Schema", "checkout");
	expect_header(reply, "Flume-Version", "1.0.0");
	expect_header(reply, "Flume-Generation", "1");
}
END_TEST

START_TEST(a_dropped_document_is_204)
{
	node_bind("checkout", checkout_yaml);
	const struct reply *reply = post("checkout", "{\"drop\":true}");
	expect_status(reply, 204);
	ck_assert_uint_eq(reply->len, 0);
	expect_header(reply, "Flume-Generation", "1");
}
END_TEST

START_TEST(an_error_names_the_steps_that_led_to_it)
{
	node_bind("checkout", checkout_yaml);
	const struct reply *reply = post("checkout", "{\"id\":1}");
	expect_problem(reply, 422, "failed", "\"step\":\"checkout > total\"");
	expect_part(reply, "\"detail\":\"checkout > total: ");
	expect_part(reply, "\"title\":\"Unprocessable");
	expect_header(reply, "Flume-Schema", "checkout");
}
END_TEST

START_TEST(each_kind_of_failure_has_its_status)
{
	static const struct {
		const char *step, *code;
		long status;
	} rows[] = {
		{"refuse", "refused", 503},
		{"limit", "limited", 429},
		{"starve", "out-of-memory", 503},
		{"break", "internal", 500},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		node_bind_step(rows[i].step);
		expect_problem(post(rows[i].step, "1"), rows[i].status, rows[i].code,
			       "said so");
	}
}
END_TEST

START_TEST(an_unknown_pipeline_is_404_and_the_nearest_name_is_told)
{
	node_bind("checkout", checkout_yaml);
	expect_problem(post("chekout", OK_DOCUMENT), 404, "not-found",
		       "did you mean 'checkout'?");
	expect_problem(post("zzz", OK_DOCUMENT), 404, "not-found", "no pipeline 'zzz'\"");
	expect_problem(ASK(.method = "POST", .path = "/pipelines/", .body = "1"), 404,
		       "not-found", "/pipelines/");
	expect_problem(ASK(.method = "POST", .path = "/pipelines/a%2Fb", .body = "1"), 404,
		       "not-found", "a/b");
}
END_TEST

START_TEST(bad_json_is_400_with_its_place)
{
	static const char *const bodies[][2] = {
		{"{\"id\": 1,\n \"total\": }", "line 2, column 11"},
		{"{\"a\":1,\"a\":2}", "line 1, column"},
		{"{} trailing", "line 1, column 4"},
		{"\"\\ud800\"", "line 1, column"},
		{"\"\xff\"", "line 1, column 2"},
		{"", "line 1, column 1"},
	};
	node_bind("checkout", checkout_yaml);
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		expect_problem(post("checkout", bodies[i][0]), 400, "bad-json", bodies[i][1]);
	expect_problem(ASK(.method = "POST", .path = "/pipelines/checkout"), 400, "bad-json",
		       "line 1, column 1");
	expect_status(post("checkout", OK_DOCUMENT), 200);
}
END_TEST

START_TEST(a_document_a_hundred_levels_deep_passes_and_ten_thousand_do_not)
{
	node_bind_step("gate");
	atomic_store(&node.gate_open, true);
	char deep[20001];
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	deep[200] = '\0';
	const struct reply *reply = post("gate", deep);
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, deep);
	memset(deep, '[', 10000);
	memset(deep + 10000, ']', 10000);
	deep[20000] = '\0';
	expect_problem(post("gate", deep), 400, "bad-json", "line 1, column 257");
}
END_TEST

START_TEST(only_post_is_taken)
{
	static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE"};
	node_bind("checkout", checkout_yaml);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		const struct reply *reply =
			ASK(.method = methods[i], .path = "/pipelines/checkout");
		expect_status(reply, 405);
		expect_header(reply, "Allow", "POST");
	}
}
END_TEST

/* ---- time ---- */

START_TEST(a_call_that_takes_too_long_is_504)
{
	node_bind_step("nap");
	const struct reply *reply = ASK(.method = "POST", .path = "/pipelines/nap", .body = "1",
					.headers = {"Flume-Timeout: 20ms"});
	expect_problem(reply, 504, "timed-out", "");
	expect_header(reply, "Flume-Schema", "nap");
}
END_TEST

START_TEST(a_bad_timeout_is_400)
{
	static const char *const bad[] = {"Flume-Timeout: soon", "Flume-Timeout: 0",
					  "Flume-Timeout: -5s", "Flume-Timeout: 5"};
	node_bind("checkout", checkout_yaml);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_problem(ASK(.method = "POST", .path = "/pipelines/checkout",
				   .body = OK_DOCUMENT, .headers = {bad[i]}),
			       400, "bad-timeout", "expected a duration");
}
END_TEST

START_TEST(the_configured_timeout_is_the_most_one_gets)
{
	node_close();
	node_open_with((struct http_options){.timeout_ns = 20000000});
	node_bind_step("nap");
	expect_status(ASK(.method = "POST", .path = "/pipelines/nap", .body = "1",
			  .headers = {"Flume-Timeout: 1h"}),
		      504);
}
END_TEST

/* ---- workers ---- */

static const struct ask to_gate = {.method = "POST", .path = "/pipelines/gate", .body = "[1]"};

START_TEST(calls_that_block_leave_the_others_alone)
{
	struct asking slow[8];
	node_bind("checkout", checkout_yaml);
	node_bind_step("gate");
	for (size_t i = 0; i < 8; i++) {
		slow[i] = (struct asking){.ask = to_gate};
		ask_aside(&slow[i]);
	}
	UNTIL(atomic_load(&node.at_gate) == 8);
	for (int i = 0; i < 20; i++)
		expect_status(post("checkout", OK_DOCUMENT), 200);
	ck_assert_int_eq(atomic_load(&node.at_gate), 8);
	atomic_store(&node.gate_open, true);
	for (size_t i = 0; i < 8; i++)
		expect_status(join(&slow[i]), 200);
}
END_TEST

START_TEST(a_pipeline_that_sleeps_leaves_half_of_the_workers_to_others)
{
	struct asking slow[8];
	node_close();
	node_open_with((struct http_options){.workers = 4, .queue = 16});
	node_bind_step("gate");
	node_bind_step("nap");
	for (size_t i = 0; i < 8; i++) {
		slow[i] = (struct asking){.ask = to_gate};
		ask_aside(&slow[i]);
	}
	UNTIL(atomic_load(&node.at_gate) == 2 && node_waiting() == 8);
	for (int i = 0; i < 3; i++)
		expect_problem(ASK(.method = "POST", .path = "/pipelines/nap", .body = "1",
				   .headers = {"Flume-Timeout: 20ms"}),
			       504, "timed-out", "");
	ck_assert_int_eq(atomic_load(&node.at_gate), 2);
	atomic_store(&node.gate_open, true);
	for (size_t i = 0; i < 8; i++)
		expect_status(join(&slow[i]), 200);
}
END_TEST

START_TEST(a_pipeline_that_sleeps_leaves_half_of_the_queue_to_others)
{
	struct asking slow[4], other = {.ask = {.method = "POST",
						.path = "/pipelines/nap",
						.body = "1",
						.headers = {"Flume-Timeout: 20ms"}}};
	node_close();
	node_open_with((struct http_options){.workers = 1, .queue = 4});
	node_bind_step("gate");
	node_bind_step("nap");
	for (size_t i = 0; i < 3; i++) {
		slow[i] = (struct asking){.ask = to_gate};
		ask_aside(&slow[i]);
		UNTIL(node_waiting() == i + 1);
	}
	expect_problem(ask(to_gate), 503, "busy", "queue is full");
	expect_part(get("/metrics"), "flume_pipeline_errors_total{schema=\"gate\"} 1\n");
	ask_aside(&other);
	UNTIL(node_waiting() == 4);
	atomic_store(&node.gate_open, true);
	for (size_t i = 0; i < 3; i++)
		expect_status(join(&slow[i]), 200);
	expect_status(join(&other), 504);
}
END_TEST

START_TEST(a_call_whose_time_passed_in_the_queue_is_504_and_does_not_run)
{
	struct asking first = {.ask = to_gate}, late = {.ask = to_gate};
	late.ask.headers[0] = "Flume-Timeout: 1ms";
	node_close();
	node_open_with((struct http_options){.workers = 1});
	node_bind_step("gate");
	ask_aside(&first);
	UNTIL(atomic_load(&node.at_gate) == 1);
	ask_aside(&late);
	UNTIL(node_waiting() == 2);
	int64_t passed = loop_now() + 2000000;
	UNTIL(loop_now() > passed);
	atomic_store(&node.gate_open, true);
	expect_status(join(&first), 200);
	expect_problem(join(&late), 504, "timed-out", "when its turn came");
}
END_TEST

START_TEST(a_full_queue_is_503_with_a_time_to_come_back)
{
	struct asking first = {.ask = to_gate}, second = {.ask = to_gate};
	struct asking third = {.ask = to_gate};
	node_close();
	node_open_with((struct http_options){.workers = 1, .queue = 1});
	node_bind_step("gate");
	ask_aside(&first);
	UNTIL(atomic_load(&node.at_gate) == 1);
	ask_aside(&second);
	ask_aside(&third); /* one of these two waits, the other is turned away */
	UNTIL(atomic_load(&second.over) || atomic_load(&third.over));
	bool second_went = atomic_load(&second.over);
	const struct reply *reply = join(second_went ? &second : &third);
	expect_problem(reply, 503, "busy", "queue is full");
	expect_header(reply, "Retry-After", "1");
	atomic_store(&node.gate_open, true);
	expect_status(join(&first), 200);
	expect_status(join(second_went ? &third : &second), 200);
}
END_TEST

START_TEST(a_reload_between_two_calls_shows_in_the_second)
{
	node_bind("checkout", checkout_yaml);
	expect_header(post("checkout", OK_DOCUMENT), "Flume-Generation", "1");
	node_bind("checkout", "version: \"2.0.0\"\nname: other\ntype: sequence\n"
			      "children: [{ref: gate}]\n");
	atomic_store(&node.gate_open, true);
	const struct reply *reply = post("checkout", OK_DOCUMENT);
	expect_header(reply, "Flume-Generation", "2");
	expect_header(reply, "Flume-Version", "2.0.0");
	ck_assert_str_eq(reply->body, OK_DOCUMENT);
}
END_TEST

Suite *suite_http_pipelines(void)
{
	Suite *suite = suite_create("http_pipelines");
	TCase *t = node_case(suite, "documents");
	tcase_add_test(t, a_document_comes_back_with_the_names_of_what_made_it);
	tcase_add_test(t, a_dropped_document_is_204);
	tcase_add_test(t, an_error_names_the_steps_that_led_to_it);
	tcase_add_test(t, each_kind_of_failure_has_its_status);
	tcase_add_test(t, an_unknown_pipeline_is_404_and_the_nearest_name_is_told);
	tcase_add_test(t, bad_json_is_400_with_its_place);
	tcase_add_test(t, a_document_a_hundred_levels_deep_passes_and_ten_thousand_do_not);
	tcase_add_test(t, only_post_is_taken);
	t = node_case(suite, "time");
	tcase_add_test(t, a_call_that_takes_too_long_is_504);
	tcase_add_test(t, a_bad_timeout_is_400);
	tcase_add_test(t, the_configured_timeout_is_the_most_one_gets);
	t = node_case(suite, "workers");
	tcase_add_test(t, calls_that_block_leave_the_others_alone);
	tcase_add_test(t, a_pipeline_that_sleeps_leaves_half_of_the_workers_to_others);
	tcase_add_test(t, a_pipeline_that_sleeps_leaves_half_of_the_queue_to_others);
	tcase_add_test(t, a_call_whose_time_passed_in_the_queue_is_504_and_does_not_run);
	tcase_add_test(t, a_full_queue_is_503_with_a_time_to_come_back);
	tcase_add_test(t, a_reload_between_two_calls_shows_in_the_second);
	return suite;
}
