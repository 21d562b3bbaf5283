/* What is looked at many bytes at a time, and on machines that have no instruction for it. */
#include "agent/document/quoted.h"
#include "agent/document/scan.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

START_TEST(both_ways_mark_the_same_bytes)
{
	char bytes[SCAN_STEP];
	for (int c = 0; c < 256; c++) {
		for (size_t i = 0; i < SCAN_STEP; i++) {
			memset(bytes, i % 2 ? '7' : 'x', sizeof bytes);
			bytes[i] = (char)c;
			ck_assert_uint_eq(scan_odd(bytes), scan_odd_portable(bytes));
			ck_assert_uint_eq(scan_no_digits(bytes),
					  scan_no_digits_portable(bytes));
		}
	}
	unsigned seed = 1;
	for (int round = 0; round < 100000; round++) {
		for (size_t i = 0; i < SCAN_STEP; i++)
			bytes[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
		ck_assert_uint_eq(scan_odd(bytes), scan_odd_portable(bytes));
		ck_assert_uint_eq(scan_no_digits(bytes), scan_no_digits_portable(bytes));
	}
}
END_TEST

START_TEST(plain_bytes_are_those_that_stand_for_themselves)
{
	ck_assert_uint_eq(scan_plain("0123456789abcdef"), SCAN_STEP);
	ck_assert_uint_eq(scan_plain(" !#[]~\x7F\"xxxxxxxx"), 7);
	ck_assert_uint_eq(scan_plain("abc\\xxxxxxxxxxxx"), 3);
	ck_assert_uint_eq(scan_plain("abcd\x1Fxxxxxxxxxxx"), 4);
	ck_assert_uint_eq(scan_plain("\x80xxxxxxxxxxxxxxx"), 0);
	ck_assert_uint_eq(scan_plain("abcdefghijklmno\xFF"), 15);
}
END_TEST

static void expect_quoted(const char *plain, size_t len, const char *quoted)
{
	char out[400], back[400];
	size_t n = quoted_write(out, plain, len);
	ck_assert_uint_eq(n, strlen(quoted));
	ck_assert_mem_eq(out, quoted, n);
	ck_assert_uint_eq(quoted_decode(out + 1, n - 2, back), len);
	ck_assert_mem_eq(back, plain, len);
	ck_assert_int_eq(quoted_against(out + 1, n - 2, plain, len), 0);
}

START_TEST(what_is_quoted_means_the_same)
{
	expect_quoted("", 0, "\"\"");
	expect_quoted("plain", 5, "\"plain\"");
	expect_quoted("0123456789abcdef", 16, "\"0123456789abcdef\"");
	expect_quoted("0123456789abcdefg", 17, "\"0123456789abcdefg\"");
	expect_quoted("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
	expect_quoted("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
	expect_quoted("a\0b\x1F", 4, "\"a\\u0000b\\u001f\"");
	expect_quoted("ä 漢 😀 and more of it", 26, "\"ä 漢 😀 and more of it\"");
}
END_TEST

static int compare(const char *a, const char *b)
{
	int order = quoted_compare(a, strlen(a), b, strlen(b));
	return (order > 0) - (order < 0);
}

START_TEST(quoted_texts_compare_by_what_they_mean)
{
	ck_assert_int_eq(compare("\\u0061", "a"), 0);
	ck_assert_int_eq(compare("\\u0061b", "a\\u0062"), 0);
	ck_assert_int_eq(compare("\\ud83d\\ude00", "😀"), 0);
	ck_assert_int_eq(compare("\\/", "/"), 0);
	ck_assert_int_eq(compare("\\n", "\\u000A"), 0);
	ck_assert_int_eq(compare("\\u0000", ""), 1);
	ck_assert_int_eq(compare("a", "ab"), -1);
	ck_assert_int_eq(compare("\\u00e4", "z"), 1);
	ck_assert_int_eq(quoted_against("\\u0061", 6, "b", 1), 'a' - 'b');
	ck_assert_int_eq(quoted_against("ab", 2, "a", 1), 1);
	ck_assert_int_lt(quoted_against("a", 1, "ab", 2), 0);
}
END_TEST

Suite *suite_document_scan(void)
{
	Suite *suite = suite_create("document_scan");
	TCase *cases = tcase_create("scan");
	tcase_add_test(cases, both_ways_mark_the_same_bytes);
	tcase_add_test(cases, plain_bytes_are_those_that_stand_for_themselves);
	tcase_add_test(cases, what_is_quoted_means_the_same);
	tcase_add_test(cases, quoted_texts_compare_by_what_they_mean);
	suite_add_tcase(suite, cases);
	return suite;
}
