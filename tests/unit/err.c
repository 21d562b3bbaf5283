#include "lib/flume.h"

#include "tests/unit/suites.h"

#include <string.h>

START_TEST(failing_fills_the_error_and_returns_the_code)
{
	struct flume_err err = {.path = "checkout > retry"};
	ck_assert_int_eq(flume_fail(&err, FLUME_FAILED, "order %d has no total", 7),
			 FLUME_FAILED);
	ck_assert_int_eq(err.code, FLUME_FAILED);
	ck_assert_str_eq(err.text, "order 7 has no total");
	ck_assert_str_eq(err.path, "");
}
END_TEST

START_TEST(nobody_need_listen)
{
	ck_assert_int_eq(flume_fail(NULL, FLUME_IO, "%s", "lost"), FLUME_IO);
}
END_TEST

START_TEST(an_error_may_quote_itself)
{
	struct flume_err err = {0};
	flume_fail(&err, FLUME_IO, "no such file");
	flume_fail(&err, FLUME_INVALID, "schema: %s", err.text);
	ck_assert_str_eq(err.text, "schema: no such file");
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
	struct flume_err err = {0};
	char s[400] = "x";
	for (size_t i = 1; i + 2 < sizeof s; i += 2)
		memcpy(s + i, "\xC3\xA9", 3);
	flume_fail(&err, FLUME_FAILED, "%s", s);
	ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
	flume_fail(&err, FLUME_FAILED, "x%s", s);
	ck_assert_uint_eq(strlen(err.text), sizeof err.text - 2);
}
END_TEST

START_TEST(every_code_has_a_text_of_its_own)
{
	ck_assert_str_eq(flume_code_text(0), "ok");
	ck_assert_str_eq(flume_code_text(FLUME_TIMED_OUT), "timed out");
	for (int a = 0; a >= FLUME_CONFLICT; a--) {
		ck_assert_str_ne(flume_code_text(a), "unknown");
		for (int b = 0; b > a; b--)
			ck_assert_str_ne(flume_code_text(a), flume_code_text(b));
	}
	ck_assert_str_eq(flume_code_text(1), "unknown");
	ck_assert_str_eq(flume_code_text(FLUME_CONFLICT - 1), "unknown");
}
END_TEST

START_TEST(the_version_is_one)
{
	ck_assert_int_eq(flume_version_compare(flume_version(), flume_version()), 0);
}
END_TEST

Suite *suite_err(void)
{
	Suite *suite = suite_create("err");
	TCase *tests = tcase_create("err");
	tcase_add_test(tests, failing_fills_the_error_and_returns_the_code);
	tcase_add_test(tests, nobody_need_listen);
	tcase_add_test(tests, an_error_may_quote_itself);
	tcase_add_test(tests, long_text_is_cut_between_characters);
	tcase_add_test(tests, every_code_has_a_text_of_its_own);
	tcase_add_test(tests, the_version_is_one);
	suite_add_tcase(suite, tests);
	return suite;
}
