#include "tests/unit/cmd_fixture.h"

#include "tests/unit/suites.h"

#include <stdlib.h>

static const char good[] = "components: {processors: {p: {kind: drop}}}\nref: p\n";

/* ---- test ---- */

#define CASES                                                          \
	"components: {processors: {s: {kind: set, fields: {x: 1}}}}\n" \
	"ref: s\ncanary:\n  cases:\n"

START_TEST(cases_are_told_one_by_one)
{
	cmd_put("a.yaml", CASES "    - {name: right, input: {}, expect: {x: 1}}\n"
				"    - {name: \"wr<o>ng\", input: {}, expect: {x: 2}}\n");
	cmd_put("b.yaml", good);
	flume("test --junit j.xml .");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "ok a: case 'right'\n");
	SAYS(cmd.out, "FAILED a: case 'wr<o>ng': x: expected 2, got 1\n");
	SAYS(cmd.out, "b: no cases\n");
	ck_assert_str_eq(cmd.err, "2 cases, 1 failed\n");
	char *xml = cmd_get("j.xml");
	SAYS(xml, "<testsuite name=\"a\" file=\"./a.yaml\" tests=\"2\" failures=\"1\" "
		  "errors=\"0\">");
	SAYS(xml, "<failure message=\"x: expected 2, got 1\"/>");
	SAYS(xml, "wr&lt;o>ng");
	free(xml);
	flume("test -o json .");
	SAYS(cmd.out, "\"case\":\"case 'right'\",\"ok\":true");
	SAYS(cmd.out, "\"error\":\"x: expected 2, got 1\"");
}
END_TEST

START_TEST(findings_come_before_cases)
{
	cmd_put("a.yaml", "ref: nobody\n");
	flume("test --junit j.xml a.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "a.yaml:1:6: error: ");
	char *xml = cmd_get("j.xml");
	SAYS(xml, "errors=\"1\"");
	SAYS(xml, "<error type=\"unknown-ref\"");
	free(xml);
}
END_TEST

/* ---- run ---- */

START_TEST(documents_go_through_line_by_line)
{
	cmd_put("a.yaml", "components: {processors: {s: {kind: set, fields: {x: 1}},\n"
			  "  r: {kind: require, fields: [id]}, d: {kind: drop}},\n"
			  "  predicates: {t: {kind: exists, field: test}}}\n"
			  "type: sequence\nchildren: [{ref: r}, {type: filter, predicate: t,\n"
			  "  then: {ref: d}}, {ref: s}]\n");
	cmd_put("in", "{\"id\":1}\n\n{\"no\":1}\r\n{\"id\":2,\"test\":1}\nnope\n{\"id\":3}");
	flume("run a.yaml --input in");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out, "{\"id\":1,\"x\":1}\n{\"id\":3,\"x\":1}\n");
	SAYS(cmd.err, "in:3: ");
	SAYS(cmd.err, "in:5: line 1, column ");
	SAYS(cmd.err, "5 read, 2 written, 1 dropped, 2 rejected\n");
	flume("run a.yaml --input in --rejects bad -o json");
	char *bad = cmd_get("bad");
	SAYS(bad, "{\"line\":3,");
	SAYS(bad, "\"input\":\"nope\"}\n");
	free(bad);
	ck_assert_str_eq(cmd.err, "{\"read\":5,\"written\":2,\"dropped\":1,\"rejected\":2}\n");
	flume("run a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "");
}
END_TEST

START_TEST(a_schema_runs_with_those_it_refers_to)
{
	cmd_put("a.yaml", "ref: b\n");
	cmd_put("b.yaml",
		"components: {processors: {s: {kind: set, fields: {x: 1}}}}\nref: s\n");
	cmd_put("in", "{}\n");
	flume("run a.yaml b.yaml --input in");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "{\"x\":1}\n");
	flume("run a.yaml --input in");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out, "");
	SAYS(cmd.err, "a.yaml:1:6: error: ");
}
END_TEST

START_TEST(a_line_too_long_is_rejected_alone)
{
	cmd_put("a.yaml",
		"components: {processors: {s: {kind: set, fields: {x: 1}}}}\nref: s\n");
	cmd_put("in", "{}\n{\"a\":\"0123456789012345678901234567890123456789\"}\n{\"b\":1}\n");
	flume("run a.yaml --input in --max-line 20");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out, "{\"x\":1}\n{\"b\":1,\"x\":1}\n");
	SAYS(cmd.err, "in:2: the line is too long");
}
END_TEST

Suite *suite_cmd_run(void)
{
	Suite *suite = suite_create("cmd_run");
	TCase *tests = cmd_tests(suite, "cmd_run");
	tcase_add_test(tests, cases_are_told_one_by_one);
	tcase_add_test(tests, findings_come_before_cases);
	tcase_add_test(tests, documents_go_through_line_by_line);
	tcase_add_test(tests, a_schema_runs_with_those_it_refers_to);
	tcase_add_test(tests, a_line_too_long_is_rejected_alone);
	return suite;
}
