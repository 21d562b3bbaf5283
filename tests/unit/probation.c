#include "agent/engine/probation.h"

#include "tests/unit/suites.h"

#define S INT64_C(1000000000)

/* A minute, fifty requests, one per cent. */
static const struct probation_limits limits = {60 * S, 50, RATE_WHOLE / 100};
static const struct tally clean = {10000, 0};

static void judged(struct tally before, struct tally now, int64_t elapsed,
		   enum probation_verdict expected)
{
	enum probation_verdict verdict = probation_judge(&limits, before, now, elapsed);
	ck_assert_msg(verdict == expected, "%llu of %llu failed: verdict %d, expected %d",
		      (unsigned long long)now.failures, (unsigned long long)now.calls,
		      (int)verdict, (int)expected);
}

START_TEST(it_waits_while_all_is_well)
{
	judged(clean, (struct tally){0, 0}, 0, PROBATION_WAIT);
	judged(clean, (struct tally){1000, 0}, 59 * S, PROBATION_WAIT);
}
END_TEST

START_TEST(enough_good_calls_to_the_end_prove_it)
{
	judged(clean, (struct tally){50, 0}, 60 * S, PROBATION_PROVEN);
	judged(clean, (struct tally){100, 1}, 60 * S, PROBATION_PROVEN);
}
END_TEST

START_TEST(too_few_calls_are_no_verdict)
{
	judged(clean, (struct tally){0, 0}, 60 * S, PROBATION_INCONCLUSIVE);
	judged(clean, (struct tally){49, 0}, 60 * S, PROBATION_INCONCLUSIVE);
	judged(clean, (struct tally){49, 49}, 59 * S, PROBATION_WAIT);
	judged(clean, (struct tally){49, 49}, 60 * S, PROBATION_INCONCLUSIVE);
}
END_TEST

START_TEST(no_calls_prove_nothing_however_few_are_asked_for)
{
	const struct probation_limits none = {S, 0, 0};
	ck_assert_int_eq(probation_judge(&none, clean, (struct tally){0, 0}, S),
			 PROBATION_INCONCLUSIVE);
}
END_TEST

START_TEST(too_many_failures_roll_back_as_soon_as_there_are_enough_calls)
{
	judged(clean, (struct tally){50, 1}, 0, PROBATION_ROLL_BACK);
	judged(clean, (struct tally){50, 50}, S, PROBATION_ROLL_BACK);
	judged(clean, (struct tally){1000, 11}, 60 * S, PROBATION_ROLL_BACK);
}
END_TEST

START_TEST(the_limit_itself_is_allowed)
{
	judged(clean, (struct tally){1000, 10}, S, PROBATION_WAIT);
	judged(clean,
	       (struct tally){UINT64_C(3000000000000000000), UINT64_C(30000000000000000)}, S,
	       PROBATION_WAIT);
	judged(clean,
	       (struct tally){UINT64_C(3000000000000000000), UINT64_C(30000000000000001)}, S,
	       PROBATION_ROLL_BACK);
}
END_TEST

START_TEST(what_failed_before_is_not_held_against_it)
{
	judged((struct tally){100, 50}, (struct tally){100, 50}, S, PROBATION_WAIT);
	judged((struct tally){100, 50}, (struct tally){100, 50}, 60 * S, PROBATION_PROVEN);
	judged((struct tally){100, 50}, (struct tally){100, 51}, S, PROBATION_ROLL_BACK);
	judged((struct tally){90, 30}, (struct tally){300, 100}, S, PROBATION_WAIT);
	judged((struct tally){90, 30}, (struct tally){300, 101}, S, PROBATION_ROLL_BACK);
}
END_TEST

START_TEST(too_few_calls_before_leave_the_verdict_to_the_limit)
{
	judged((struct tally){0, 0}, (struct tally){100, 2}, S, PROBATION_ROLL_BACK);
	judged((struct tally){0, 0}, (struct tally){100, 1}, S, PROBATION_WAIT);
	judged((struct tally){49, 49}, (struct tally){100, 2}, S, PROBATION_ROLL_BACK);
	judged((struct tally){50, 50}, (struct tally){100, 2}, S, PROBATION_WAIT);
}
END_TEST

static void is_known(struct tally release, struct tally older, struct tally expected)
{
	struct tally known = probation_before(&limits, release, older);
	ck_assert_uint_eq(known.calls, expected.calls);
	ck_assert_uint_eq(known.failures, expected.failures);
}

START_TEST(the_rate_before_is_the_last_that_is_known)
{
	const struct tally few = {3, 0}, fewer = {2, 2}, many = {100, 5}, none = {0, 0};
	is_known(many, clean, many);
	is_known(few, many, many);
	is_known(none, many, many);
	is_known(few, fewer, few);
	is_known(few, none, few);
}
END_TEST

START_TEST(it_says_what_it_saw)
{
	char text[200];
	probation_explain(&limits, (struct tally){40, 1}, (struct tally){40, 12}, text,
			  sizeof text);
	ck_assert_str_eq(text, "12 of 40 calls failed, 30%; allowed is 1%");
	probation_explain(&limits, (struct tally){400, 10}, (struct tally){40, 12}, text,
			  sizeof text);
	ck_assert_str_eq(text, "12 of 40 calls failed, 30%; allowed is 1%, and the 2.5% of the "
			       "generation before");
}
END_TEST

Suite *suite_probation(void)
{
	Suite *suite = suite_create("probation");
	TCase *tcase = tcase_create("verdicts");
	tcase_add_test(tcase, it_waits_while_all_is_well);
	tcase_add_test(tcase, enough_good_calls_to_the_end_prove_it);
	tcase_add_test(tcase, too_few_calls_are_no_verdict);
	tcase_add_test(tcase, no_calls_prove_nothing_however_few_are_asked_for);
	tcase_add_test(tcase, too_many_failures_roll_back_as_soon_as_there_are_enough_calls);
	tcase_add_test(tcase, the_limit_itself_is_allowed);
	tcase_add_test(tcase, what_failed_before_is_not_held_against_it);
	tcase_add_test(tcase, too_few_calls_before_leave_the_verdict_to_the_limit);
	tcase_add_test(tcase, the_rate_before_is_the_last_that_is_known);
	tcase_add_test(tcase, it_says_what_it_saw);
	suite_add_tcase(suite, tcase);
	return suite;
}
