#include "tests/unit/parallel.h"
#include "tests/unit/suites.h"

#include <string.h>

/* ---- on workers and in place ---- */

START_TEST(a_result_that_meets_the_predicate_is_taken)
{
	ck_assert_int_eq(rig_run("{type: contest, predicate: even, children: "
				 "[{ref: a}, {ref: inc}, {ref: triple}]}",
				 1),
			 0);
	ck_assert_int_eq(rig.item->value, 2);
	rig_left("");
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(when_none_does_that_is_said)
{
	ck_assert_int_eq(rig_run("{type: contest, predicate: even, children: "
				 "[{ref: a}, {ref: triple}]}",
				 1),
			 FLUME_FAILED);
	rig_failed_at("contest-even", "none of 2 results meets 'even'");
	rig_left("");
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(failures_are_counted)
{
	ck_assert_int_eq(rig_run("{type: contest, predicate: even, children: "
				 "[{ref: a}, {ref: fail}, {ref: b}]}",
				 1),
			 FLUME_FAILED);
	rig_failed_at("contest-even", "none of 2 results meets 'even'; 1 of 3 children failed, "
				      "the last with: no to 1");
}
END_TEST

START_TEST(when_all_fail_there_is_no_result)
{
	ck_assert_int_eq(rig_run("{type: contest, predicate: even, children: "
				 "[{ref: fail}, {ref: swap-fail, name: s}, {ref: fail}]}",
				 1),
			 FLUME_FAILED);
	ck_assert_str_eq(rig.err.path, "contest-even");
	ck_assert_int_eq(strncmp(rig.err.text, "all 3 children failed, the last with: ", 38),
			 0);
}
END_TEST

START_TEST(what_was_dropped_does_not_meet_it)
{
	ck_assert_int_eq(rig_run("{type: contest, predicate: yes, children: [{ref: drop}]}", 1),
			 FLUME_FAILED);
	rig_failed_at("contest-yes", "none of 1 results meets 'yes'");
	rig_left("");
}
END_TEST

START_TEST(what_was_cancelled_is_no_success)
{
	struct flume_call call = {.cancel = parallel.cancel};
	ck_assert_int_eq(
		rig_run_call("{type: contest, predicate: yes, children: [{ref: give-up}]}", 1,
			     &call),
		FLUME_CANCELLED);
	rig_failed_at("contest-yes", "the call was cancelled");
}
END_TEST

START_TEST(what_ends_past_the_deadline_is_no_success)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + MS};
	ck_assert_int_eq(
		rig_run_call("{type: contest, predicate: yes, children: [{ref: pass-time}]}", 1,
			     &call),
		FLUME_TIMED_OUT);
}
END_TEST

START_TEST(an_item_that_cannot_be_cloned_is_no_memory)
{
	rig.fail_clone = 1;
	ck_assert_int_eq(
		rig_run("{type: contest, predicate: no, children: [{ref: a}, {ref: b}]}", 1),
		FLUME_NOMEM);
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

/* ---- on workers ---- */

START_TEST(a_better_one_that_is_late_is_not_waited_for)
{
	ck_assert_int_eq(rig_run("{type: contest, predicate: even, children: [{ref: gate}, "
				 "{ref: a}, {ref: inc}]}",
				 1),
			 0);
	ck_assert_int_eq(rig.item->value, 2);
	rig.gate_open = true;
}
END_TEST

START_TEST(the_others_are_told_to_stop)
{
	ck_assert_int_eq(rig_run("{type: contest, predicate: even, children: "
				 "[{ref: stubborn}, {ref: inc}]}",
				 1),
			 0);
	ck_assert_int_eq(rig.item->value, 2);
	UNTIL(parallel.told == parallel.ran);
	UNTIL(rig.items == 1);
}
END_TEST

START_TEST(nobody_holds_a_caller_past_its_deadline)
{
	struct errand errand;
	struct flume_call call = {.deadline_ns = rig.now_ns + 5 * MS};
	errand_begin(&errand, "{type: contest, predicate: yes, children: [{ref: gate}]}", 1,
		     &call);
	UNTIL(rig.at_gate && rig.asleep);
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&errand), FLUME_TIMED_OUT);
	ck_assert_int_eq(rig.at_gate, 1);
	rig.gate_open = true;
}
END_TEST

/* ---- what is prompt ---- */

START_TEST(a_predicate_that_may_wait_runs_on_a_worker)
{
	rig_add(&(struct flume_component){.name = "here",
					  .run = rig_parts[0].run,
					  .arg = rig_parts[0].arg,
					  .prompt = true});
	ck_assert_int_eq(
		rig_run("{type: contest, predicate: slow-yes, children: [{ref: here}]}", 1), 0);
	ck_assert_uint_eq(parallel_info().workers, 1);
}
END_TEST

static void add_both(TCase *tc)
{
	tcase_add_test(tc, a_result_that_meets_the_predicate_is_taken);
	tcase_add_test(tc, when_none_does_that_is_said);
	tcase_add_test(tc, failures_are_counted);
	tcase_add_test(tc, when_all_fail_there_is_no_result);
	tcase_add_test(tc, what_was_dropped_does_not_meet_it);
	tcase_add_test(tc, what_was_cancelled_is_no_success);
	tcase_add_test(tc, what_ends_past_the_deadline_is_no_success);
	tcase_add_test(tc, an_item_that_cannot_be_cloned_is_no_memory);
}

Suite *suite_connector_contest(void)
{
	Suite *suite = suite_create("connector_contest");
	TCase *tc = parallel_case(suite, "on workers", parallel_open, parallel_close);
	add_both(tc);
	tcase_add_test(tc, a_better_one_that_is_late_is_not_waited_for);
	tcase_add_test(tc, the_others_are_told_to_stop);
	tcase_add_test(tc, nobody_holds_a_caller_past_its_deadline);
	tcase_add_test(tc, a_predicate_that_may_wait_runs_on_a_worker);
	tc = parallel_case(suite, "in place", parallel_open_in_place, parallel_close_in_place);
	add_both(tc);
	return suite;
}
