/* Documents that ask a web server. */
#include "agent/outside/url.h"

#include "agent/outside/kinds.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct receiver site;
static char yaml[1000];

static void open_site(void)
{
	receiver_open(&site);
	site.body = "{\"tier\":\"gold\"}";
}

static void close_site(void)
{
	receiver_close(&site);
}

static const char *enrich(const char *path, const char *more)
{
	snprintf(yaml, sizeof yaml, "{url: 'http://127.0.0.1:%u%s', into: who%s%s}", site.port,
		 path, *more ? ", " : "", more);
	return yaml;
}

START_TEST(the_answer_is_stored_and_the_connection_kept)
{
	struct made made = make_outside(&kind_enrich, enrich("/c/{id}?q={name}", ""));
	ck_assert(made.is.blocks);
	for (int i = 0; i < 5; i++)
		expect_run(&made, NULL, "{\"id\":7,\"name\":\"a/b&c ä?\"}", 0,
			   "{\"id\":7,\"name\":\"a/b&c ä?\",\"who\":{\"tier\":\"gold\"}}");
	expect_within(site.last.s, "GET /c/7?q=a%2Fb%26c%20%C3%A4%3F HTTP/1.1\r\n");
	ck_assert_uint_eq(site.connections, 1);
	unmake(&made);
}
END_TEST

START_TEST(a_post_sends_the_document_or_a_part_of_it)
{
	struct made made = make_outside(&kind_enrich,
					enrich("/c", "method: POST, headers: {X-Key: secret}"));
	expect_run(&made, NULL, "{\"id\":7}", 0, NULL);
	expect_within(site.last.s, "POST /c HTTP/1.1\r\n");
	expect_within(site.last.s, "X-Key: secret\r\n");
	expect_within(site.bodies.s, "{\"id\":7}");
	unmake(&made);
	made = make_outside(&kind_enrich, enrich("/c", "method: POST, body: a.b"));
	expect_run(&made, NULL, "{\"a\":{\"b\":[1,2]}}", 0, NULL);
	expect_within(site.bodies.s, "[1,2]");
	expect_run(&made, NULL, "{}", FLUME_FAILED, "a.b: missing");
	unmake(&made);
}
END_TEST

START_TEST(what_is_no_good_answer_fails_the_document)
{
	struct made made =
		make_outside(&kind_enrich, enrich("/c?key=secret", "max_bytes: 100"));
	struct {
		int status;
		const char *body, *why;
	} rows[] = {
		{404, "{}", "answered 404"}, {500, "{}", "answered 500"},
		{302, "{}", "answered 302"}, {200, "", "/c: "},
		{200, "{\"a\":", "/c: "},    {200, "<html>", "/c: "},
		{204, "", "/c: "},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		site.status = rows[i].status;
		site.body = rows[i].body;
		site.extra = rows[i].status == 302 ? "Location: /elsewhere\r\n" : NULL;
		struct flume_err err = {0};
		void *item = read_document("{\"a\":1}");
		ck_assert_int_eq(made.is.run(NULL, &item, made.is.arg, &err), FLUME_FAILED);
		expect_within(err.text, rows[i].why);
		ck_assert_ptr_null(strstr(err.text, "secret"));
		expect_document(item, "{\"a\":1}");
	}
	ck_assert_uint_eq(site.requests, sizeof rows / sizeof *rows);
	char large[200];
	memset(large, ' ', sizeof large);
	large[198] = '1';
	large[199] = '\0';
	site.status = 200;
	site.body = large;
	site.extra = NULL;
	expect_run(&made, NULL, "{}", FLUME_FAILED, "more than 100 bytes");
	receiver_leave(&site);
	expect_run(&made, NULL, "{}", FLUME_FAILED, "refused");
	receiver_return(&site);
	unmake(&made);
}
END_TEST

START_TEST(a_slow_server_costs_no_more_than_the_time_there_is)
{
	site.silent = true;
	struct made made = make_outside(&kind_enrich, enrich("/c", "timeout: 100ms"));
	int64_t begun = ms_now();
	expect_run(&made, NULL, "{}", FLUME_TIMED_OUT, "no answer in time");
	unmake(&made);
	made = make_outside(&kind_enrich, enrich("/c", "timeout: 1h"));
	struct flume_call call = call_of_ms(100);
	expect_run(&made, &call, "{}", FLUME_TIMED_OUT, "no answer in time");
	call = (struct flume_call){.cancel = flume_cancel_new()};
	flume_cancel_request(call.cancel);
	expect_run(&made, &call, "{}", FLUME_CANCELLED, "the call was over");
	flume_cancel_free(call.cancel);
	ck_assert_int_lt(ms_now() - begun, 10000);
	unmake(&made);
}
END_TEST

START_TEST(a_canary_call_asks_nobody)
{
	struct flume_call canary = {.flags = FLUME_CALL_CANARY};
	const struct flume_maker *makers[] = {&kind_enrich, &kind_enrich_unopened};
	for (int i = 0; i < 2; i++) {
		struct made made = make_outside(makers[i], enrich("/c", ""));
		expect_run(&made, &canary, "{}", 0, "{}");
		unmake(&made);
		made = make_outside(makers[i], enrich("/c", "canary: {tier: test}"));
		expect_run(&made, &canary, "{}", 0, "{\"who\":{\"tier\":\"test\"}}");
		unmake(&made);
	}
	ck_assert_uint_eq(site.requests, 0);
}
END_TEST

START_TEST(a_value_that_cannot_be_part_of_the_url_fails)
{
	struct made made = make_outside(&kind_enrich, enrich("/c/{id}/x", ""));
	expect_run(&made, NULL, "{}", FLUME_FAILED, "id: missing");
	expect_run(&made, NULL, "{\"id\":null}", FLUME_FAILED, "id: null cannot be part");
	expect_run(&made, NULL, "{\"id\":[]}", FLUME_FAILED, "id: an array cannot be part");
	expect_run(&made, NULL, "{\"id\":\"\"}", FLUME_FAILED, "id: an empty text");
	expect_run(&made, NULL, "{\"id\":\"..\"}", FLUME_FAILED,
		   "id: '..' would lead elsewhere");
	ck_assert_uint_eq(site.requests, 0);
	unmake(&made);
}
END_TEST

START_TEST(a_bad_declaration_is_refused_with_the_field)
{
	expect_refused(&kind_enrich, "{url: 'http://{host}/', into: x}", "url",
		       "no value of a document may name the host");
	expect_refused(&kind_enrich, enrich("/{a", ""), "url", "a brace without its other");
	expect_refused(&kind_enrich, enrich("/a}", ""), "url", "a brace without its other");
	expect_refused(&kind_enrich, enrich("/{a[}", ""), "url", "column");
	expect_refused(&kind_enrich, enrich("/", "method: PUT"), "method",
		       "'PUT' is not GET or POST");
	expect_refused(&kind_enrich, "{url: 'file:///etc/passwd', into: x}", "url", "http");
	expect_refused(&kind_enrich, "{url: 'http://x/', into: 'a['}", "into", "column");
}
END_TEST

static void *run_often(void *arg)
{
	for (int i = 0; i < 50; i++)
		expect_run(arg, NULL, "{}", 0, "{\"who\":{\"tier\":\"gold\"}}");
	return NULL;
}

START_TEST(many_threads_ask_at_once)
{
	pthread_t threads[8];
	struct made made = make_outside(&kind_enrich, enrich("/c", "timeout: 20s"));
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, run_often, &made);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(site.requests, 400);
	ck_assert_uint_le(site.connections, 8);
	unmake(&made);
}
END_TEST

Suite *suite_outside_enrich(void)
{
	Suite *suite = suite_create("outside_enrich");
	TCase *tc = tcase_create("http");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, open_site, close_site);
	tcase_add_test(tc, the_answer_is_stored_and_the_connection_kept);
	tcase_add_test(tc, a_post_sends_the_document_or_a_part_of_it);
	tcase_add_test(tc, what_is_no_good_answer_fails_the_document);
	tcase_add_test(tc, a_slow_server_costs_no_more_than_the_time_there_is);
	tcase_add_test(tc, a_canary_call_asks_nobody);
	tcase_add_test(tc, a_value_that_cannot_be_part_of_the_url_fails);
	tcase_add_test(tc, a_bad_declaration_is_refused_with_the_field);
	tcase_add_test(tc, many_threads_ask_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}
