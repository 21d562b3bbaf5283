#include "agent/source/pace.h"

#include "tests/unit/suites.h"

#define S INT64_C(1000000000)

START_TEST(looks_are_spread_around_the_pace)
{
	struct pace p = {.poll = 30 * S, .least = S, .most = 60 * S};
	ck_assert_int_eq(pace_good(&p, 0), 27 * S);
	ck_assert_int_le(pace_good(&p, UINT32_MAX), 33 * S);
	ck_assert_int_gt(pace_good(&p, UINT32_MAX), 33 * S - 1000);
}
END_TEST

START_TEST(pauses_after_failures_grow_to_a_bound)
{
	struct pace p = {.poll = 30 * S, .least = S, .most = 60 * S};
	int64_t bounds[] = {1, 2, 4, 8, 16, 32, 60, 60};
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		int64_t pause = pace_bad(&p, UINT32_MAX, 0);
		ck_assert_int_le(pause, bounds[i] * S);
		ck_assert_int_gt(pause, bounds[i] * S - 1000);
		ck_assert_int_eq(pace_bad(&(struct pace){.least = S, .most = S}, 0, 0), 0);
	}
	(void)pace_good(&p, 0);
	ck_assert_int_le(pace_bad(&p, UINT32_MAX, 0), S);
}
END_TEST

START_TEST(what_was_asked_for_is_kept_and_spread)
{
	struct pace p = {.poll = 30 * S, .least = S, .most = 60 * S};
	ck_assert_int_eq(pace_bad(&p, 0, 7 * S), 7 * S);
	ck_assert_int_gt(pace_bad(&p, UINT32_MAX, 7 * S), 8 * S);
}
END_TEST

START_TEST(no_pause_is_too_long_for_its_type)
{
	struct pace p = {.poll = INT64_MAX / 4, .least = S, .most = INT64_MAX / 4};
	ck_assert_int_gt(pace_good(&p, UINT32_MAX), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_ge(pace_bad(&p, UINT32_MAX, 0), 0);
}
END_TEST

Suite *suite_pace(void)
{
	Suite *suite = suite_create("pace");
	TCase *tests = tcase_create("pace");
	tcase_add_test(tests, looks_are_spread_around_the_pace);
	tcase_add_test(tests, pauses_after_failures_grow_to_a_bound);
	tcase_add_test(tests, what_was_asked_for_is_kept_and_spread);
	tcase_add_test(tests, no_pause_is_too_long_for_its_type);
	suite_add_tcase(suite, tests);
	return suite;
}
