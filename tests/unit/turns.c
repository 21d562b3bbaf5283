/* Which way a call goes is told to whoever asks. */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static char heard[200];

static void hear(void *user, const char *step, const char *way)
{
	size_t len = strlen(heard);
	ck_assert_ptr_eq(user, heard);
	snprintf(heard + len, sizeof heard - len, "%s=%s;", step, way);
}

static int run(const char *yaml, long value)
{
	heard[0] = '\0';
	return rig_run_call(yaml, value, &(struct flume_call){.user = heard, .turn = hear});
}

#define FILTER "{type: filter, name: f, predicate: even, then: {ref: a}, else: {ref: b}}"

START_TEST(a_filter_says_which_branch)
{
	run(FILTER, 2);
	ck_assert_str_eq(heard, "f=then;");
	run(FILTER, 3);
	ck_assert_str_eq(heard, "f=else;");
	run("{type: filter, predicate: no, then: {ref: a}}", 3);
	ck_assert_str_eq(heard, "filter-no=;");
}
END_TEST

START_TEST(a_switch_says_which_route)
{
	static const char yaml[] =
		"{type: switch, condition: word, routes: {x: {ref: a}}, default: " FILTER "}";
	rig.word = "x";
	run(yaml, 1);
	ck_assert_str_eq(heard, "switch-word=x;");
	rig.word = "y";
	run(yaml, 1);
	ck_assert_str_eq(heard, "switch-word=default;f=else;");
	rig.word = NULL;
	run("{type: switch, condition: word, routes: {x: {ref: a}}}", 1);
	ck_assert_str_eq(heard, "switch-word=;");
}
END_TEST

START_TEST(a_fallback_says_when_it_is_taken)
{
	run("{type: fallback, name: fb, children: [{ref: a}, {ref: b}]}", 1);
	ck_assert_str_eq(heard, "");
	run("{type: fallback, name: fb, children: [{ref: fail}, {ref: b}]}", 1);
	ck_assert_str_eq(heard, "fb=fallback;");
}
END_TEST

START_TEST(turns_are_heard_through_steps_that_pass_calls_on)
{
	ck_assert_int_eq(run("{type: sequence, children: [{type: retry, attempts: 2, "
			     "child: " FILTER "}]}",
			     2),
			 0);
	ck_assert_str_eq(heard, "f=then;");
}
END_TEST

START_TEST(an_answer_that_does_not_count_is_no_turn)
{
	ck_assert_int_eq(rig_run_call(FILTER, 2,
				      &(struct flume_call){.deadline_ns = rig.now_ns - 1,
							   .user = heard,
							   .turn = hear}),
			 FLUME_TIMED_OUT);
	ck_assert_str_eq(heard, "");
}
END_TEST

Suite *suite_turns(void)
{
	Suite *suite = suite_create("turns");
	TCase *tc = rig_case(suite, "turns");
	tcase_add_test(tc, a_filter_says_which_branch);
	tcase_add_test(tc, a_switch_says_which_route);
	tcase_add_test(tc, a_fallback_says_when_it_is_taken);
	tcase_add_test(tc, turns_are_heard_through_steps_that_pass_calls_on);
	tcase_add_test(tc, an_answer_that_does_not_count_is_no_turn);
	return suite;
}
