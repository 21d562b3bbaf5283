/* What a node's status says of one write to the store. */
#include "agent/http/verdict.h"

#include "tests/unit/suites.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define WANTED(revision) "'wanted': {'revision': " revision "}"
#define RUNNING          "'running': {'digest': 'sha256:a', 'generation': 3}"
#define FAILED(revision) \
	"'attempted': {'revision': " revision ", 'stage': 'check', 'error': 'e'"

static const struct {
	const char *schema, *digest;
	enum verdict_kind kind;
	const char *reason;
} rows[] = {
	{"", "sha256:a", VERDICT_NONE, ""},
	{"", NULL, VERDICT_GONE, ""},
	/* an older state of affairs */
	{"'state': 'running', " WANTED("6") ", " RUNNING, "sha256:b", VERDICT_NONE, ""},
	{"'state': 'running', " WANTED("6") ", " RUNNING, NULL, VERDICT_NONE, ""},
	{"'state': 'rejected', " WANTED("6") ", " FAILED("6") "}", "sha256:b", VERDICT_NONE,
	 ""},
	/* this one */
	{"'state': 'running', " WANTED("7") ", " RUNNING, "sha256:a", VERDICT_RUNS, ""},
	{"'state': 'probation', " WANTED("7") ", " RUNNING, "sha256:a", VERDICT_RUNS, ""},
	{"'state': 'running', " WANTED("7") ", " RUNNING, "sha256:b", VERDICT_NONE, ""},
	{"'state': 'waiting', " WANTED("7"), "sha256:b", VERDICT_NONE, ""},
	{"'state': 'rejected', " WANTED("7") ", " FAILED("7") "}, " RUNNING, "sha256:b",
	 VERDICT_REJECTED, "e"},
	{"'state': 'rejected', 'reason': 'version-reused', " WANTED("7") ", " FAILED("7") "}",
	 "sha256:b", VERDICT_REJECTED, "version-reused"},
	{"'state': 'rejected', " WANTED("7") ", " FAILED("6") "}, " RUNNING, "sha256:b",
	 VERDICT_NONE, ""},
	{"'state': 'held', 'reason': 'known-bad', " WANTED("7") ", " FAILED("6") "}",
	 "sha256:b", VERDICT_HELD, "known-bad"},
	{"'state': 'held', 'reason': 'in-use', " WANTED("7") ", " RUNNING, NULL, VERDICT_HELD,
	 "in-use"},
	/* a newer one */
	{"'state': 'running', " WANTED("8") ", " RUNNING, "sha256:b", VERDICT_SUPERSEDED, ""},
	{"'state': 'running', " WANTED("8") ", " RUNNING, "sha256:a", VERDICT_RUNS, ""},
	{"'state': 'running', " WANTED("8") ", " RUNNING, NULL, VERDICT_SUPERSEDED, ""},
};

START_TEST(the_write_at_seven_is_told_from_others)
{
	char json[512];
	const char *schema = rows[_i].schema;
	snprintf(json, sizeof json, "{'schemas': {%s%s%s}}", *schema ? "'x': {" : "", schema,
		 *schema ? "}" : "");
	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	flume_value *status = NULL;
	ck_assert_int_eq(flume_value_parse(&status, json, strlen(json), FLUME_JSON, NULL, NULL),
			 0);
	struct verdict v = verdict_read(status, "schemas", "x", rows[_i].digest, 7);
	ck_assert_msg(v.kind == rows[_i].kind, "%s: %d", json, v.kind);
	if (*rows[_i].reason)
		ck_assert_str_eq(v.reason, rows[_i].reason);
	if (v.kind == VERDICT_RUNS)
		ck_assert_int_eq(v.generation, 3);
	flume_value_free(status);
}
END_TEST

static int64_t heard(const char *json)
{
	flume_value *status = NULL;
	ck_assert_int_eq(flume_value_parse(&status, json, strlen(json), FLUME_JSON, NULL, NULL),
			 0);
	int64_t revision = verdict_heard(status, "schemas", "x");
	flume_value_free(status);
	return revision;
}

START_TEST(what_was_heard_of_a_key_is_its_last_write)
{
	ck_assert_int_eq(heard("{}"), 0);
	ck_assert_int_eq(heard("{\"schemas\": {\"x\": {}}}"), 0);
	ck_assert_int_eq(heard("{\"schemas\": {\"x\": {\"wanted\": {\"revision\": 7}}}}"), 7);
	ck_assert_int_eq(heard("{\"schemas\": {\"x\": {\"wanted\": {\"revision\": 7, "
			       "\"deleted\": true}}}}"),
			 0);
}
END_TEST

Suite *suite_http_verdict(void)
{
	Suite *suite = suite_create("http_verdict");
	TCase *t = tcase_create("verdict");
	suite_add_tcase(suite, t);
	tcase_add_test(t, what_was_heard_of_a_key_is_its_last_write);
	tcase_add_loop_test(t, the_write_at_seven_is_told_from_others, 0,
			    sizeof rows / sizeof *rows);
	return suite;
}
