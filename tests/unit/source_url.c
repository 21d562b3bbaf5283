#include "agent/source/url.h"

#include "agent/source/url_answer.h"

#include "lib/base/text.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"
#include "tests/unit/web_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLL INT64_C(20000000)

/* A source on a web site, and everything it said: "list(a=1 b=2) ", "event(a=3) ". */
static struct {
	struct loop *loop;
	struct web_site site;
	struct source *source;
	struct text said;
	char why[320], places[256];
	size_t proofs;
	int fails; /* so many batches are not taken in */
	bool up, told;
} t;

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	(void)arg;
	ck_assert_int_eq(revision, 0);
	text_add(&t.said, kind == BATCH_LIST ? "list(" : "event(");
	*t.places = '\0';
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(changes[i].origin, "url");
		text_addf(&t.said, "%s%s=", i ? " " : "", changes[i].name);
		if (changes[i].len < 100)
			text_add_n(&t.said, changes[i].text, changes[i].len);
		else
			text_addf(&t.said, "%zu", changes[i].len);
		strncat(t.places, changes[i].place, 100);
	}
	text_add(&t.said, ") ");
	return t.fails-- > 0 ? FLUME_NOMEM : 0;
}

static void on_proved(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	t.proofs++;
}

static void on_link(void *arg, bool up, const char *why)
{
	(void)arg;
	snprintf(t.why, sizeof t.why, "%s", up ? "" : why);
	t.up = up;
	t.told = true;
}

static void on_reset(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	ck_abort_msg("a web server has no revisions to reset");
}

static void begin(void)
{
	memset(&t, 0, sizeof t);
	t.loop = loop_new();
	ck_assert_ptr_nonnull(t.loop);
	web_site_open(&t.site, t.loop);
}

static void end(void)
{
	t.source = source_free(t.source);
	web_site_close(&t.site);
	t.loop = loop_free(t.loop);
	text_fini(&t.said);
}

static void follow_urls(const char *const *urls, const char *token_file)
{
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	const struct source_url_options options = {
		.urls = urls, .token_file = token_file, .poll_ns = POLL, .first_ms = 300};
	ck_assert_int_eq(source_url_new(&t.source, t.loop, &options, &sink, NULL), 0);
}

static const char *at(const char *name, const char *path)
{
	static char urls[8][128];
	static int turn;
	char *url = urls[turn++ % 8];
	snprintf(url, 128, "%s%s%s%s", name ? name : "", name ? "=" : "", t.site.url, path);
	return url;
}

static void follow(void)
{
	follow_urls((const char *[]){at(NULL, "/schemas"), NULL}, NULL);
}

static void follow_two(void)
{
	follow_urls((const char *[]){at("a", "/a"), at("b", "/b"), NULL}, NULL);
}

#define EXPECT(what)                                                         \
	do {                                                                 \
		LOOP_UNTIL(t.loop, t.said.s &&strstr(t.said.s, what), what); \
	} while (0)

static void until_proofs(size_t more)
{
	size_t n = t.proofs + more;
	LOOP_UNTIL(t.loop, t.proofs >= n, "a proof");
}

/* The link goes down with a reason that says this, and nothing else is said. */
static void until_down(const char *part)
{
	size_t said = t.said.len;
	LOOP_UNTIL(t.loop, t.told && !t.up && strstr(t.why, part), part);
	size_t proofs = t.proofs;
	for (int64_t until = loop_now() + 100000000; loop_now() < until;)
		loop_step(t.loop, 10);
	ck_assert_uint_eq(t.proofs, proofs);
	ck_assert_uint_eq(t.said.len, said);
}

/* ---- a map ---- */

START_TEST(each_other_answer_is_a_list)
{
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\", \"b\": {}}");
	follow();
	EXPECT("list(a=1 b={}) ");
	ck_assert_ptr_nonnull(strstr(t.places, "/schemas#a"));
	ck_assert(t.up);
	web_site_set(&t.site, "/schemas", "{\"a\": \"2\"}");
	EXPECT("list(a=2) ");
	web_site_set(&t.site, "/schemas", "{}");
	EXPECT("list() ");
	ck_assert_str_eq(t.said.s, "list(a=1 b={}) list(a=2) list() ");
}
END_TEST

START_TEST(what_did_not_change_is_proved_and_not_said)
{
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
	follow();
	EXPECT("list(a=1) ");
	until_proofs(3);
	ck_assert_uint_ge(t.site.unchanged, 3);
	ck_assert_str_eq(t.said.s, "list(a=1) ");
	/* Without an ETag the same again is no news either. */
	web_site_answer(&t.site, "/schemas",
			"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\": \"1\"}");
	until_proofs(3);
	ck_assert_str_eq(t.said.s, "list(a=1) ");
}
END_TEST

START_TEST(a_date_will_do_where_there_is_no_tag)
{
	web_site_answer(&t.site, "/schemas",
			"HTTP/1.1 200 OK\r\nLast-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
			"Content-Length: 2\r\n\r\n{}");
	follow();
	EXPECT("list() ");
	until_proofs(1);
	ck_assert_ptr_nonnull(
		strstr(t.site.last, "If-Modified-Since: Sun, 22 Nov 2026 10:00:00 GMT"));
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
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
	follow();
	EXPECT("list(a=1) ");
	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		web_site_answer(&t.site, "/schemas", troubles[i].raw);
		until_down(troubles[i].why);
		web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
		until_proofs(2);
		ck_assert(t.up);
	}
	ck_assert_str_eq(t.said.s, "list(a=1) ");
}
END_TEST

START_TEST(a_server_may_come_after_the_agent_and_go)
{
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
	web_site_leave(&t.site);
	follow();
	until_down("Connection refused");
	web_site_return(&t.site);
	EXPECT("list(a=1) ");
	web_site_leave(&t.site);
	until_down("Connection refused");
	web_site_return(&t.site);
	until_proofs(1);
	ck_assert(t.up);
}
END_TEST

START_TEST(what_could_not_be_taken_in_is_asked_for_again)
{
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
	t.fails = 1;
	follow();
	EXPECT("list(a=1) list(a=1) ");
	until_proofs(1);
	t.fails = 1;
	web_site_set(&t.site, "/schemas", "{\"a\": \"2\"}");
	EXPECT("list(a=2) list(a=2) ");
}
END_TEST

/* Half of the other may have been taken in. */
START_TEST(what_was_there_before_is_said_again_after_one_that_could_not_be_taken_in)
{
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
	follow();
	EXPECT("list(a=1) ");
	t.fails = 1;
	web_site_set(&t.site, "/schemas", "{\"a\": \"2\"}");
	EXPECT("list(a=2) ");
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
	EXPECT("list(a=2) list(a=1) ");
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
	web_site_set(&t.site, "/schemas", body);
	follow();
	EXPECT("list(a=1048577 b=2) ");
	free(body);
}
END_TEST

START_TEST(a_server_that_wants_peace_gets_it)
{
	web_site_answer(&t.site, "/schemas",
			"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
	follow();
	until_down("status 503");
	size_t asked = t.site.asked;
	for (int64_t until = loop_now() + 600000000; loop_now() < until;)
		loop_step(t.loop, 10);
	ck_assert_uint_eq(t.site.asked, asked);
	web_site_set(&t.site, "/schemas", "{}");
	EXPECT("list() ");
}
END_TEST

/* ---- redirects and the token ---- */

static void redirect(const char *path, const char *to)
{
	static char raw[4][256];
	static int turn;
	char *text = raw[turn++ % 4];
	snprintf(text, 256, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
		 to);
	web_site_answer(&t.site, path, text);
}

START_TEST(a_redirect_is_followed_as_far_as_it_may)
{
	redirect("/schemas", "/one");
	redirect("/one", "/two");
	web_site_set(&t.site, "/two", "{\"a\": \"1\"}");
	follow();
	EXPECT("list(a=1) ");
	redirect("/two", "/schemas");
	until_down("more than 5 redirects");
	redirect("/two", "ftp://127.0.0.1/x");
	until_down("a redirect to ftp://127.0.0.1/x is not followed");
}
END_TEST

/* What is behind the question mark may be a signature, and whoever has it may read. */
START_TEST(where_a_redirect_leads_is_told_without_its_query)
{
	redirect("/schemas", "/one?signature=geheim");
	web_site_answer(&t.site, "/one?signature=geheim",
			"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{");
	follow();
	until_down("/one: the answer was cut short");
	redirect("/schemas", "ftp://127.0.0.1/x?signature=geheim");
	until_down("a redirect to ftp://127.0.0.1/x is not followed");
	ck_assert_ptr_null(strstr(t.why, "geheim"));
}
END_TEST

START_TEST(the_token_goes_to_nobody_else)
{
	struct web_site other;
	char away[128];
	web_site_open(&other, t.loop);
	web_site_set(&other, "/x", "{\"a\": \"1\"}");
	redirect("/schemas", "/near");
	snprintf(away, sizeof away, "%s/x", other.url);
	redirect("/near", away);
	char file[128];
	const char *tmp = getenv("TMPDIR");
	snprintf(file, sizeof file, "%s/flume-token-XXXXXX", tmp ? tmp : "/tmp");
	int fd = mkstemp(file);
	ck_assert_int_eq(write(fd, "secret\n", 7), 7);
	follow_urls((const char *[]){at(NULL, "/schemas"), NULL}, file);
	EXPECT("list(a=1) ");
	ck_assert_ptr_nonnull(strstr(t.site.last, "GET /near "));
	ck_assert_ptr_nonnull(strstr(t.site.last, "Authorization: Bearer secret\r\n"));
	ck_assert_ptr_nonnull(strstr(other.last, "GET /x "));
	ck_assert_ptr_null(strstr(other.last, "secret"));
	/* Another one is taken for the next question; while there is none, the old one. */
	ck_assert_int_eq(pwrite(fd, "public", 6, 0), 6);
	LOOP_UNTIL(t.loop, strstr(t.site.last, "Bearer public\r\n"), "the other token");
	ck_assert_int_eq(unlink(file), 0);
	close(fd);
	until_proofs(3);
	ck_assert_ptr_nonnull(strstr(t.site.last, "Bearer public\r\n"));
	t.source = source_free(t.source);
	web_site_close(&other);
}
END_TEST

static int token_file(char path[128], const char *text)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(path, 128, "%s/flume-token-XXXXXX", tmp ? tmp : "/tmp");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

/* Who gives no token may be shown another map, or an empty one. */
START_TEST(without_the_token_that_is_meant_nothing_is_asked)
{
	char file[128];
	int fd = token_file(file, "\n");
	web_site_set(&t.site, "/schemas", "{}");
	follow_urls((const char *[]){at(NULL, "/schemas"), NULL}, file);
	until_down("holds no token");
	ck_assert_uint_eq(t.site.asked, 0);
	ck_assert_int_eq(pwrite(fd, "secret", 6, 0), 6);
	EXPECT("list() ");
	ck_assert_ptr_nonnull(strstr(t.site.last, "Authorization: Bearer secret\r\n"));
	ck_assert_int_eq(unlink(file), 0);
	close(fd);
}
END_TEST

static void set_proxy(const char *url)
{
	ck_assert_int_eq(setenv("http_proxy", url, 1), 0);
	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
}

/* It may go over http to this host alone, and a proxy is another. */
START_TEST(a_token_over_http_goes_through_no_proxy)
{
	struct web_site proxy;
	char file[128];
	int fd = token_file(file, "secret");
	web_site_open(&proxy, t.loop);
	set_proxy(proxy.url);
	web_site_set(&t.site, "/schemas", "{\"a\": \"1\"}");
	follow_urls((const char *[]){at(NULL, "/schemas"), NULL}, file);
	LOOP_UNTIL(t.loop, proxy.asked || t.site.asked, "a question");
	unsetenv("http_proxy");
	ck_assert_uint_eq(proxy.asked, 0);
	EXPECT("list(a=1) ");
	ck_assert_int_eq(unlink(file), 0);
	close(fd);
	t.source = source_free(t.source);
	web_site_close(&proxy);
}
END_TEST

START_TEST(the_password_of_a_proxy_is_not_told)
{
	static const char *const wrong[] = {
		"http://user:geheim@127.0.0.1:x", "what://user:geheim@127.0.0.1:1",
		"http://user:geheim@nowhere.invalid:1", "http://user:geheim@127.0.0.1:1"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		set_proxy(wrong[i]);
		follow();
		LOOP_UNTIL(t.loop, t.told && !t.up, "an error");
		unsetenv("http_proxy");
		ck_assert_msg(!strstr(t.why, "geheim"), "%s", t.why);
		t.source = source_free(t.source);
		t.told = false;
	}
}
END_TEST

/* ---- a URL for each ---- */

START_TEST(each_is_an_event_and_all_are_a_list_once)
{
	web_site_set(&t.site, "/a", "1");
	follow_two();
	EXPECT("event(a=1) ");
	until_down("/b: answered with status 404");
	web_site_set(&t.site, "/b", "{}");
	EXPECT("list(a=1 b={}) ");
	web_site_set(&t.site, "/a", "2");
	EXPECT("event(a=2) ");
	ck_assert_str_eq(t.said.s, "event(a=1) event(b={}) list(a=1 b={}) event(a=2) ");
	ck_assert_ptr_nonnull(strstr(t.places, "/a"));
}
END_TEST

START_TEST(one_in_trouble_holds_up_no_other)
{
	web_site_set(&t.site, "/a", "1");
	web_site_set(&t.site, "/b", "1");
	follow_two();
	EXPECT("list(a=1 b=1) ");
	web_site_answer(&t.site, "/a", "");
	until_down("/a: no answer in time");
	web_site_set(&t.site, "/b", "2");
	EXPECT("event(b=2) ");
	ck_assert(!t.up);
	web_site_set(&t.site, "/a", "1");
	until_proofs(1);
	ck_assert(t.up);
}
END_TEST

START_TEST(a_single_schema_has_its_limit)
{
	size_t n = ((size_t)1 << 20) + 1;
	char *body = malloc(n + 1);
	ck_assert_ptr_nonnull(body);
	memset(body, 'x', n);
	body[n] = '\0';
	web_site_set(&t.site, "/a", body);
	web_site_set(&t.site, "/b", "1");
	follow_two();
	EXPECT("event(b=1) ");
	until_down("/a: more than 1048576 bytes");
	/* It need not say how much it is. */
	web_site_set(&t.site, "/a", "1");
	until_proofs(1);
	char *raw = malloc(n + 32);
	ck_assert_ptr_nonnull(raw);
	strcpy(stpcpy(raw, "HTTP/1.1 200 OK\r\n\r\n"), body);
	web_site_answer(&t.site, "/a", raw);
	until_down("/a: more than 1048576 bytes");
	t.source = source_free(t.source);
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

/* ---- memory ---- */

static int on_quiet_batch(void *arg, enum batch_kind kind, const struct change *changes,
			  size_t n, int64_t revision)
{
	(void)arg, (void)kind, (void)changes, (void)revision;
	t.proofs += n;
	return 0;
}

/* What was said before is still believed, and asked for again. */
static void take_without_memory(char *name, const char *body)
{
	const struct sink sink = {.batch = on_quiet_batch};
	for (long nth = 1;; nth++) {
		struct url_document d = {.name = name ? strdup(name) : NULL,
					 .url = strdup("http://h/x")};
		struct flume_err err = {0};
		const struct web_reply reply = {
			.status = 200, .body = body, .len = strlen(body), .etag = "x"};
		t.proofs = 0;
		memory_fails_at(nth);
		int code = url_take(&d, &reply, &sink, &err);
		bool failed = memory_is_back();
		ck_assert(code == 0 || (failed && code == FLUME_NOMEM));
		ck_assert(code || t.proofs == 1);
		ck_assert(!code || (!d.etag && !*d.digest && *err.text));
		ck_assert_int_eq(url_take(&d, &reply, &sink, &err), 0);
		ck_assert_uint_eq(t.proofs, 1);
		url_document_fini(&d);
		if (!failed)
			return;
	}
}

START_TEST(each_allocation_for_an_answer_may_fail)
{
	take_without_memory(NULL, "{\"a\": \"1\"}");
	char name[] = "a";
	take_without_memory(name, "1");
}
END_TEST

START_TEST(each_allocation_of_a_start_may_fail)
{
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	const char *urls[] = {"a=https://h/a", "b=https://h/b", NULL};
	const struct source_url_options options = {
		.urls = urls, .ca_file = "x", .token_file = "y", .poll_ns = POLL};
	for (long nth = 1;; nth++) {
		struct flume_err err = {0};
		memory_fails_at(nth);
		int code = source_url_new(&t.source, t.loop, &options, &sink, &err);
		bool failed = memory_is_back();
		ck_assert(code == 0 || (failed && *err.text));
		if (!code)
			t.source = source_free(t.source);
		if (!failed)
			return;
	}
}
END_TEST

Suite *suite_source_url(void)
{
	Suite *suite = suite_create("source_url");
	TCase *tests = tcase_create("source_url");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
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
	tcase_add_test(tests, a_redirect_is_followed_as_far_as_it_may);
	tcase_add_test(tests, where_a_redirect_leads_is_told_without_its_query);
	tcase_add_test(tests, the_token_goes_to_nobody_else);
	tcase_add_test(tests, without_the_token_that_is_meant_nothing_is_asked);
	tcase_add_test(tests, a_token_over_http_goes_through_no_proxy);
	tcase_add_test(tests, the_password_of_a_proxy_is_not_told);
	tcase_add_test(tests, each_is_an_event_and_all_are_a_list_once);
	tcase_add_test(tests, one_in_trouble_holds_up_no_other);
	tcase_add_test(tests, a_single_schema_has_its_limit);
	tcase_add_test(tests, urls_are_checked_before_anything_is_asked);
	tcase_add_test(tests, each_allocation_for_an_answer_may_fail);
	tcase_add_test(tests, each_allocation_of_a_start_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
