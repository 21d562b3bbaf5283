/* What the headers Host, Origin, Authorization, Accept, Content-Type and If-Match mean. */
#include "agent/http/guard.h"

#include "agent/http/etag.h"
#include "agent/http/media.h"
#include "tests/unit/suites.h"

#include <check.h>

static struct guard make(const char *listen)
{
	static const char *const allowed[] = {"flume.example.org", "node-1", NULL};
	struct guard guard;
	ck_assert_int_eq(guard_init(&guard, listen, "node-17", allowed, "s3cret"), 0);
	return guard;
}

START_TEST(addresses_localhost_and_known_names_are_hosts_of_this_node)
{
	static const char *const good[] = {
		"127.0.0.1",      "127.0.0.1:8410",    "10.1.2.3:80",  "[::1]:8410",
		"[fe80::1]",      "localhost",         "LocalHost:1",  "node-1:8410",
		"listening:8410", "FLUME.example.org", "node-17:8410",
	};
	static const char *const bad[] = {
		"evil.example",
		"localhost.evil.example",
		"evil.localhost",
		"",
		":8410",
		"[::1",
		"[localhost]:1",
		"127.0.0.1:80x",
		"127.0.0.1.evil",
		"1.2.3.4.5",
		"node-1@evil",
		"node-17.evil.example",
		"node-1:8410:1",
		"[]",
		"::1",
	};
	struct guard guard = make("listening:8410");
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(guard_host(&guard, good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!guard_host(&guard, bad[i]), "%s", bad[i]);
	ck_assert(guard_host(&guard, NULL));
	guard_fini(&guard);
}
END_TEST

START_TEST(a_node_that_listens_on_no_name_has_no_empty_name)
{
	struct guard guard = make(":8410");
	ck_assert(!guard_host(&guard, ""));
	ck_assert(!guard_host(&guard, ":8410"));
	guard_fini(&guard);
	guard = make(NULL);
	ck_assert(!guard_host(&guard, ""));
	guard_fini(&guard);
}
END_TEST

START_TEST(a_page_may_ask_only_where_it_came_from)
{
	ck_assert(guard_origin(NULL, "localhost:8410"));
	ck_assert(guard_origin("http://localhost:8410", "localhost:8410"));
	ck_assert(guard_origin("https://LOCALHOST:8410", "localhost:8410"));
	ck_assert(!guard_origin("http://localhost:3000", "localhost:8410"));
	ck_assert(!guard_origin("http://evil.example", "localhost:8410"));
	ck_assert(!guard_origin("null", "localhost:8410"));
	ck_assert(!guard_origin("", "localhost:8410"));
	ck_assert(!guard_origin("http://", ""));
	ck_assert(!guard_origin("http://a", NULL));
}
END_TEST

START_TEST(only_the_right_token_is_right)
{
	struct guard guard = make(NULL);
	ck_assert(guard_token(&guard, "Bearer s3cret"));
	ck_assert(guard_token(&guard, "bearer  s3cret"));
	ck_assert(!guard_token(&guard, "Bearer s3cre"));
	ck_assert(!guard_token(&guard, "Bearer s3cret "));
	ck_assert(!guard_token(&guard, "Bearer "));
	ck_assert(!guard_token(&guard, "Bearer"));
	ck_assert(!guard_token(&guard, "Basic s3cret"));
	ck_assert(!guard_token(&guard, "s3cret"));
	ck_assert(!guard_token(&guard, ""));
	ck_assert(!guard_token(&guard, NULL));
	guard_fini(&guard);
}
END_TEST

/* ---- media types ---- */

START_TEST(accept_is_weighed)
{
	static const struct {
		const char *accept;
		int wanted; /* -1: neither */
	} rows[] = {
		{NULL, FLUME_YAML},
		{"", FLUME_YAML},
		{"*/*", FLUME_YAML},
		{"text/html,application/xhtml+xml,*/*;q=0.8", FLUME_YAML},
		{"application/yaml", FLUME_YAML},
		{"text/yaml", FLUME_YAML},
		{"application/x-yaml", FLUME_YAML},
		{"application/json", FLUME_JSON},
		{"APPLICATION/JSON", FLUME_JSON},
		{"application/json, */*", FLUME_JSON},
		{"application/json;q=0.5, application/yaml", FLUME_YAML},
		{"application/json ; charset=utf-8 ; q=0.9 , application/yaml;q=0.8",
		 FLUME_JSON},
		{"application/*", FLUME_YAML},
		{"application/yaml;q=0, */*", FLUME_JSON},
		{"application/yaml;q=0.001", FLUME_YAML},
		{",, application/json", FLUME_JSON},
		{"application/json;q=0", -1},
		{"text/html", -1},
		{"text/plain", -1},
		{"application", -1},
		{"application/json;q=2", -1},
		{"application/json;q=", -1},
		{"application/json;q=0.1234", -1},
		{";;;q", -1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum flume_format format;
		int got = media_accept(rows[i].accept, &format) ? (int)format : -1;
		ck_assert_msg(got == rows[i].wanted, "%s: %d", rows[i].accept, got);
	}
}
END_TEST

START_TEST(a_body_is_what_its_type_says)
{
	static const struct {
		const char *type;
		int wanted;
	} rows[] = {
		{NULL, FLUME_YAML},
		{"", FLUME_YAML},
		{"application/yaml", FLUME_YAML},
		{"application/x-yaml; charset=utf-8", FLUME_YAML},
		{"text/yaml", FLUME_YAML},
		{"text/plain;charset=utf-8", FLUME_YAML},
		{" Application/JSON ; charset=utf-8", FLUME_JSON},
		{"application/x-www-form-urlencoded", -1},
		{"application/jsonx", -1},
		{"*/*", -1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum flume_format format;
		int got = media_type(rows[i].type, &format) ? (int)format : -1;
		ck_assert_msg(got == rows[i].wanted, "%s: %d", rows[i].type, got);
	}
}
END_TEST

/* ---- entity tags ---- */

START_TEST(a_digest_is_found_among_tags)
{
	ck_assert(etag_listed("\"d1\"", "d1", false));
	ck_assert(etag_listed("\"d0\", \"d1\"", "d1", false));
	ck_assert(etag_listed("  ,\"d0\",,\"d1\" ", "d1", false));
	ck_assert(etag_listed("*", "d1", false));
	ck_assert(etag_listed("W/\"d1\"", "d1", true));
	ck_assert(etag_listed("W/\"d1\", \"d1\"", "d1", false));
	ck_assert(!etag_listed("W/\"d1\"", "d1", false));
	ck_assert(!etag_listed("\"d10\"", "d1", false));
	ck_assert(!etag_listed("\"d\"", "d1", false));
	ck_assert(!etag_listed("d1", "d1", false));
	ck_assert(!etag_listed("\"d1", "d1", false));
	ck_assert(!etag_listed("", "d1", false));
	ck_assert(!etag_listed("*", NULL, false));
}
END_TEST

Suite *suite_http_guard(void)
{
	Suite *suite = suite_create("http_guard");
	TCase *t = tcase_create("guard");
	suite_add_tcase(suite, t);
	tcase_add_test(t, addresses_localhost_and_known_names_are_hosts_of_this_node);
	tcase_add_test(t, a_node_that_listens_on_no_name_has_no_empty_name);
	tcase_add_test(t, a_page_may_ask_only_where_it_came_from);
	tcase_add_test(t, only_the_right_token_is_right);
	t = tcase_create("headers");
	suite_add_tcase(suite, t);
	tcase_add_test(t, accept_is_weighed);
	tcase_add_test(t, a_body_is_what_its_type_says);
	tcase_add_test(t, a_digest_is_found_among_tags);
	return suite;
}
