#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

static void accept(const char *text, const char *wanted)
{
	expect_json(text, FLUME_JSON, wanted);
}

static void refuse(const char *text, const char *wanted)
{
	expect_refusal(text, strlen(text), FLUME_JSON, NULL, wanted);
}

START_TEST(every_kind_of_value_is_read)
{
	accept("null", "null");
	accept(" true\r\n", "true");
	accept("\tfalse ", "false");
	accept("\"\"", "\"\"");
	accept("[]", "[]");
	accept("{ }", "{}");
	accept("[ 1 , [ ] , { \"\" : { } } ]", "[1,[],{\"\":{}}]");
	accept("{\"b\":1,\"a\":[2,3]}", "{\"b\":1,\"a\":[2,3]}");
	accept("\xEF\xBB\xBF[1]", "[1]");
}
END_TEST

START_TEST(numbers_stay_as_they_were_written)
{
	static const char *const good[] = {"0",      "-0",       "12",
					   "1.50",   "-1.5e10",  "1E+5",
					   "0.1e-7", "1e999999", "100000000000000000000"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		accept(good[i], good[i]);
}
END_TEST

START_TEST(what_only_looks_like_a_number_is_refused)
{
	refuse("01", "1:1 syntax");
	refuse("-01", "1:1 syntax");
	refuse("1.", "1:2 syntax");
	refuse("1.e5", "1:2 syntax");
	refuse("1e", "1:2 syntax");
	refuse("1e+", "1:2 syntax");
	refuse(".5", "1:1 syntax");
	refuse("+1", "1:1 syntax");
	refuse("-", "1:1 syntax");
	refuse("0x10", "1:2 syntax");
	refuse("1_000", "1:2 syntax");
	refuse("Infinity", "1:1 syntax");
}
END_TEST

START_TEST(escapes_mean_their_characters)
{
	accept("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	accept("\"\\u0041\\u00e9\\u20AC\"", "\"A\xC3\xA9\xE2\x82\xAC\"");
	accept("\"x\\uD83D\\uDE00y\"", "\"x\xF0\x9F\x98\x80y\"");
	accept("\"\\uDBFF\\uDFFF\"", "\"\xF4\x8F\xBF\xBF\"");
	accept("{\"\\u0061\":1}", "{\"a\":1}");
}
END_TEST

START_TEST(bad_text_is_refused_where_it_is_bad)
{
	refuse("\"a\\x\"", "1:3 syntax");
	refuse("\"\\u12\"", "1:2 syntax");
	refuse("\"\\uD83D\"", "1:2 syntax");
	refuse("\"\\uD83Dx\"", "1:2 syntax");
	refuse("\"\\uD83D\\u0041\"", "1:2 syntax");
	refuse("\"\\uDE00\\uD83D\"", "1:2 syntax");
	refuse("\"\\u0000\"", "1:2 syntax");
	refuse("\"a\nb\"", "1:3 syntax");
	refuse("\"\x1f\"", "1:2 syntax");
	refuse("[\"never closed", "1:2 syntax");
	refuse("[\"never closed\\", "1:2 syntax");
	refuse("\"\xC3\xA9\xC3\"", "1:3 syntax");
	refuse("\"\xED\xA0\x80\"", "1:2 syntax");
}
END_TEST

START_TEST(a_nul_byte_is_refused_anywhere)
{
	expect_refusal("\"a\0b\"", 5, FLUME_JSON, NULL, "1:3 syntax");
	expect_refusal("[1]\0", 4, FLUME_JSON, NULL, "1:4 syntax");
	expect_refusal("\0", 1, FLUME_JSON, NULL, "1:1 syntax");
}
END_TEST

START_TEST(structure_is_strict)
{
	refuse("", "1:1 syntax");
	refuse("  \n ", "2:2 syntax");
	refuse("[1,]", "1:4 syntax");
	refuse("[,1]", "1:2 syntax");
	refuse("[1 2]", "1:4 syntax");
	refuse("{\"a\":1,}", "1:8 syntax");
	refuse("{\"a\"}", "1:5 syntax");
	refuse("{\"a\":}", "1:6 syntax");
	refuse("{a:1}", "1:2 syntax");
	refuse("{1:1}", "1:2 syntax");
	refuse("[1}", "1:3 syntax");
	refuse("{\"a\":1]", "1:7 syntax");
	refuse("[1", "1:3 syntax");
	refuse("[1] x", "1:5 syntax");
	refuse("[1][2]", "1:4 syntax");
	refuse("tru", "1:1 syntax");
	refuse("nulll", "1:1 syntax");
	refuse("truefalse", "1:1 syntax");
	refuse("[true1]", "1:6 syntax");
	refuse("/* c */ 1", "1:1 syntax");
	refuse("\xC2\xA0[]", "1:1 syntax");
}
END_TEST

START_TEST(places_count_lines_and_characters)
{
	flume_value *v = read_value(
		"{\"\xC3\xA9\xE2\x82\xAC\": [1,\r\n  \"\xF0\x9F\x98\x80\", {}\n]}", FLUME_JSON);
	const flume_value *key = flume_value_key(v, 0), *list = flume_value_at(v, 0);
	static const unsigned wanted[][2] = {{1, 9}, {2, 3}, {2, 8}};
	ck_assert_uint_eq(flume_value_line(v), 1);
	ck_assert_uint_eq(flume_value_column(v), 1);
	ck_assert_uint_eq(flume_value_column(key), 2);
	ck_assert_uint_eq(flume_value_column(list), 8);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(flume_value_line(flume_value_at(list, i)), wanted[i][0]);
		ck_assert_uint_eq(flume_value_column(flume_value_at(list, i)), wanted[i][1]);
	}
	flume_value_free(v);
}
END_TEST

START_TEST(escaped_keys_are_duplicates_of_plain_ones)
{
	refuse("{\"a\":1,\"\\u0061\":2}", "1:8 duplicate-key");
}
END_TEST

START_TEST(nesting_costs_no_stack)
{
	size_t n = 500000;
	char *s = malloc(n);
	ck_assert_ptr_nonnull(s);
	memset(s, '[', n);
	expect_refusal(s, n, FLUME_JSON, NULL, "1:257 too-deep");
	free(s);
}
END_TEST

Suite *suite_json(void)
{
	Suite *suite = suite_create("json");
	TCase *tests = tcase_create("json");
	tcase_add_test(tests, every_kind_of_value_is_read);
	tcase_add_test(tests, numbers_stay_as_they_were_written);
	tcase_add_test(tests, what_only_looks_like_a_number_is_refused);
	tcase_add_test(tests, escapes_mean_their_characters);
	tcase_add_test(tests, bad_text_is_refused_where_it_is_bad);
	tcase_add_test(tests, a_nul_byte_is_refused_anywhere);
	tcase_add_test(tests, structure_is_strict);
	tcase_add_test(tests, places_count_lines_and_characters);
	tcase_add_test(tests, escaped_keys_are_duplicates_of_plain_ones);
	tcase_add_test(tests, nesting_costs_no_stack);
	suite_add_tcase(suite, tests);
	return suite;
}
