/* When a split cannot be chance. */
#include "agent/split/ratio.h"

#include "tests/unit/ab_fixture.h"
#include "tests/unit/suites.h"

#include <inttypes.h>
#include <stdio.h>

START_TEST(a_split_that_can_be_chance_is_good)
{
	const uint64_t seen[] = {5100, 4900};
	const uint32_t weights[] = {50000, 50000};
	struct ratio ratio = ratio_judge(seen, weights, 2);
	ck_assert_int_eq(ratio.verdict, RATIO_GOOD);
	ck_assert_uint_eq(ratio.keys, 10000);
}
END_TEST

START_TEST(one_that_cannot_is_bad_and_says_where)
{
	char text[200];
	const uint64_t seen[] = {1400, 5400, 3200};
	const uint32_t weights[] = {10000, 60000, 30000};
	struct ratio ratio = ratio_judge(seen, weights, 3);
	ck_assert_int_eq(ratio.verdict, RATIO_BAD);
	ck_assert_uint_eq(ratio.worst, 0);
	ck_assert(ratio.measure > ratio.bound);
	ratio_explain(&ratio, "compact", weights[0], text, sizeof text);
	ck_assert_str_eq(text, "compact: 1400 of 10000 keys, where 10% are 1000");
}
END_TEST

START_TEST(few_keys_are_no_verdict)
{
	const uint64_t seen[] = {150, 0};
	const uint32_t weights[] = {50000, 50000};
	ck_assert_int_eq(ratio_judge(seen, weights, 2).verdict, RATIO_WAIT);
	ck_assert_int_eq(ratio_judge(seen, weights, 0).verdict, RATIO_WAIT);
}
END_TEST

START_TEST(one_variant_alone_is_nothing_to_compare)
{
	const uint64_t seen[] = {15000, 0};
	const uint32_t weights[] = {100000, 0};
	ck_assert_int_eq(ratio_judge(seen, weights, 2).verdict, RATIO_WAIT);
}
END_TEST

/* A share of a thousandth of a per cent expects a tenth of a key of 10,000: one of them is no wonder, and
 * neither are ten variants of that sort. */
START_TEST(a_tiny_share_is_not_a_wonder_by_itself)
{
	const uint64_t seen[] = {3, 1, 2, 10000};
	const uint32_t weights[] = {1, 1, 1, 99997};
	ck_assert_int_eq(ratio_judge(seen, weights, 4).verdict, RATIO_WAIT);
	const uint64_t more[] = {10, 9000, 900, 90};
	const uint32_t shares[] = {100, 90000, 9000, 900};
	ck_assert_int_eq(ratio_judge(more, shares, 4).verdict, RATIO_GOOD);
}
END_TEST

START_TEST(a_fair_switch_is_never_suspected)
{
	uint64_t state = 5;
	for (int w = 0; w < 200; w++) {
		uint32_t weights[5];
		uint64_t seen[5] = {0};
		random_weights(weights, 5, &state);
		for (int i = 0; i < 2000; i++) {
			uint32_t point = (uint32_t)(random_next(&state) % AB_WHOLE);
			size_t v = 0;
			while (point >= weights[v])
				point -= weights[v++];
			seen[v]++;
			if (i % 100 == 99)
				ck_assert_int_ne(ratio_judge(seen, weights, 5).verdict,
						 RATIO_BAD);
		}
	}
}
END_TEST

Suite *suite_ab_ratio(void)
{
	Suite *suite = suite_create("ab_ratio");
	TCase *tests = tcase_create("ratio");
	tcase_add_test(tests, a_split_that_can_be_chance_is_good);
	tcase_add_test(tests, one_that_cannot_is_bad_and_says_where);
	tcase_add_test(tests, few_keys_are_no_verdict);
	tcase_add_test(tests, one_variant_alone_is_nothing_to_compare);
	tcase_add_test(tests, a_tiny_share_is_not_a_wonder_by_itself);
	tcase_add_test(tests, a_fair_switch_is_never_suspected);
	suite_add_tcase(suite, tests);
	return suite;
}
