#include "lib/base/utf8.h"

#include "tests/unit/suites.h"

#include <string.h>

START_TEST(a_character_is_as_long_as_its_bytes)
{
	ck_assert_uint_eq(utf8_length("a", 1), 1);
	ck_assert_uint_eq(utf8_length("\xC2\x80", 2), 2);
	ck_assert_uint_eq(utf8_length("\xE2\x82\xAC rest", 8), 3);
	ck_assert_uint_eq(utf8_length("\xF4\x8F\xBF\xBF", 4), 4);
	ck_assert_uint_eq(utf8_length("", 0), 0);
}
END_TEST

START_TEST(what_is_not_utf8_has_no_length)
{
	static const char *const bad[] = {
		"\x80",             /* a byte that only follows */
		"\xC0\x80",         /* overlong                 */
		"\xC1\xBF",         /* overlong                 */
		"\xE0\x9F\xBF",     /* overlong                 */
		"\xED\xA0\x80",     /* a surrogate              */
		"\xF0\x8F\xBF\xBF", /* overlong                 */
		"\xF4\x90\x80\x80", /* beyond U+10FFFF          */
		"\xF5\x80\x80\x80",
		"\xFF",
		"\xE2\x82",
		"\xE2\x28\xA1",
		"\xF0\x9F\x98",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(utf8_length(bad[i], strlen(bad[i])) == 0, "case %zu", i);
}
END_TEST

START_TEST(a_text_is_well_formed_when_all_of_it_is)
{
	ck_assert(utf8_is_all("", 0));
	ck_assert(utf8_is_all("a\xE2\x82\xAC", 4));
	ck_assert(!utf8_is_all("a\xE2\x82\xAC", 3));
	ck_assert(!utf8_is_all("a\xFF"
			       "b",
			       3));
}
END_TEST

START_TEST(every_character_survives_encoding)
{
	for (unsigned code = 1; code < 0x110000; code++) {
		char s[4];
		if (code == 0xD800)
			code = 0xE000;
		size_t n = utf8_encode(s, code);
		if (utf8_length(s, n) != n || utf8_length(s, n - 1) != 0)
			ck_abort_msg("U+%04X", code);
	}
}
END_TEST

START_TEST(a_cut_never_halves_a_character)
{
	const char s[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
	static const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
	for (size_t n = 0; n < sizeof s; n++)
		ck_assert_uint_eq(utf8_floor(s, n), wanted[n]);
}
END_TEST

Suite *suite_utf8(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tests = tcase_create("utf8");
	tcase_add_test(tests, a_character_is_as_long_as_its_bytes);
	tcase_add_test(tests, what_is_not_utf8_has_no_length);
	tcase_add_test(tests, a_text_is_well_formed_when_all_of_it_is);
	tcase_add_test(tests, every_character_survives_encoding);
	tcase_add_test(tests, a_cut_never_halves_a_character);
	suite_add_tcase(suite, tests);
	return suite;
}
