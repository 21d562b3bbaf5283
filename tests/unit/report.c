#include "lib/base/report.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_new_report_is_empty)
{
	flume_report *r = flume_report_new();
	ck_assert_uint_eq(flume_report_size(r), 0);
	ck_assert_ptr_null(flume_report_get_issue(r, 0));
	ck_assert(!report_full(r));
	ck_assert(!report_failed_alloc(r));
	ck_assert_ptr_null(flume_report_free(r));
	ck_assert_ptr_null(flume_report_free(NULL));
}
END_TEST

START_TEST(nobody_need_read_it)
{
	report_add_at(NULL, "code", "path", 1, 1, "hint", "text");
	flume_report_add(NULL, "code", "path", NULL, NULL, "text");
	ck_assert_uint_eq(flume_report_size(NULL), 0);
	ck_assert(report_full(NULL));
}
END_TEST

START_TEST(a_finding_keeps_all_that_was_said)
{
	flume_report *r = flume_report_new();
	char code[] = "unknown-key", path[] = "root", hint[] = "did you mean 'b'?";
	report_add_at(r, code, path, 3, 5, hint, "unknown key '%s'", "a");
	code[0] = path[0] = hint[0] = '#';
	const struct flume_issue *issue = flume_report_get_issue(r, 0);
	ck_assert_str_eq(issue->code, "unknown-key");
	ck_assert_str_eq(issue->path, "root");
	ck_assert_str_eq(issue->text, "unknown key 'a'");
	ck_assert_str_eq(issue->hint, "did you mean 'b'?");
	ck_assert_uint_eq(issue->line, 3);
	ck_assert_uint_eq(issue->column, 5);
	flume_report_free(r);
}
END_TEST

START_TEST(findings_stand_in_document_order)
{
	static const unsigned places[][2] = {{5, 1}, {2, 9}, {2, 3}, {0, 0}, {5, 1}, {2, 3}};
	static const char *const wanted = "3 2 5 1 0 4 ";
	flume_report *r = flume_report_new();
	for (unsigned i = 0; i < 6; i++)
		report_add_at(r, "x", "", places[i][0], places[i][1], NULL, "%u", i);
	char seen[64] = "";
	for (size_t i = 0; i < flume_report_size(r); i++) {
		strcat(seen, flume_report_get_issue(r, i)->text);
		strcat(seen, " ");
	}
	ck_assert_str_eq(seen, wanted);
	flume_report_free(r);
}
END_TEST

START_TEST(a_finding_about_a_value_has_its_place)
{
	flume_report *r = flume_report_new();
	flume_value *v;
	ck_assert_int_eq(flume_value_parse(&v, "a:\n  b: c", 9, FLUME_YAML, NULL, NULL), 0);
	flume_report_add(r, "x", "root.a", flume_value_get(v, "a"), NULL, "here");
	ck_assert_uint_eq(flume_report_get_issue(r, 0)->line, 2);
	ck_assert_uint_eq(flume_report_get_issue(r, 0)->column, 3);
	flume_value_free(v);
	flume_report_free(r);
}
END_TEST

START_TEST(a_flood_of_findings_is_bounded)
{
	flume_report *r = flume_report_new();
	for (unsigned i = 0; i < 5 * REPORT_MOST; i++)
		report_add_at(r, "x", "", i + 1, 1, NULL, "finding");
	ck_assert_uint_eq(flume_report_size(r), REPORT_MOST + 1);
	ck_assert(report_full(r));
	ck_assert_str_eq(flume_report_get_issue(r, REPORT_MOST)->code, "too-many-findings");
	ck_assert_ptr_null(flume_report_get_issue(r, REPORT_MOST + 1));
	flume_report_free(r);
}
END_TEST

START_TEST(a_long_text_is_cut_and_says_so)
{
	flume_report *r = flume_report_new();
	char *s = malloc(5001);
	ck_assert_ptr_nonnull(s);
	memset(s, 'x', 5000);
	s[5000] = '\0';
	report_add_at(r, "x", s, 1, 1, s, "%s", s);
	report_add_at(r, "x", "", 1, 2, NULL, "%.*s", REPORT_TEXT, s);
	const struct flume_issue *issue = flume_report_get_issue(r, 0);
	const char *const all[] = {issue->path, issue->text, issue->hint};
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(strlen(all[i]), REPORT_TEXT + 3);
		ck_assert_str_eq(all[i] + REPORT_TEXT, "\xE2\x80\xA6");
	}
	ck_assert_uint_eq(strlen(flume_report_get_issue(r, 1)->text), REPORT_TEXT);
	free(s);
	flume_report_free(r);
}
END_TEST

Suite *suite_report(void)
{
	Suite *suite = suite_create("report");
	TCase *tests = tcase_create("report");
	tcase_add_test(tests, a_new_report_is_empty);
	tcase_add_test(tests, nobody_need_read_it);
	tcase_add_test(tests, a_finding_keeps_all_that_was_said);
	tcase_add_test(tests, findings_stand_in_document_order);
	tcase_add_test(tests, a_finding_about_a_value_has_its_place);
	tcase_add_test(tests, a_flood_of_findings_is_bounded);
	tcase_add_test(tests, a_long_text_is_cut_and_says_so);
	suite_add_tcase(suite, tests);
	return suite;
}
