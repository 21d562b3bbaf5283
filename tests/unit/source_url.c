/* What a web server answers: a map of schemas, or one schema at each URL. */
#include "tests/unit/suites.h"
#include "tests/unit/url_fixture.h"

#include <stdlib.h>

/* ---- a map ---- */

START_TEST(each_other_answer_is_a_list)
{
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\", \"b\": {}}");
	url_follow();
	URL_EXPECT("list(a=1 b={}) ");
	ck_assert_ptr_nonnull(strstr(url_site.places, "/schemas#a"));
	ck_assert(url_site.up);
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"2\"}");
	URL_EXPECT("list(a=2) ");
	web_site_set(&url_site.site, "/schemas", "{}");
	URL_EXPECT("list() ");
	ck_assert_str_eq(url_site.said.s, "list(a=1 b={}) list(a=2) list() ");
}
END_TEST

START_TEST(what_did_not_change_is_proved_and_not_said)
{
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
	url_follow();
	URL_EXPECT("list(a=1) ");
	url_until_proofs(3);
	ck_assert_uint_ge(url_site.site.unchanged, 3);
	ck_assert_str_eq(url_site.said.s, "list(a=1) ");
	/* Without an ETag the same again is no news either. */
	web_site_answer(&url_site.site, "/schemas",
			"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\": \"1\"}");
	url_until_proofs(3);
	ck_assert_str_eq(url_site.said.s, "list(a=1) ");
}
END_TEST

START_TEST(a_date_will_do_where_there_is_no_tag)
{
	web_site_answer(&url_site.site, "/schemas",
			"HTTP/1.1 200 OK\r\nLast-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
			"Content-Length: 2\r\n\r\n{}");
	url_follow();
	URL_EXPECT("list() ");
	url_until_proofs(1);
	ck_assert_ptr_nonnull(
		strstr(url_site.site.last, "If-Modified-Since: Sun, 22 Nov 2026 10:00:00 GMT"));
}
END_TEST

START_TEST(trouble_touches_nothing_and_says_why)
{
	static const struct {
		const char *raw, *why;
	} troubles[] = {
		{"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", "answered with status 500"},
		{"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}", "answered with status 404"},
		{"HTTP/1.1 206 Part\r\nContent-Length: 2\r\n\r\n{}",
		 "answered with status 206"},
		{"HTTP/1.1 204 Nothing\r\n\r\n", "answered with status 204"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "the answer is empty"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
		 "a web page, not a document"},
		{"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}",
		 "a web page, not a document"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\": ",
		 "the answer was cut short"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n{\"a\": ",
		 "/schemas:1:7: expected a value: the answer ends too soon"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"a\": \"1\",\n\"a\": "
		 "\"2\"}\n ",
		 "/schemas:2:1: here is a second schema of the name 'a'"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"A\": \"1\"}",
		 "/schemas:1:2: expected a name"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{",
		 "more than 16777216 bytes"},
		{"nonsense\r\n\r\n", "/schemas: "},
		{"", "no answer in time"},
	};
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
	url_follow();
	URL_EXPECT("list(a=1) ");
	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		web_site_answer(&url_site.site, "/schemas", troubles[i].raw);
		url_until_down(troubles[i].why);
		web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
		url_until_proofs(2);
		ck_assert(url_site.up);
	}
	ck_assert_str_eq(url_site.said.s, "list(a=1) ");
}
END_TEST

START_TEST(a_server_may_come_after_the_agent_and_go)
{
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
	web_site_leave(&url_site.site);
	url_follow();
	url_until_down("Connection refused");
	web_site_return(&url_site.site);
	URL_EXPECT("list(a=1) ");
	web_site_leave(&url_site.site);
	url_until_down("Connection refused");
	web_site_return(&url_site.site);
	url_until_proofs(1);
	ck_assert(url_site.up);
}
END_TEST

START_TEST(what_could_not_be_taken_in_is_asked_for_again)
{
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
	url_site.fails = 1;
	url_follow();
	URL_EXPECT("list(a=1) list(a=1) ");
	url_until_proofs(1);
	url_site.fails = 1;
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"2\"}");
	URL_EXPECT("list(a=2) list(a=2) ");
}
END_TEST

/* Half of the other may have been taken in. */
START_TEST(what_was_there_before_is_said_again_after_one_that_could_not_be_taken_in)
{
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
	url_follow();
	URL_EXPECT("list(a=1) ");
	url_site.fails = 1;
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"2\"}");
	URL_EXPECT("list(a=2) ");
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
	URL_EXPECT("list(a=2) list(a=1) ");
}
END_TEST

START_TEST(a_huge_schema_is_cut_where_the_engine_refuses_it)
{
	size_t n = (size_t)2 << 20;
	char *body = malloc(n + 32);
	ck_assert_ptr_nonnull(body);
	char *to = stpcpy(body, "{\"a\": \"");
	memset(to, 'x', n);
	strcpy(to + n, "\", \"b\": \"2\"}");
	web_site_set(&url_site.site, "/schemas", body);
	url_follow();
	URL_EXPECT("list(a=1048577 b=2) ");
	free(body);
}
END_TEST

START_TEST(a_server_that_wants_peace_gets_it)
{
	web_site_answer(&url_site.site, "/schemas",
			"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
	url_follow();
	url_until_down("status 503");
	size_t asked = url_site.site.asked;
	for (int64_t until = loop_now() + 600000000; loop_now() < until;)
		loop_step(url_site.loop, 10);
	ck_assert_uint_eq(url_site.site.asked, asked);
	web_site_set(&url_site.site, "/schemas", "{}");
	URL_EXPECT("list() ");
}
END_TEST

/* ---- a URL for each ---- */

static void follow_two(void)
{
	url_follow_list((const char *[]){url_at("a", "/a"), url_at("b", "/b"), NULL}, NULL);
}

START_TEST(each_is_an_event_and_all_are_a_list_once)
{
	web_site_set(&url_site.site, "/a", "1");
	follow_two();
	URL_EXPECT("event(a=1) ");
	url_until_down("/b: answered with status 404");
	web_site_set(&url_site.site, "/b", "{}");
	URL_EXPECT("list(a=1 b={}) ");
	web_site_set(&url_site.site, "/a", "2");
	URL_EXPECT("event(a=2) ");
	ck_assert_str_eq(url_site.said.s, "event(a=1) event(b={}) list(a=1 b={}) event(a=2) ");
	ck_assert_ptr_nonnull(strstr(url_site.places, "/a"));
}
END_TEST

START_TEST(one_in_trouble_holds_up_no_other)
{
	web_site_set(&url_site.site, "/a", "1");
	web_site_set(&url_site.site, "/b", "1");
	follow_two();
	URL_EXPECT("list(a=1 b=1) ");
	web_site_answer(&url_site.site, "/a", "");
	url_until_down("/a: no answer in time");
	web_site_set(&url_site.site, "/b", "2");
	URL_EXPECT("event(b=2) ");
	ck_assert(!url_site.up);
	web_site_set(&url_site.site, "/a", "1");
	url_until_proofs(1);
	ck_assert(url_site.up);
}
END_TEST

START_TEST(a_single_schema_has_its_limit)
{
	size_t n = ((size_t)1 << 20) + 1;
	char *body = malloc(n + 1);
	ck_assert_ptr_nonnull(body);
	memset(body, 'x', n);
	body[n] = '\0';
	web_site_set(&url_site.site, "/a", body);
	web_site_set(&url_site.site, "/b", "1");
	follow_two();
	URL_EXPECT("event(b=1) ");
	url_until_down("/a: more than 1048576 bytes");
	/* It need not say how much it is. */
	web_site_set(&url_site.site, "/a", "1");
	url_until_proofs(1);
	char *raw = malloc(n + 32);
	ck_assert_ptr_nonnull(raw);
	strcpy(stpcpy(raw, "HTTP/1.1 200 OK\r\n\r\n"), body);
	web_site_answer(&url_site.site, "/a", raw);
	url_until_down("/a: more than 1048576 bytes");
	url_site.source = source_free(url_site.source);
	free(raw);
	free(body);
}
END_TEST

/* ---- URLs ---- */

START_TEST(urls_are_checked_before_anything_is_asked)
{
	static const struct {
		const char *urls[4], *token, *error;
	} cases[] = {
		{{"https://h/x"}, NULL, NULL},
		{{"https://h/x?a=b"}, "t", NULL},
		{{"a=https://h/a", "b=https://h/b"}, NULL, NULL},
		{{"http://127.0.0.1:80/x"}, "t", NULL},
		{{"h/x"}, NULL, "'h/x': expected http:// or https://"},
		{{"ftp://h/x"}, NULL, "'ftp://h/x': expected http:// or https://"},
		{{"a=h"}, NULL, "'h': expected http:// or https://"},
		{{"https://"}, NULL, "'https://': it is no URL"},
		{{"https://u:p@h/x"},
		 NULL,
		 "the URL: a password would be shown: use a token file"},
		{{"https://u:p@h:port/x"}, NULL, "the URL: it is no URL"},
		{{"https://h/x#a"},
		 NULL,
		 "'https://h/x#a': a fragment is never sent: leave out '#' and what follows"},
		{{"http://127.0.0.1.evil.org/x"},
		 "t",
		 "'http://127.0.0.1.evil.org/x': the token would be seen on the way: expected "
		 "https://"},
		{{"https://h/x", "https://h/y"},
		 NULL,
		 "expected one URL of all schemas, or NAME=URL for each"},
		{{"https://h/x", "a=https://h/y"},
		 NULL,
		 "expected one URL of all schemas, or NAME=URL for each"},
		{{"a=https://h/x", "a=https://h/y"},
		 NULL,
		 "'a=https://h/y': the name stands twice"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct flume_err err = {0};
		const struct source_url_options options = {.urls = cases[i].urls,
							   .token_file = cases[i].token};
		int code = source_url_check(&options, &err);
		ck_assert_str_eq(err.text, cases[i].error ? cases[i].error : "");
		ck_assert_int_eq(code, cases[i].error ? FLUME_INVALID : 0);
	}
}
END_TEST

Suite *suite_source_url(void)
{
	Suite *suite = suite_create("source_url");
	TCase *tests = url_case(suite, "answers");
	tcase_add_test(tests, each_other_answer_is_a_list);
	tcase_add_test(tests, what_did_not_change_is_proved_and_not_said);
	tcase_add_test(tests, a_date_will_do_where_there_is_no_tag);
	tcase_add_test(tests, trouble_touches_nothing_and_says_why);
	tcase_add_test(tests, a_server_may_come_after_the_agent_and_go);
	tcase_add_test(tests, what_could_not_be_taken_in_is_asked_for_again);
	tcase_add_test(
		tests,
		what_was_there_before_is_said_again_after_one_that_could_not_be_taken_in);
	tcase_add_test(tests, a_huge_schema_is_cut_where_the_engine_refuses_it);
	tcase_add_test(tests, a_server_that_wants_peace_gets_it);
	tcase_add_test(tests, each_is_an_event_and_all_are_a_list_once);
	tcase_add_test(tests, one_in_trouble_holds_up_no_other);
	tcase_add_test(tests, a_single_schema_has_its_limit);
	tcase_add_test(tests, urls_are_checked_before_anything_is_asked);
	return suite;
}
