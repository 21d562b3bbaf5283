#include "agent/engine/live.h"

#include "tests/unit/suites.h"

#define S INT64_C(1000000000)

/* A minute, fifty requests, one per cent. */
static const struct live_limits limits = {60 * S, 50, RATE_WHOLE / 100, false};
static const struct tally clean = {1000, 0};

static void judged(struct tally candidate, struct tally running, int64_t elapsed,
		   enum live_verdict expected)
{
	enum live_verdict verdict = live_judge(&limits, candidate, running, elapsed);
	ck_assert_msg(verdict == expected, "%llu of %llu failed: verdict %d, expected %d",
		      (unsigned long long)candidate.failures,
		      (unsigned long long)candidate.calls, (int)verdict, (int)expected);
}

START_TEST(it_waits_to_the_end_while_all_is_well)
{
	judged((struct tally){0, 0}, clean, 0, LIVE_WAIT);
	judged((struct tally){500, 0}, clean, 60 * S - 1, LIVE_WAIT);
	judged((struct tally){50, 0}, clean, 60 * S, LIVE_GOOD);
	judged((struct tally){100, 1}, clean, 60 * S, LIVE_GOOD);
}
END_TEST

START_TEST(too_many_failures_end_it_as_soon_as_there_are_enough_calls)
{
	judged((struct tally){49, 49}, clean, 0, LIVE_WAIT);
	judged((struct tally){50, 1}, clean, 0, LIVE_BAD);
	judged((struct tally){1000, 11}, clean, 59 * S, LIVE_BAD);
}
END_TEST

START_TEST(clients_that_fail_with_what_runs_too_are_not_held_against_it)
{
	judged((struct tally){100, 30}, (struct tally){1000, 300}, 60 * S, LIVE_GOOD);
	judged((struct tally){100, 31}, (struct tally){1000, 300}, 0, LIVE_BAD);
	judged((struct tally){100, 100}, (struct tally){100, 98}, 60 * S,
	       LIVE_GOOD); /* 2 under way */
}
END_TEST

START_TEST(what_runs_is_not_compared_with_when_it_has_few_calls)
{
	judged((struct tally){100, 2}, (struct tally){49, 49}, 0, LIVE_BAD);
	judged((struct tally){100, 1}, (struct tally){49, 0}, 60 * S, LIVE_GOOD);
}
END_TEST

START_TEST(too_few_calls_are_no_verdict)
{
	judged((struct tally){49, 0}, clean, 60 * S, LIVE_NO_VERDICT);
	judged((struct tally){0, 0}, (struct tally){0, 0}, 60 * S, LIVE_NO_VERDICT);
}
END_TEST

START_TEST(too_few_calls_that_look_bad_are_waited_for)
{
	judged((struct tally){10, 10}, clean, 3600 * S, LIVE_WAIT);
	judged((struct tally){10, 3}, (struct tally){1000, 300}, 60 * S, LIVE_NO_VERDICT);
}
END_TEST

START_TEST(one_that_waits_for_a_verdict_goes_on_without_one)
{
	struct live_limits waits = limits;
	waits.waits = true;
	ck_assert_int_eq(live_judge(&waits, (struct tally){49, 0}, clean, 3600 * S), LIVE_WAIT);
	ck_assert_int_eq(live_judge(&waits, (struct tally){50, 0}, clean, 3600 * S), LIVE_GOOD);
}
END_TEST

START_TEST(a_refusal_says_what_was_allowed)
{
	char why[240];
	live_explain(&limits, (struct tally){40, 12}, (struct tally){1000, 25}, why,
		     sizeof why);
	ck_assert_str_eq(why, "12 of 40 calls failed, 30%; allowed is 1%, and the 2.5% of what "
			      "runs meanwhile");
	live_explain(&limits, (struct tally){40, 12}, (struct tally){0, 0}, why, sizeof why);
	ck_assert_str_eq(why, "12 of 40 calls failed, 30%; allowed is 1%");
}
END_TEST

Suite *suite_live_canary(void)
{
	Suite *suite = suite_create("live_canary");
	TCase *cases = tcase_create("verdict");
	tcase_add_test(cases, it_waits_to_the_end_while_all_is_well);
	tcase_add_test(cases, too_many_failures_end_it_as_soon_as_there_are_enough_calls);
	tcase_add_test(cases, clients_that_fail_with_what_runs_too_are_not_held_against_it);
	tcase_add_test(cases, what_runs_is_not_compared_with_when_it_has_few_calls);
	tcase_add_test(cases, too_few_calls_are_no_verdict);
	tcase_add_test(cases, too_few_calls_that_look_bad_are_waited_for);
	tcase_add_test(cases, one_that_waits_for_a_verdict_goes_on_without_one);
	tcase_add_test(cases, a_refusal_says_what_was_allowed);
	suite_add_tcase(suite, cases);
	return suite;
}
