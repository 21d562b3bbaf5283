#include "lib/flume.h"

#include "tests/unit/suites.h"

START_TEST(versions_have_the_order_of_the_specification)
{
	static const char *const rising[] = {
		"0.0.0",
		"0.0.1-0",
		"0.0.1",
		"0.9.9",
		"1.0.0-0",
		"1.0.0-9",
		"1.0.0-10",
		"1.0.0-99999999999999999999999999",
		"1.0.0-100000000000000000000000000",
		"1.0.0--",
		"1.0.0-0a",
		"1.0.0-A",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.1.0",
		"1.0.0-alpha.beta",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-beta1",
		"1.0.0-rc.1",
		"1.0.0",
		"1.0.1",
		"1.2.0",
		"1.10.0",
		"2.0.0",
		"10.0.0",
		"18446744073709551616.0.0",
		"18446744073709551617.0.0",
	};
	size_t n = sizeof rising / sizeof *rising;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			ck_assert_msg(flume_version_compare(rising[i], rising[j]) ==
					      (i > j) - (i < j),
				      "%s and %s", rising[i], rising[j]);
}
END_TEST

START_TEST(build_metadata_and_a_leading_v_do_not_count)
{
	ck_assert_int_eq(flume_version_compare("1.2.3+a", "1.2.3+b.00.1-2"), 0);
	ck_assert_int_eq(flume_version_compare("v1.2.3", "1.2.3"), 0);
	ck_assert_int_eq(flume_version_compare("1.2.3-rc.1+a", "v1.2.3-rc.1"), 0);
}
END_TEST

START_TEST(what_is_no_semantic_version_is_refused_on_either_side)
{
	static const char *const bad[] = {
		"",           "1",         "1.2",       "1.2.3.4",        "01.2.3",
		"1.02.3",     "1.2.03",    "1.2.3-",    "1.2.3+",         "1.2.3-01",
		"1.2.3-a..b", "1.2.3-a.",  "1.2.3+a..", "1.2.3-\xC3\xA9", " 1.2.3",
		"1.2.3 ",     "V1.2.3",    "vv1.2.3",   "-1.2.3",         "1.2.-3",
		"a.b.c",      "1.2.3+a+b", "1..3",      "1.2.x",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(flume_version_compare(bad[i], "1.0.0") == FLUME_INVALID, "%s",
			      bad[i]);
		ck_assert_msg(flume_version_compare("1.0.0", bad[i]) == FLUME_INVALID, "%s",
			      bad[i]);
	}
}
END_TEST

START_TEST(leading_zeros_are_fine_where_letters_follow)
{
	ck_assert_int_eq(flume_version_compare("1.0.0-0a", "1.0.0-0a"), 0);
	ck_assert_int_eq(flume_version_compare("1.0.0-00-", "1.0.0-00-"), 0);
}
END_TEST

Suite *suite_version(void)
{
	Suite *suite = suite_create("version");
	TCase *tests = tcase_create("version");
	tcase_add_test(tests, versions_have_the_order_of_the_specification);
	tcase_add_test(tests, build_metadata_and_a_leading_v_do_not_count);
	tcase_add_test(tests, what_is_no_semantic_version_is_refused_on_either_side);
	tcase_add_test(tests, leading_zeros_are_fine_where_letters_follow);
	suite_add_tcase(suite, tests);
	return suite;
}
