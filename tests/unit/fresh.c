#include "agent/engine/fresh.h"

#include "tests/unit/suites.h"

#define S INT64_C(1000000000)

START_TEST(a_node_without_a_first_proof_is_blind_after_the_bound)
{
	struct fresh f;
	int64_t wake;
	fresh_begin(&f, 30 * S, 100 * S);
	ck_assert_int_eq(fresh_look(&f, 100 * S, &wake), FRESH_SAME);
	ck_assert_int_eq(wake, 130 * S);
	ck_assert_int_eq(fresh_look(&f, 130 * S - 1, &wake), FRESH_SAME);
	ck_assert_int_eq(wake, 130 * S);
	ck_assert_int_eq(fresh_look(&f, 130 * S, &wake), FRESH_BLIND);
	ck_assert(f.blind);
}
END_TEST

START_TEST(each_proof_puts_it_off)
{
	struct fresh f;
	int64_t wake;
	fresh_begin(&f, 30 * S, 0);
	for (int64_t now = 10 * S; now < 500 * S; now += 10 * S) {
		ck_assert_int_eq(fresh_prove(&f, now), FRESH_SAME);
		ck_assert_int_eq(fresh_look(&f, now + 9 * S, &wake), FRESH_SAME);
		ck_assert_int_eq(wake, now + 30 * S);
	}
}
END_TEST

START_TEST(it_is_said_once_and_so_is_the_end_of_it)
{
	struct fresh f;
	int64_t wake;
	fresh_begin(&f, 30 * S, 0);
	ck_assert_int_eq(fresh_look(&f, 31 * S, &wake), FRESH_BLIND);
	ck_assert_int_eq(fresh_look(&f, 62 * S, &wake), FRESH_SAME);
	ck_assert_int_eq(wake, INT64_MAX);
	ck_assert_int_eq(fresh_prove(&f, 100 * S), FRESH_SEES);
	ck_assert(!f.blind);
	ck_assert_int_eq(fresh_prove(&f, 101 * S), FRESH_SAME);
	ck_assert_int_eq(fresh_look(&f, 131 * S, &wake), FRESH_BLIND);
}
END_TEST

START_TEST(without_a_bound_it_never_is)
{
	struct fresh f;
	int64_t wake;
	fresh_begin(&f, 0, 0);
	ck_assert_int_eq(fresh_look(&f, 1000000 * S, &wake), FRESH_SAME);
	ck_assert_int_eq(wake, INT64_MAX);
}
END_TEST

Suite *suite_fresh(void)
{
	Suite *suite = suite_create("fresh");
	TCase *tests = tcase_create("fresh");
	tcase_add_test(tests, a_node_without_a_first_proof_is_blind_after_the_bound);
	tcase_add_test(tests, each_proof_puts_it_off);
	tcase_add_test(tests, it_is_said_once_and_so_is_the_end_of_it);
	tcase_add_test(tests, without_a_bound_it_never_is);
	suite_add_tcase(suite, tests);
	return suite;
}
