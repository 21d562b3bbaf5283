#include "agent/engine/shadow.h"

#include "tests/unit/suites.h"

#include <string.h>

#define S INT64_C(1000000000)

/* Half a minute, fifty documents, two in a hundred, at most twice as slow. */
static const struct shadow_limits limits = {30 * S, 50, RATE_WHOLE / 50, 2, false};
/* The same, where no document may differ. */
static const struct shadow_limits strict = {30 * S, 50, 0, 0, false};

static void judged(const struct shadow_limits *by, struct shadow_tally tally, int64_t elapsed,
		   enum shadow_verdict expected)
{
	enum shadow_verdict verdict = shadow_judge(by, &tally, elapsed);
	ck_assert_msg(verdict == expected, "%llu of %llu differ: verdict %d, expected %d",
		      (unsigned long long)tally.differed, (unsigned long long)tally.compared,
		      (int)verdict, (int)expected);
}

START_TEST(it_waits_to_the_end_while_all_is_alike)
{
	judged(&limits, (struct shadow_tally){0}, 0, SHADOW_WAIT);
	judged(&limits, (struct shadow_tally){.compared = 5000}, 30 * S - 1, SHADOW_WAIT);
	judged(&limits, (struct shadow_tally){.compared = 50}, 30 * S, SHADOW_GOOD);
	judged(&strict, (struct shadow_tally){.compared = 50}, 30 * S, SHADOW_GOOD);
}
END_TEST

START_TEST(too_few_documents_are_no_verdict)
{
	judged(&limits, (struct shadow_tally){.compared = 49}, 30 * S, SHADOW_NO_VERDICT);
	judged(&limits, (struct shadow_tally){0}, 30 * S, SHADOW_NO_VERDICT);
	judged(&limits, (struct shadow_tally){.compared = 49, .differed = 1}, 30 * S,
	       SHADOW_NO_VERDICT);
}
END_TEST

START_TEST(one_that_waits_for_a_verdict_goes_on_without_one)
{
	struct shadow_limits waits = limits;
	waits.waits = true;
	judged(&waits, (struct shadow_tally){.compared = 49}, 3000 * S, SHADOW_WAIT);
	judged(&waits, (struct shadow_tally){.compared = 50}, 3000 * S, SHADOW_GOOD);
}
END_TEST

START_TEST(too_many_differences_refuse_it)
{
	judged(&limits, (struct shadow_tally){.compared = 100, .differed = 2}, 30 * S,
	       SHADOW_GOOD);
	judged(&limits, (struct shadow_tally){.compared = 100, .differed = 3}, 0,
	       SHADOW_DIFFERS);
}
END_TEST

START_TEST(what_nothing_can_mend_is_not_waited_for)
{
	judged(&strict, (struct shadow_tally){.compared = 1, .differed = 1}, 0, SHADOW_DIFFERS);
	judged(&limits, (struct shadow_tally){.compared = 1, .differed = 1}, 0, SHADOW_WAIT);
	judged(&limits, (struct shadow_tally){.compared = 2, .differed = 2}, 0, SHADOW_DIFFERS);
}
END_TEST

START_TEST(it_is_slow_when_more_than_half_of_the_documents_are)
{
	judged(&limits, (struct shadow_tally){.compared = 60, .slower = 31}, 0, SHADOW_SLOW);
	judged(&limits, (struct shadow_tally){.compared = 60, .slower = 30}, 0, SHADOW_WAIT);
	judged(&limits, (struct shadow_tally){.compared = 49, .slower = 49}, 0, SHADOW_WAIT);
	judged(&strict, (struct shadow_tally){.compared = 60, .slower = 60}, 30 * S,
	       SHADOW_GOOD);
}
END_TEST

START_TEST(a_call_that_does_not_come_back_refuses_it)
{
	judged(&limits, (struct shadow_tally){.stuck_ns = S}, 0, SHADOW_WAIT);
	judged(&limits, (struct shadow_tally){.stuck_ns = S + 1}, 0, SHADOW_STUCK);
}
END_TEST

static void explained(enum shadow_verdict verdict, struct shadow_tally tally,
		      const char *expected)
{
	char why[240];
	shadow_explain(verdict, &limits, &tally, "total: another number", why, sizeof why);
	ck_assert_str_eq(why, expected);
}

START_TEST(a_refusal_says_how_many_and_which_was_the_first)
{
	explained(SHADOW_DIFFERS, (struct shadow_tally){.compared = 60, .differed = 3},
		  "3 of 60 live documents ended otherwise than now, 5%; allowed is 2%; the "
		  "first: total: another number");
	explained(SHADOW_SLOW, (struct shadow_tally){.compared = 60, .slower = 40},
		  "40 of 60 live documents took more than 2 times as long as now");
	explained(SHADOW_STUCK, (struct shadow_tally){.stuck_ns = 3 * S / 2},
		  "a live document has not come back 1.5 s after its time");
}
END_TEST

Suite *suite_shadow(void)
{
	Suite *suite = suite_create("shadow");
	TCase *cases = tcase_create("verdict");
	tcase_add_test(cases, it_waits_to_the_end_while_all_is_alike);
	tcase_add_test(cases, too_few_documents_are_no_verdict);
	tcase_add_test(cases, one_that_waits_for_a_verdict_goes_on_without_one);
	tcase_add_test(cases, too_many_differences_refuse_it);
	tcase_add_test(cases, what_nothing_can_mend_is_not_waited_for);
	tcase_add_test(cases, it_is_slow_when_more_than_half_of_the_documents_are);
	tcase_add_test(cases, a_call_that_does_not_come_back_refuses_it);
	tcase_add_test(cases, a_refusal_says_how_many_and_which_was_the_first);
	suite_add_tcase(suite, cases);
	return suite;
}
