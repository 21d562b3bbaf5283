#include "tests/unit/cmd_fixture.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
		  "errors=\"0\" time=\"0.");
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

static void expect_run(const char *words, int code, const char *out)
{
	flume(words);
	ck_assert_msg(cmd.code == code, "%s: exit %d: %s", words, cmd.code, cmd.err);
	ck_assert_str_eq(cmd.out, out);
}

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

START_TEST(a_file_may_be_named_for_the_results)
{
	cmd_put("a.yaml",
		"components: {processors: {s: {kind: set, fields: {x: 1}}}}\nref: s\n");
	cmd_put("in", "{}\n");
	cmd_put("result", "what was there before, and is longer\n");
	expect_run("run a.yaml --input in --output result", CMD_DONE, "");
	char *result = cmd_get("result");
	ck_assert_str_eq(result, "{\"x\":1}\n");
	free(result);
	flume("run a.yaml --input in --output no/such/folder");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "flume: no/such/folder: No such file or directory");
}
END_TEST

START_TEST(a_file_is_not_read_and_written_at_once)
{
	cmd_put("a.yaml",
		"components: {processors: {s: {kind: set, fields: {x: 1}}}}\nref: s\n");
	cmd_put("in", "{}\n");
	expect_run("run a.yaml --input in --output ./in", CMD_USAGE, "");
	SAYS(cmd.err, "./in is input and output");
	expect_run("run a.yaml --input in --rejects in", CMD_USAGE, "");
	SAYS(cmd.err, "in is input and --rejects");
	expect_run("run a.yaml --input in --output out --rejects out", CMD_USAGE, "");
	SAYS(cmd.err, "out is output and --rejects");
	char *in = cmd_get("in");
	ck_assert_str_eq(in, "{}\n");
	free(in);
}
END_TEST

/* More blocks than can be under way, some lines longer than a block, and one in a hundred broken. */
START_TEST(threads_change_neither_results_nor_numbers)
{
	cmd_put("a.yaml",
		"components: {processors: {s: {kind: set, fields: {x: 1}}}}\nref: s\n");
	FILE *in = fopen("in", "w");
	ck_assert_ptr_nonnull(in);
	for (int i = 0; i < 40000; i++)
		fprintf(in, i % 100 == 99 ? "no json %d\n" : "{\"id\":%d,\"text\":\"%*s\"}\n",
			i, i % 10000 == 1 ? 700000 : 60, "x");
	fclose(in);
	expect_run("run a.yaml --input in --output one --rejects bad1", CMD_NEGATIVE, "");
	expect_run("run a.yaml --input in --output four --rejects bad4 --threads 4",
		   CMD_NEGATIVE, "");
	SAYS(cmd.err, "40000 read, 39600 written, 0 dropped, 400 rejected\n");
	ck_assert_int_eq(system("cmp one four && cmp bad1 bad4"), 0); /* NOLINT(cert-env33-c) */
	char *bad = cmd_get("bad4");
	ck_assert_ptr_nonnull(strstr(bad, "{\"line\":40000,\"error\":\"line 1, column 1: "));
	free(bad);
}
END_TEST

START_TEST(too_many_threads_are_refused)
{
	cmd_put("a.yaml", good);
	expect_run("run a.yaml --threads 65", CMD_USAGE, "");
	SAYS(cmd.err, "--threads: 65 is more than 64");
	expect_run("run a.yaml --threads 0", CMD_DONE, "");
}
END_TEST

START_TEST(a_folder_is_no_input)
{
	cmd_put("a.yaml", good);
	expect_run("run a.yaml --input .", CMD_NEGATIVE, "");
	SAYS(cmd.err, "flume: .: Is a directory");
}
END_TEST

/* ---- diff ---- */

#define SEQUENCE                                                                        \
	"components: {processors: {s: {kind: set, fields: {x: %s}}, d: {kind: drop},\n" \
	"  r: {kind: require, fields: [%s]}},\n"                                        \
	"  predicates: {p: {kind: exists, field: %s}}}\n"                               \
	"type: sequence\nchildren: [{ref: s}, {ref: r}, {type: filter, name: big, "     \
	"predicate: p, then: {ref: d}}]\n"

static void put_sequence(const char *file, const char *x, const char *required,
			 const char *field)
{
	char text[500];
	snprintf(text, sizeof text, SEQUENCE, x, required, field);
	cmd_put(file, text);
}

START_TEST(the_same_behaviour_is_no_difference)
{
	put_sequence("a.yaml", "1", "id", "big");
	put_sequence("b.yaml", "1.0", "id", "big");
	cmd_put("in", "{\"id\":1}\n{\"id\":2,\"big\":1}\n{}\n\nnope\n");
	flume("diff --behaviour a.yaml b.yaml --input in");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "3 documents, 0 differ\nlatency: median ");
	ck_assert_str_eq(cmd.err, "in:5: left out: line 1, column 1: expected a value\n");
}
END_TEST

START_TEST(outcomes_outputs_and_routes_are_told_apart)
{
	put_sequence("a.yaml", "1", "id", "big");
	put_sequence("b.yaml", "2", "no", "large");
	cmd_put("in",
		"{\"id\":1}\n\n{\"id\":2,\"no\":1}\n{\"id\":3,\"no\":1,\"large\":1}\n{}\n");
	flume("diff --behaviour a.yaml b.yaml --input in -n 3");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "4 documents, 4 differ\n"
		      "outcomes: 3\n"
		      "  ok -> failed: 1\n"
		      "  ok -> dropped: 1\n"
		      "  failed -> failed otherwise: 1\n"
		      "outputs: 1\n"
		      "routes: 1\n"
		      "  big: none -> then: 1\n");
	SAYS(cmd.out, "\nline 1: ok -> failed (missing: no)\n"
		      "line 3: x: expected 1, got 2\n"
		      "line 4: ok -> dropped; big: none -> then\n");
	ck_assert_ptr_null(strstr(cmd.out, "line 5"));
	flume("diff --behaviour a.yaml b.yaml --input in -o json");
	SAYS(cmd.out, "{\"documents\":4,\"differ\":4,\"outputs\":1,\"outcomes\":[");
	SAYS(cmd.out, "{\"step\":\"big\",\"old\":\"none\",\"new\":\"then\",\"documents\":1}");
	SAYS(cmd.out, "{\"line\":5,\"outcome\":{\"old\":\"failed (missing: id)\","
		      "\"new\":\"failed (missing: no)\"}}");
}
END_TEST

START_TEST(what_is_to_be_ignored_is_no_difference)
{
	put_sequence("a.yaml", "1", "id", "big");
	put_sequence("b.yaml", "2", "id", "big");
	cmd_put("in", "{\"id\":1}\n");
	flume("diff --behaviour a.yaml b.yaml --input in");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	flume("diff --behaviour a.yaml b.yaml --input in --ignore id --ignore x");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	flume("diff --behaviour a.yaml b.yaml --input in --ignore a[");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "--ignore: ");
}
END_TEST

START_TEST(a_comparison_sends_nothing)
{
	cmd_put("conf.yaml", "components: {channels: {c: {kind: file, path: sent}}}\n");
	cmd_put("a.yaml", "components: {processors: {s: {kind: set, fields: {x: 1}}}}\n"
			  "type: sequence\nchildren: [{ref: s}, {stream: c}]\n");
	cmd_put("in", "{}\n");
	flume("diff --behaviour a.yaml a.yaml --input in --config conf.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "1 documents, 0 differ");
	ck_assert_int_ne(access("sent", F_OK), 0);
}
END_TEST

START_TEST(a_schema_with_findings_is_not_compared)
{
	put_sequence("a.yaml", "1", "id", "big");
	cmd_put("b.yaml", "ref: nobody\n");
	expect_run("diff --behaviour a.yaml b.yaml", CMD_NEGATIVE, "");
	SAYS(cmd.err, "b.yaml:1:6: error: ");
	expect_run("diff a.yaml a.yaml", CMD_USAGE, "");
	expect_run("diff --behaviour a.yaml", CMD_USAGE, "");
}
END_TEST

START_TEST(odd_characters_do_not_break_the_results_for_machines)
{
	cmd_put("a.yaml", CASES "    - {name: \"a\\u0001\\t<b>&'\\\"]]>\\uffff😀\\u007f\", "
				"input: {}, "
				"expect: {x: \"</failure>\\ufffe\"}}\n");
	flume("test --junit j.xml a.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	/* NOLINTNEXTLINE(cert-env33-c) */
	ck_assert_int_eq(
		system("python3 -c \"import xml.etree.ElementTree as e; "
		       "t = e.parse('j.xml').getroot(); s = t[0]; c = s[0]; "
		       "assert float(s.get('time')) >= float(c.get('time')) > 0; "
		       "assert c.get('name').endswith(chr(0x1f600) + chr(0x7f) + chr(39)); "
		       "assert '<b>&' in c.get('name'); "
		       "assert '</failure>' in c[0].get('message')\""),
		0);
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
	tcase_add_test(tests, a_file_may_be_named_for_the_results);
	tcase_add_test(tests, a_file_is_not_read_and_written_at_once);
	tcase_add_test(tests, threads_change_neither_results_nor_numbers);
	tcase_add_test(tests, too_many_threads_are_refused);
	tcase_add_test(tests, a_folder_is_no_input);
	tcase_add_test(tests, the_same_behaviour_is_no_difference);
	tcase_add_test(tests, outcomes_outputs_and_routes_are_told_apart);
	tcase_add_test(tests, what_is_to_be_ignored_is_no_difference);
	tcase_add_test(tests, a_comparison_sends_nothing);
	tcase_add_test(tests, a_schema_with_findings_is_not_compared);
	tcase_add_test(tests, odd_characters_do_not_break_the_results_for_machines);
	return suite;
}
