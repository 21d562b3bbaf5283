/* What a canary case expects, against what came out. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* `why` is NULL for a match. */
static void expect_match(const char *actual, const char *expected, const char *why)
{
	struct document *got = read_document(actual), *wanted = read_document(expected);
	char text[512] = "";
	bool match = document_matches(got, wanted, NULL, text, sizeof text);
	ck_assert_msg(match == !why, "%s and %s: %s", actual, expected, text);
	ck_assert_str_eq(text, why ? why : "");
	document_free(got);
	document_free(wanted);
}

START_TEST(what_is_named_must_match_and_the_rest_is_free)
{
	expect_match("{\"total\":90,\"status\":\"ok\",\"x\":[1]}", "{\"status\":\"ok\"}", NULL);
	expect_match("{\"total\":90}", "{}", NULL);
	expect_match("{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"c\":2}}", NULL);
	expect_match("{\"a\":[{\"b\":1,\"c\":2},3]}", "{\"a\":[{\"b\":1},3]}", NULL);
	expect_match("{\"total\":100}", "{\"total\":90}", "total: expected 90, got 100");
	expect_match("{}", "{\"status\":\"ok\"}", "status: expected \"ok\", got nothing");
	expect_match("{}", "{\"a\":null}", "a: expected null, got nothing");
	expect_match("{\"a\":null}", "{\"a\":null}", NULL);
}
END_TEST

START_TEST(numbers_match_by_value)
{
	expect_match("{\"total\":90.0}", "{\"total\":90}", NULL);
	expect_match("{\"total\":90}", "{\"total\":90.0}", NULL);
	expect_match("{\"total\":\"90\"}", "{\"total\":90}", "total: expected 90, got \"90\"");
}
END_TEST

START_TEST(arrays_match_element_by_element)
{
	expect_match("{\"a\":[1,2]}", "{\"a\":[1]}", "a: expected 1 element, got 2");
	expect_match("[1]", "[1,2]", "expected 2 elements, got 1");
	expect_match("{\"items\":[{\"sku\":\"a\"},{\"sku\":\"b\"}]}",
		     "{\"items\":[{\"sku\":\"a\"},{\"sku\":\"c\"}]}",
		     "items[1].sku: expected \"c\", got \"b\"");
	expect_match("{\"a\":{}}", "{\"a\":[]}", "a: expected [], got {}");
}
END_TEST

START_TEST(the_place_is_a_path_that_could_be_used)
{
	expect_match("{\"a.b\":{\"c[0]\":1}}", "{\"a.b\":{\"c[0]\":2}}",
		     "a\\.b.c\\[0]: expected 2, got 1");
	expect_match("5", "6", "expected 6, got 5");
}
END_TEST

/* `paths` ends with NULL. */
static void expect_by(struct document_rules rules, const char *const *paths, const char *actual,
		      const char *expected, const char *why)
{
	struct document *got = read_document(actual), *wanted = read_document(expected);
	struct path except[4];
	char text[512] = "";
	for (; paths && paths[rules.n_except]; rules.n_except++)
		ck_assert_int_eq(
			path_compile(&except[rules.n_except], paths[rules.n_except], NULL), 0);
	rules.except = except;
	ck_assert(document_matches(got, wanted, &rules, text, sizeof text) == !why);
	ck_assert_str_eq(text, why ? why : "");
	for (size_t i = 0; i < rules.n_except; i++)
		path_fini(&except[i]);
	document_free(got);
	document_free(wanted);
}

START_TEST(an_exact_match_leaves_nothing_free)
{
	const struct document_rules exact = {.exact = true};
	expect_by(exact, NULL, "{\"a\":1,\"b\":[{}]}", "{\"b\":[{}],\"a\":1.0}", NULL);
	expect_by(exact, NULL, "{\"a\":1,\"b\":2}", "{\"a\":1}", "b: expected nothing, got 2");
	expect_by(exact, NULL, "{\"a\":[{\"b\":null}]}", "{\"a\":[{}]}",
		  "a[0].b: expected nothing, got null");
	expect_by(exact, NULL, "{}", "{\"a\":null}", "a: expected null, got nothing");
	expect_by(exact, NULL, "[]", "{}", "expected {}, got []");
}
END_TEST

START_TEST(the_first_few_differences_are_told)
{
	expect_match("{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":3}",
		     "a: expected 2, got 1; b: expected 3, got 2");
	expect_match("[1,2,3,4,5]", "[0,0,0,0,0]",
		     "[0]: expected 0, got 1; [1]: expected 0, got 2; [2]: expected 0, got 3; "
		     "and 2 more");
}
END_TEST

START_TEST(what_is_excepted_may_differ)
{
	const struct document_rules exact = {.exact = true};
	const char *const paths[] = {"at", "items[1].sku", "a\\.b.c", NULL};
	expect_by(exact, paths, "{\"at\":1}", "{\"at\":2}", NULL);
	expect_by(exact, paths, "{\"at\":{\"x\":1}}", "{}", NULL);
	expect_by(exact, paths, "{}", "{\"at\":[1]}", NULL);
	expect_by(exact, paths, "{\"items\":[{\"sku\":1},{\"sku\":2}]}",
		  "{\"items\":[{\"sku\":1},{\"sku\":3}]}", NULL);
	expect_by(exact, paths, "{\"items\":[{\"sku\":1},{\"sku\":2}]}",
		  "{\"items\":[{\"sku\":2},{\"sku\":3}]}", "items[0].sku: expected 2, got 1");
	expect_by(exact, paths, "{\"a.b\":{\"c\":1}}", "{\"a.b\":{\"c\":2}}", NULL);
	expect_by(exact, paths, "{\"in\":{\"at\":1}}", "{\"in\":{\"at\":2}}",
		  "in.at: expected 2, got 1");
	expect_by(exact, paths, "5", "6", "expected 6, got 5");
}
END_TEST

START_TEST(a_veiled_difference_shows_no_value)
{
	const struct document_rules veiled = {.exact = true, .veiled = true};
	expect_by(veiled, NULL, "{\"pin\":1234}", "{\"pin\":1235}", "pin: another number");
	expect_by(veiled, NULL, "{\"pin\":\"a\"}", "{\"pin\":\"b\"}", "pin: another text");
	expect_by(veiled, NULL, "{\"pin\":null}", "{\"pin\":\"b\"}", "pin: a text became null");
	expect_by(veiled, NULL, "{\"pin\":1}", "{}", "pin: added");
	expect_by(veiled, NULL, "{}", "{\"pin\":[1]}", "pin: missing");
	expect_by(veiled, NULL, "[1,2]", "[1]", "expected 1 element, got 2");
	expect_by(veiled, NULL, "1", "2", "another number");
}
END_TEST

START_TEST(a_long_difference_is_cut_between_characters)
{
	char actual[1000] = "{\"a\":\"";
	for (size_t i = 0; i < 200; i++)
		memcpy(actual + strlen(actual), "ä", sizeof "ä");
	memcpy(actual + strlen(actual), "\"}", 3);
	struct document *got = read_document(actual), *wanted = read_document("{\"a\":1}");
	char why[512];
	ck_assert(!document_matches(got, wanted, NULL, why, sizeof why));
	expect_within(why, "a: expected 1, got \"ää");
	expect_within(why, "ä...");
	char small[24];
	ck_assert(!document_matches(got, wanted, NULL, small, sizeof small));
	ck_assert_str_eq(small, "a: expected 1, got \"ä");
	ck_assert(!document_matches(got, wanted, NULL, NULL, 0));
	document_free(got);
	document_free(wanted);
}
END_TEST

Suite *suite_document_match(void)
{
	Suite *suite = suite_create("document_match");
	TCase *cases = tcase_create("match");
	tcase_add_test(cases, what_is_named_must_match_and_the_rest_is_free);
	tcase_add_test(cases, numbers_match_by_value);
	tcase_add_test(cases, arrays_match_element_by_element);
	tcase_add_test(cases, the_place_is_a_path_that_could_be_used);
	tcase_add_test(cases, an_exact_match_leaves_nothing_free);
	tcase_add_test(cases, the_first_few_differences_are_told);
	tcase_add_test(cases, what_is_excepted_may_differ);
	tcase_add_test(cases, a_veiled_difference_shows_no_value);
	tcase_add_test(cases, a_long_difference_is_cut_between_characters);
	suite_add_tcase(suite, cases);
	return suite;
}
