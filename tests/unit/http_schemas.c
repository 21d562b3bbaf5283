/* /schemas and /schemas/NAME: seeing what runs, and changing it. */
#include "tests/unit/http_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST  "version: \"1.0.0\" # first\ntype: sequence\nchildren: [{ref: nap}]\n"
#define SECOND "version: \"2.0.0\"\ntype: sequence\nchildren: [{ref: gate}]\n"
#define FIRST_JSON \
	"{\"version\":\"1.0.0\",\"type\":\"sequence\",\"children\":[{\"ref\":\"nap\"}]}"

/* ---- seeing ---- */

START_TEST(what_runs_is_listed_by_name)
{
	struct ask json = {.path = "/schemas", .headers = {"Accept: application/json"}};
	ck_assert_str_eq(ask(json)->body, "{\"schemas\":[]}\n");
	node_bind("b", FIRST);
	node_bind("a", SECOND);
	const struct reply *reply = ask(json);
	expect_status(reply, 200);
	expect_header(reply, "Content-Type", "application/json");
	expect_header(reply, "Vary", "Accept");
	expect_part(reply, "{\"name\":\"a\",\"version\":\"2.0.0\",\"digest\":\"sha256:");
	expect_part(reply, "\"generation\":1},\n{\"name\":\"b\",\"version\":\"1.0.0\"");
}
END_TEST

/* As JSON.  The caller frees it. */
static char *read_as_json(const struct reply *reply, enum flume_format format)
{
	flume_value *value = NULL;
	ck_assert_int_eq(flume_value_parse(&value, reply->body, reply->len, format, NULL, NULL),
			 0);
	char *json = flume_value_dup_json(value);
	flume_value_free(value);
	return json;
}

START_TEST(the_list_says_the_same_as_yaml)
{
	struct ask json = {.path = "/schemas", .headers = {"Accept: application/json"}};
	ck_assert_str_eq(get("/schemas")->body, "schemas: []\n");
	node_bind("a", SECOND);
	node_bind("b", "version: \"1 \\\"\\u00e4\\\" # x\"\nref: nap\n");
	const struct reply *reply = get("/schemas");
	expect_header(reply, "Content-Type", "application/yaml");
	char *yaml = read_as_json(reply, FLUME_YAML);
	char *same = read_as_json(ask(json), FLUME_JSON);
	ck_assert_str_eq(yaml, same);
	ck_assert_ptr_nonnull(strstr(yaml, "ä"));
	free(yaml);
	free(same);
	json.headers[0] = "Accept: text/html";
	expect_problem(ask(json), 406, "not-acceptable", "application/yaml");
	json.headers[1] = "Accept: application/json";
	expect_status(ask(json), 200);
}
END_TEST

START_TEST(the_tag_of_the_list_changes_with_what_runs)
{
	char tag[128], again[160];
	struct ask a = {.path = "/schemas", .headers = {again, "Accept: application/json"}};
	node_bind("a", FIRST);
	snprintf(tag, sizeof tag, "%s", header(get("/schemas"), "ETag"));
	snprintf(again, sizeof again, "If-None-Match: \"other\", %s", tag);
	const struct reply *reply = ask(a);
	expect_status(reply, 304);
	expect_header(reply, "ETag", tag);
	ck_assert_uint_eq(reply->len, 0);
	node_bind("b", FIRST);
	expect_status(ask(a), 200);
	flume_factory_remove_schema(node.factory, "b", NULL);
	node_bind("a", SECOND);
	expect_status(ask(a), 200);
}
END_TEST

START_TEST(a_schema_is_shown_as_it_was_written)
{
	node_bind("a", FIRST);
	const struct reply *reply = get("/schemas/a");
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, FIRST);
	expect_header(reply, "Content-Type", "application/yaml");
	expect_header(reply, "Vary", "Accept");
	ck_assert_int_eq(strncmp(header(reply, "ETag"), "\"sha256:", 8), 0);
}
END_TEST

START_TEST(a_schema_is_shown_as_json_to_those_who_ask_for_it)
{
	node_bind("a", FIRST);
	const struct reply *reply =
		ASK(.path = "/schemas/a", .headers = {"Accept: application/json"});
	expect_status(reply, 200);
	expect_header(reply, "Content-Type", "application/json");
	expect_part(reply, "\"version\"");
	ck_assert_int_eq(reply->body[0], '{');
	expect_status(ASK(.path = "/schemas/a", .headers = {"Accept: text/html"}), 406);
	expect_status(get("/schemas/b"), 404);
	expect_status(get("/schemas/"), 404);
}
END_TEST

START_TEST(a_schema_that_the_client_has_is_304)
{
	char condition[128];
	node_bind("a", FIRST);
	const char *tag = header(get("/schemas/a"), "ETag");
	snprintf(condition, sizeof condition, "If-None-Match: %s", tag);
	const struct reply *reply = ASK(.path = "/schemas/a", .headers = {condition});
	expect_status(reply, 304);
	ck_assert_uint_eq(reply->len, 0);
	node_bind("a", SECOND);
	expect_status(ASK(.path = "/schemas/a", .headers = {condition}), 200);
}
END_TEST

START_TEST(head_is_get_without_the_body)
{
	static const char *const paths[] = {"/schemas", "/schemas/a", "/status", "/healthz",
					    "/metrics"};
	node_bind("a", FIRST);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const struct reply *reply = ASK(.method = "HEAD", .path = paths[i]);
		expect_status(reply, 200);
		ck_assert_uint_eq(reply->len, 0);
		ck_assert_ptr_nonnull(header(reply, "Content-Length"));
	}
}
END_TEST

/* ---- setting ---- */

START_TEST(a_schema_that_is_put_runs)
{
	const struct reply *reply = put("checkout", checkout_yaml);
	expect_status(reply, 204);
	expect_header(reply, "Flume-Generation", "1");
	char tag[128];
	snprintf(tag, sizeof tag, "%s", header(reply, "ETag"));
	expect_header(get("/schemas/checkout"), "ETag", tag);
	expect_status(post("checkout", "{\"total\":1}"), 200);
	expect_status(put("checkout", checkout_yaml), 204);
	expect_header(post("checkout", "{\"total\":1}"), "Flume-Generation", "1");
}
END_TEST

START_TEST(json_is_taken_as_json_and_other_types_are_not_taken)
{
	expect_status(ASK(.method = "PUT", .path = "/schemas/a", .body = FIRST_JSON,
			  .headers = {"Content-Type: application/json"}),
		      204);
	expect_status(ASK(.method = "PUT", .path = "/schemas/a", .body = FIRST,
			  .headers = {"Content-Type: application/json"}),
		      400);
	expect_problem(ASK(.method = "PUT", .path = "/schemas/a", .body = FIRST,
			   .headers = {"Content-Type: image/png"}),
		       415, "bad-type", "image/png");
}
END_TEST

START_TEST(a_bad_schema_is_400_with_every_finding)
{
	node_bind("a", FIRST);
	const struct reply *reply = put("a", "version: \"2.0.0\"\ntype: sequence\nchildren:\n"
					     "  - ref: nop\n  - ref: napp\n");
	expect_problem(reply, 400, "rejected", "\"errors\":[{\"code\":\"");
	expect_part(reply, "\"line\":4,\"column\":");
	expect_part(reply, "\"line\":5,\"column\":");
	expect_part(reply, "\"path\":\"root.children[1]\"");
	expect_part(reply, "did you mean 'nap'?");
	expect_part(reply, "(and 1 more)");
	ck_assert_str_eq(get("/schemas/a")->body, FIRST);
	expect_problem(put("a", "a: [1"), 400, "rejected", "\"line\":");
	expect_problem(put("a", ""), 400, "rejected", "\"errors\":[");
}
END_TEST

START_TEST(a_schema_whose_canary_fails_is_422_and_does_not_run)
{
	static const char bad[] =
		"version: \"2.0.0\"\n"
		"components: {processors: {s: {kind: set, fields: {a: 1}}}}\n"
		"canary: {cases: [{name: the case, input: {}, expect: {a: 2}}]}\n"
		"ref: s\n";
	node_bind("a", FIRST);
	expect_problem(put("a", bad), 422, "canary", "the case");
	ck_assert_str_eq(get("/schemas/a")->body, FIRST);
	expect_problem(put("a", bad), 409, "known-bad", "known-bad");
}
END_TEST

START_TEST(a_version_is_not_used_twice)
{
	expect_status(put("a", FIRST), 204);
	expect_problem(put("a", "version: \"1.0.0\"\nref: gate\n"), 409, "version-reused", "");
}
END_TEST

START_TEST(a_dry_run_finds_and_changes_nothing)
{
	expect_status(ASK(.method = "PUT", .path = "/schemas/a?dry_run", .body = FIRST), 204);
	expect_status(get("/schemas/a"), 404);
	expect_problem(
		ASK(.method = "PUT", .path = "/schemas/a?dry_run", .body = "ref: napp\n"), 400,
		"rejected", "did you mean 'nap'?");
	expect_problem(ASK(.method = "PUT", .path = "/schemas/a?dry_run=true", .body = "{"),
		       400, "rejected", "\"line\":");
	expect_status(ASK(.method = "PUT", .path = "/schemas/a?dry_run=false", .body = FIRST),
		      204);
	expect_status(get("/schemas/a"), 200);
}
END_TEST

START_TEST(a_name_has_to_be_one)
{
	static const char *const bad[] = {"/schemas/A", "/schemas/-a", "/schemas/a%2Fb",
					  "/schemas/%2E%2E%2Fetc", "/schemas/a%20b"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		expect_problem(ASK(.method = "PUT", .path = bad[i], .body = FIRST), 400,
			       "bad-name", "lower-case");
		expect_problem(ASK(.method = "DELETE", .path = bad[i]), 400, "bad-name", "");
		char dry[64];
		snprintf(dry, sizeof dry, "%s?dry_run", bad[i]);
		expect_problem(ASK(.method = "PUT", .path = dry, .body = FIRST), 400,
			       "bad-name", "");
	}
}
END_TEST

START_TEST(if_match_refuses_what_the_client_has_not_seen)
{
	char seen[128];
	struct ask a = {.method = "PUT",
			.path = "/schemas/a",
			.body = SECOND,
			.headers = {"If-Match: *"}};
	expect_problem(ask(a), 412, "changed", "there is no schema");
	expect_status(put("a", FIRST), 204);
	a.headers[0] = "If-Match: \"sha256:0000\"";
	expect_problem(ask(a), 412, "changed", "sha256:");
	a.headers[0] = "If-None-Match: *";
	expect_problem(ask(a), 412, "changed", "sha256:");
	snprintf(seen, sizeof seen, "If-Match: %s", header(get("/schemas/a"), "ETag"));
	a.headers[0] = seen;
	expect_status(ask(a), 204);
	expect_status(ask(a), 412);
	ck_assert_str_eq(get("/schemas/a")->body, SECOND);
	a.headers[0] = "If-Match: *";
	a.body = "version: \"3.0.0\"\nref: nap\n";
	expect_status(ask(a), 204);
	snprintf(seen, sizeof seen, "If-Match: %s", header(get("/schemas/a"), "ETag"));
	a.headers[0] = "If-Match: \"sha256:0000\"";
	a.headers[1] = seen;
	a.body = SECOND;
	expect_status(ask(a), 204);
	a.headers[0] = "If-None-Match: \"sha256:0000\"";
	a.headers[1] = "If-None-Match: *";
	expect_problem(ask(a), 412, "changed", "sha256:");
	a.headers[1] = NULL;
	a.method = "DELETE";
	a.body = NULL;
	a.headers[0] = seen;
	expect_status(ask(a), 412);
}
END_TEST

START_TEST(a_schema_that_is_deleted_is_gone)
{
	expect_status(put("a", FIRST), 204);
	expect_status(ASK(.method = "DELETE", .path = "/schemas/a"), 204);
	expect_status(get("/schemas/a"), 404);
	expect_status(post("a", "1"), 404);
	expect_problem(ASK(.method = "DELETE", .path = "/schemas/a"), 404, "not-found", "'a'");
}
END_TEST

START_TEST(a_schema_that_another_uses_stays)
{
	expect_status(put("inner", FIRST), 204);
	expect_status(put("outer", "version: \"1.0.0\"\nref: inner\n"), 204);
	expect_problem(ASK(.method = "DELETE", .path = "/schemas/inner"), 409, "in-use",
		       "outer");
	expect_status(get("/schemas/inner"), 200);
}
END_TEST

/* ---- who may ---- */

START_TEST(schemas_that_others_own_cannot_be_changed)
{
	node_close();
	node_open_with((struct http_options){.read_only = "etcd owns the schemas"});
	expect_problem(put("a", FIRST), 409, "read-only", "etcd owns the schemas");
	expect_problem(ASK(.method = "DELETE", .path = "/schemas/a"), 409, "read-only", "etcd");
	expect_status(ASK(.method = "PUT", .path = "/schemas/a?dry_run", .body = FIRST), 204);
}
END_TEST

START_TEST(a_token_is_wanted_where_there_is_one)
{
	struct ask a = {.method = "PUT", .path = "/schemas/a", .body = FIRST, .tcp = true};
	node_close();
	node_open_with((struct http_options){.token = "s3cret"});
	const struct reply *reply = ask(a);
	expect_problem(reply, 401, "no-token", "there is none");
	expect_header(reply, "WWW-Authenticate", "Bearer");
	a.headers[0] = "Authorization: Bearer other";
	expect_problem(ask(a), 401, "no-token", "another");
	expect_status(get("/schemas/a"), 404);
	a.headers[0] = "Authorization: Bearer s3cret";
	expect_status(ask(a), 204);
	expect_status(get("/schemas/a"), 200);
	expect_status(ASK(.method = "DELETE", .path = "/schemas/a", .tcp = true), 401);
	expect_status(ASK(.method = "DELETE", .path = "/schemas/a"), 204);
}
END_TEST

START_TEST(without_a_token_nobody_writes_over_tcp)
{
	const struct reply *reply =
		ASK(.method = "PUT", .path = "/schemas/a", .body = FIRST, .tcp = true);
	expect_problem(reply, 403, "not-allowed", node.socket);
	expect_part(reply, "--token-file");
	expect_status(ASK(.method = "PUT", .path = "/schemas/a", .body = FIRST), 204);
	expect_problem(ASK(.method = "DELETE", .path = "/schemas/a", .tcp = true), 403,
		       "not-allowed", "socket");
	expect_status(get("/schemas/a"), 200);
}
END_TEST

START_TEST(pages_of_others_may_not_ask)
{
	char own[64];
	snprintf(own, sizeof own, "Origin: http://127.0.0.1:%d", http_port(node.http));
	expect_status(ASK(.path = "/schemas", .headers = {own}), 200);
	expect_problem(ASK(.path = "/schemas", .headers = {"Origin: http://evil.example"}), 403,
		       "bad-origin", "evil.example");
	expect_problem(ASK(.path = "/schemas", .headers = {"Host: evil.example"}), 403,
		       "bad-host", "evil.example");
	expect_status(ASK(.path = "/schemas", .headers = {"Host: localhost"}), 200);
}
END_TEST

START_TEST(who_can_reach_the_node_may_look_under_any_name)
{
	struct ask a = {.path = "/metrics", .headers = {"Host: node-17.example.org:8410"}};
	expect_problem(ask(a), 403, "bad-host", "--allow-host");
	node_close();
	node_open_with((struct http_options){.listen = ":0", .token = "s3cret"});
	expect_status(ask(a), 200);
	a.headers[1] = "Origin: http://evil.example";
	expect_problem(ask(a), 403, "bad-origin", "evil.example");
	a.headers[1] = "Authorization: Bearer s3cret";
	a.tcp = true;
	a.method = "PUT";
	a.path = "/schemas/a";
	a.body = FIRST;
	expect_problem(ask(a), 403, "bad-host", "node-17.example.org");
	a.method = "POST";
	a.path = "/pipelines/a";
	expect_problem(ask(a), 403, "bad-host", "node-17.example.org");
}
END_TEST

START_TEST(the_node_may_be_asked_under_its_names)
{
	static const char *const allowed[] = {"flume.example.org", NULL};
	node_close();
	node_open_with((struct http_options){.node = "node-17", .allow_hosts = allowed});
	expect_status(ASK(.path = "/metrics", .headers = {"Host: node-17:8410"}), 200);
	expect_status(ASK(.path = "/metrics", .headers = {"Host: flume.example.org"}), 200);
	expect_status(ASK(.path = "/metrics", .headers = {"Host: flume.example.com"}), 403);
}
END_TEST

/* ---- keeping ---- */

static struct kept {
	char saved[64], removed[64];
	int result;
} kept;

static int save(void *arg, const char *name, const char *text, size_t len,
		enum flume_format format, struct flume_err *err)
{
	struct kept *k = arg;
	if (k->result)
		return flume_fail(err, k->result, "disk full");
	snprintf(k->saved, sizeof k->saved, "%s %zu %d", name, len, format);
	ck_assert_int_eq(strncmp(text, "version", 7), 0);
	return 0;
}

static int forget(void *arg, const char *name, struct flume_err *err)
{
	struct kept *k = arg;
	if (k->result)
		return flume_fail(err, k->result, "disk full");
	snprintf(k->removed, sizeof k->removed, "%s", name);
	return 0;
}

static void open_keeping(void)
{
	static const struct http_keeper keeper = {save, forget, &kept};
	kept = (struct kept){.result = 0};
	node_close();
	node_open_with((struct http_options){.keeper = &keeper});
}

START_TEST(what_runs_is_kept)
{
	char expected[64];
	open_keeping();
	expect_status(put("a", FIRST), 204);
	snprintf(expected, sizeof expected, "a %zu %d", strlen(FIRST), FLUME_YAML);
	ck_assert_str_eq(kept.saved, expected);
	expect_status(put("b", "version: ["), 400);
	ck_assert_str_eq(kept.saved, expected);
	expect_status(ASK(.method = "DELETE", .path = "/schemas/a"), 204);
	ck_assert_str_eq(kept.removed, "a");
}
END_TEST

START_TEST(what_runs_but_cannot_be_kept_is_500_until_it_can)
{
	open_keeping();
	kept.result = FLUME_IO;
	expect_problem(put("a", FIRST), 500, "not-saved",
		       "'a' runs, but that was not saved: disk full");
	expect_status(get("/schemas/a"), 200);
	kept.result = 0;
	expect_status(put("a", FIRST), 204);
	ck_assert_ptr_nonnull(strstr(kept.saved, "a "));
	kept.result = FLUME_IO;
	expect_problem(ASK(.method = "DELETE", .path = "/schemas/a"), 500, "not-saved",
		       "is gone");
	kept.result = 0;
	expect_status(ASK(.method = "DELETE", .path = "/schemas/a"), 204);
	kept.result = FLUME_NOT_FOUND;
	expect_status(ASK(.method = "DELETE", .path = "/schemas/a"), 404);
}
END_TEST

Suite *suite_http_schemas(void)
{
	Suite *suite = suite_create("http_schemas");
	TCase *t = node_case(suite, "seeing");
	tcase_add_test(t, what_runs_is_listed_by_name);
	tcase_add_test(t, the_list_says_the_same_as_yaml);
	tcase_add_test(t, the_tag_of_the_list_changes_with_what_runs);
	tcase_add_test(t, a_schema_is_shown_as_it_was_written);
	tcase_add_test(t, a_schema_is_shown_as_json_to_those_who_ask_for_it);
	tcase_add_test(t, a_schema_that_the_client_has_is_304);
	tcase_add_test(t, head_is_get_without_the_body);
	t = node_case(suite, "setting");
	tcase_add_test(t, a_schema_that_is_put_runs);
	tcase_add_test(t, json_is_taken_as_json_and_other_types_are_not_taken);
	tcase_add_test(t, a_bad_schema_is_400_with_every_finding);
	tcase_add_test(t, a_schema_whose_canary_fails_is_422_and_does_not_run);
	tcase_add_test(t, a_version_is_not_used_twice);
	tcase_add_test(t, a_dry_run_finds_and_changes_nothing);
	tcase_add_test(t, a_name_has_to_be_one);
	tcase_add_test(t, if_match_refuses_what_the_client_has_not_seen);
	tcase_add_test(t, a_schema_that_is_deleted_is_gone);
	tcase_add_test(t, a_schema_that_another_uses_stays);
	t = node_case(suite, "who may");
	tcase_add_test(t, schemas_that_others_own_cannot_be_changed);
	tcase_add_test(t, a_token_is_wanted_where_there_is_one);
	tcase_add_test(t, without_a_token_nobody_writes_over_tcp);
	tcase_add_test(t, pages_of_others_may_not_ask);
	tcase_add_test(t, who_can_reach_the_node_may_look_under_any_name);
	tcase_add_test(t, the_node_may_be_asked_under_its_names);
	t = node_case(suite, "keeping");
	tcase_add_test(t, what_runs_is_kept);
	tcase_add_test(t, what_runs_but_cannot_be_kept_is_500_until_it_can);
	return suite;
}
