#include "lib/base/text.h"

#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static void expect(struct text *t, const char *wanted)
{
	char *s = text_take(t);
	ck_assert_str_eq(s, wanted);
	free(s);
}

START_TEST(nothing_added_gives_empty_text)
{
	struct text t = {0};
	expect(&t, "");
}
END_TEST

START_TEST(additions_follow_one_another)
{
	struct text t = {0};
	text_add(&t, "one");
	text_add_char(&t, ' ');
	text_add_n(&t, "two and more", 3);
	text_addf(&t, " %d", 3);
	ck_assert_uint_eq(t.len, 9);
	expect(&t, "one two 3");
}
END_TEST

START_TEST(a_builder_is_empty_after_its_text_was_taken)
{
	struct text t = {0};
	text_add(&t, "gone");
	free(text_take(&t));
	ck_assert_ptr_null(t.s);
	text_add(&t, "new");
	expect(&t, "new");
}
END_TEST

START_TEST(text_grows_to_any_length)
{
	struct text t = {0};
	for (int i = 0; i < 10000; i++)
		text_addf(&t, "%04d", i);
	ck_assert_uint_eq(t.len, 40000);
	ck_assert(!memcmp(t.s + 39996, "9999", 5));
	text_fini(&t);
}
END_TEST

START_TEST(a_long_formatted_text_is_added_whole)
{
	struct text t = {0};
	char *x = malloc(5001);
	ck_assert_ptr_nonnull(x);
	memset(x, 'x', 5000);
	x[5000] = '\0';
	text_add(&t, "<");
	text_addf(&t, "%s>", x);
	ck_assert_uint_eq(t.len, 5002);
	ck_assert_int_eq(t.s[5001], '>');
	text_fini(&t);
	free(x);
}
END_TEST

START_TEST(after_a_failure_nothing_is_added_or_given)
{
	struct text t = {0};
	text_add(&t, "before");
	text_add_n(&t, "", SIZE_MAX / 2);
	ck_assert(t.failed);
	text_add(&t, "after");
	text_add_char(&t, 'x');
	text_addf(&t, "%d", 1);
	text_add_json(&t, "y", 1);
	ck_assert_uint_eq(t.len, 6);
	ck_assert_ptr_null(text_take(&t));
}
END_TEST

START_TEST(json_text_escapes_what_it_must_and_nothing_else)
{
	struct text t = {0};
	const char s[] = "a\"\\/\b\f\n\r\t\x01\x1f\x7f \xC3\xA9\xF0\x9F\x98\x80";
	text_add_json(&t, s, sizeof s - 1);
	expect(&t, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f \xC3\xA9\xF0\x9F\x98\x80\"");
}
END_TEST

START_TEST(json_text_may_hold_nul_and_repairs_what_is_not_utf8)
{
	struct text t = {0};
	text_add_json(&t, "a\0b\xFF\xC3", 5);
	expect(&t, "\"a\\u0000b\xEF\xBF\xBD\xEF\xBF\xBD\"");
	text_add_json(&t, "", 0);
	expect(&t, "\"\"");
}
END_TEST

Suite *suite_text(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");
	tcase_add_test(tests, nothing_added_gives_empty_text);
	tcase_add_test(tests, additions_follow_one_another);
	tcase_add_test(tests, a_builder_is_empty_after_its_text_was_taken);
	tcase_add_test(tests, text_grows_to_any_length);
	tcase_add_test(tests, a_long_formatted_text_is_added_whole);
	tcase_add_test(tests, after_a_failure_nothing_is_added_or_given);
	tcase_add_test(tests, json_text_escapes_what_it_must_and_nothing_else);
	tcase_add_test(tests, json_text_may_hold_nul_and_repairs_what_is_not_utf8);
	suite_add_tcase(suite, tests);
	return suite;
}
