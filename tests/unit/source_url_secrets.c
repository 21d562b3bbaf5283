/* Redirects, the token and a proxy's password: who is told what. */
#include "tests/unit/suites.h"
#include "tests/unit/url_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void redirect(const char *path, const char *to)
{
	static char raw[4][256];
	static int turn;
	char *text = raw[turn++ % 4];
	snprintf(text, 256, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
		 to);
	web_site_answer(&url_site.site, path, text);
}

START_TEST(a_redirect_is_followed_as_far_as_it_may)
{
	redirect("/schemas", "/one");
	redirect("/one", "/two");
	web_site_set(&url_site.site, "/two", "{\"a\": \"1\"}");
	url_follow();
	URL_EXPECT("list(a=1) ");
	redirect("/two", "/schemas");
	url_until_down("more than 5 redirects");
	redirect("/two", "ftp://127.0.0.1/x");
	url_until_down("a redirect to ftp://127.0.0.1/x is not followed");
}
END_TEST

/* What is behind the question mark may be a signature, and whoever has it may read. */
START_TEST(where_a_redirect_leads_is_told_without_its_query)
{
	redirect("/schemas", "/one?signature=geheim");
	web_site_answer(&url_site.site, "/one?signature=geheim",
			"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{");
	url_follow();
	url_until_down("/one: the answer was cut short");
	redirect("/schemas", "ftp://127.0.0.1/x?signature=geheim");
	url_until_down("a redirect to ftp://127.0.0.1/x is not followed");
	ck_assert_ptr_null(strstr(url_site.why, "geheim"));
}
END_TEST

START_TEST(the_token_goes_to_nobody_else)
{
	struct web_site other;
	char away[128];
	web_site_open(&other, url_site.loop);
	web_site_set(&other, "/x", "{\"a\": \"1\"}");
	redirect("/schemas", "/near");
	snprintf(away, sizeof away, "%s/x", other.url);
	redirect("/near", away);
	char file[128];
	const char *tmp = getenv("TMPDIR");
	snprintf(file, sizeof file, "%s/flume-token-XXXXXX", tmp ? tmp : "/tmp");
	int fd = mkstemp(file);
	ck_assert_int_eq(write(fd, "secret\n", 7), 7);
	url_follow_list((const char *[]){url_at(NULL, "/schemas"), NULL}, file);
	URL_EXPECT("list(a=1) ");
	ck_assert_ptr_nonnull(strstr(url_site.site.last, "GET /near "));
	ck_assert_ptr_nonnull(strstr(url_site.site.last, "Authorization: Bearer secret\r\n"));
	ck_assert_ptr_nonnull(strstr(other.last, "GET /x "));
	ck_assert_ptr_null(strstr(other.last, "secret"));
	/* Another one is taken for the next question; while there is none, the old one. */
	ck_assert_int_eq(pwrite(fd, "public", 6, 0), 6);
	LOOP_UNTIL(url_site.loop, strstr(url_site.site.last, "Bearer public\r\n"),
		   "the other token");
	ck_assert_int_eq(unlink(file), 0);
	close(fd);
	url_until_proofs(3);
	ck_assert_ptr_nonnull(strstr(url_site.site.last, "Bearer public\r\n"));
	url_site.source = source_free(url_site.source);
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
	web_site_set(&url_site.site, "/schemas", "{}");
	url_follow_list((const char *[]){url_at(NULL, "/schemas"), NULL}, file);
	url_until_down("holds no token");
	ck_assert_uint_eq(url_site.site.asked, 0);
	ck_assert_int_eq(pwrite(fd, "secret", 6, 0), 6);
	URL_EXPECT("list() ");
	ck_assert_ptr_nonnull(strstr(url_site.site.last, "Authorization: Bearer secret\r\n"));
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
	web_site_open(&proxy, url_site.loop);
	set_proxy(proxy.url);
	web_site_set(&url_site.site, "/schemas", "{\"a\": \"1\"}");
	url_follow_list((const char *[]){url_at(NULL, "/schemas"), NULL}, file);
	LOOP_UNTIL(url_site.loop, proxy.asked || url_site.site.asked, "a question");
	unsetenv("http_proxy");
	ck_assert_uint_eq(proxy.asked, 0);
	URL_EXPECT("list(a=1) ");
	ck_assert_int_eq(unlink(file), 0);
	close(fd);
	url_site.source = source_free(url_site.source);
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
		url_follow();
		LOOP_UNTIL(url_site.loop, url_site.told && !url_site.up, "an error");
		unsetenv("http_proxy");
		ck_assert_msg(!strstr(url_site.why, "geheim"), "%s", url_site.why);
		url_site.source = source_free(url_site.source);
		url_site.told = false;
	}
}
END_TEST

Suite *suite_source_url_secrets(void)
{
	Suite *suite = suite_create("source_url_secrets");
	TCase *tests = url_case(suite, "secrets");
	tcase_add_test(tests, a_redirect_is_followed_as_far_as_it_may);
	tcase_add_test(tests, where_a_redirect_leads_is_told_without_its_query);
	tcase_add_test(tests, the_token_goes_to_nobody_else);
	tcase_add_test(tests, without_the_token_that_is_meant_nothing_is_asked);
	tcase_add_test(tests, a_token_over_http_goes_through_no_proxy);
	tcase_add_test(tests, the_password_of_a_proxy_is_not_told);
	return suite;
}
