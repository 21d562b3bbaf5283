#include "tests/unit/parallel.h"
#include "tests/unit/suites.h"

/* ---- on workers and in place ---- */

START_TEST(the_first_success_is_taken)
{
	ck_assert_int_eq(
		rig_run("{type: race, children: [{ref: fail}, {ref: replace}, {ref: io}]}", 1),
		0);
	ck_assert_int_eq(rig.item->value, 101);
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(an_item_that_was_dropped_is_a_success)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{ref: fail}, {ref: drop}]}", 1),
			 FLUME_DROPPED);
	rig_left("D");
}
END_TEST

START_TEST(when_all_fail_the_item_is_as_it_was)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{ref: fail}, {ref: swap-fail}]}", 1),
			 FLUME_FAILED);
	rig_left("");
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(what_was_cancelled_is_no_success)
{
	struct flume_call call = {.cancel = parallel.cancel};
	ck_assert_int_eq(rig_run_call("{type: race, children: [{ref: give-up}]}", 1, &call),
			 FLUME_CANCELLED);
	rig_failed_at("race", "the call was cancelled");
	rig_left("");
}
END_TEST

START_TEST(what_ends_past_the_deadline_is_no_success)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + MS};
	ck_assert_int_eq(rig_run_call("{type: race, children: [{type: sequence, children: "
				      "[{ref: a}, {ref: pass-time}]}]}",
				      1, &call),
			 FLUME_TIMED_OUT);
	rig_failed_at("race", "the deadline of the call has passed");
	rig_left("");
}
END_TEST

START_TEST(an_item_that_cannot_be_cloned_is_no_memory)
{
	rig.fail_clone = 2;
	ck_assert_int_eq(rig_run("{type: race, children: [{ref: fail}, {ref: a}]}", 1),
			 FLUME_NOMEM);
	rig_failed_at("race", "out of memory");
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(children_have_the_deadline_of_the_call)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + 7 * MS};
	ck_assert_int_eq(rig_run_call("{type: race, children: [{ref: look}]}", 1, &call), 0);
	ck_assert_int_eq(parallel.deadline_ns, call.deadline_ns);
}
END_TEST

/* ---- one after the other: in place, or on a single worker ---- */

START_TEST(when_all_fail_the_last_says_why)
{
	ck_assert_int_eq(
		rig_run("{type: race, name: r, children: [{ref: io}, {ref: fail, name: last}]}",
			3),
		FLUME_FAILED);
	rig_failed_at("r > last", "no to 3");
}
END_TEST

START_TEST(nobody_runs_for_nothing)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{ref: fail}, {ref: a}, "
				 "{ref: count-in}, {ref: count-in}]}",
				 1),
			 0);
	rig_left("a");
	ck_assert_int_eq(parallel.ran, 0);
}
END_TEST

START_TEST(prompt_children_are_cloned_for_one_by_one)
{
	ck_assert_int_eq(
		rig_run("{type: race, children: [{ref: fail}, {ref: a}, {ref: b}]}", 1), 0);
	ck_assert_int_eq(rig.clones, 2);
	rig_left("a");
}
END_TEST

/* ---- on workers ---- */

START_TEST(a_quick_child_does_not_wait_for_a_slow_one)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{ref: gate}, {ref: a}]}", 1), 0);
	rig_left("a");
	rig.gate_open = true;
}
END_TEST

START_TEST(all_run_at_the_same_time)
{
	parallel.party = 3;
	ck_assert_int_eq(
		rig_run("{type: race, children: [{ref: meet}, {ref: meet}, {ref: meet}]}", 1),
		0);
}
END_TEST

START_TEST(the_others_are_told_to_stop)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{ref: until-told}, {ref: a}, "
				 "{ref: stubborn}]}",
				 1),
			 0);
	rig_left("a");
	UNTIL(parallel.told == parallel.ran);
	UNTIL(rig.items == 1); /* what they left is freed behind */
}
END_TEST

START_TEST(a_sleeping_loser_wakes_at_once)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{type: retry, backoff: 1h, child: "
				 "{ref: fail}}, "
				 "{ref: after-sleep}]}",
				 1),
			 0);
	ck_assert_int_eq(rig.item->value, 2);
	UNTIL(!rig.asleep); /* though nobody moves the clock */
	UNTIL(rig.items == 1);
}
END_TEST

START_TEST(a_loser_deep_down_wakes_too)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{type: timeout, child: {type: "
				 "concurrent, children: [{type: retry, backoff: 1h, child: "
				 "{ref: fail}}, {ref: until-told}]}}, {ref: after-sleep}]}",
				 1),
			 0);
	UNTIL(!rig.asleep);
	UNTIL(rig.items == 1);
}
END_TEST

START_TEST(nobody_holds_a_caller_past_its_deadline)
{
	struct errand errand;
	struct flume_call call = {.deadline_ns = rig.now_ns + 5 * MS};
	errand_begin(&errand, "{type: race, children: [{ref: gate}, {ref: gate}]}", 1, &call);
	UNTIL(rig.at_gate == 2 && rig.asleep);
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&errand), FLUME_TIMED_OUT);
	rig_failed_at("race", "the deadline of the call has passed");
	ck_assert_int_eq(rig.at_gate, 2);
	rig.gate_open = true;
	UNTIL(rig.items == 1);
}
END_TEST

START_TEST(nobody_holds_a_caller_that_gives_up)
{
	struct errand errand;
	struct flume_call call = {.cancel = parallel.cancel};
	errand_begin(&errand, "{type: race, children: [{ref: gate}, {ref: gate}]}", 1, &call);
	UNTIL(rig.at_gate == 2);
	flume_cancel_request(parallel.cancel);
	ck_assert_int_eq(errand_end(&errand), FLUME_CANCELLED);
	ck_assert_int_eq(rig.at_gate, 2);
	rig.gate_open = true;
}
END_TEST

START_TEST(the_token_may_go_while_a_loser_still_runs)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	ck_assert_int_eq(rig_run_call("{type: race, children: [{type: sequence, children: "
				      "[{ref: gate}, {ref: until-told}]}, {ref: after-gate}]}",
				      1, &call),
			 0);
	flume_cancel_free(cancel);
	rig.gate_open = true;
	UNTIL(rig.items == 1);
}
END_TEST

START_TEST(a_token_serves_many_calls_and_may_be_requested_after_them)
{
	struct flume_call call = {.cancel = parallel.cancel};
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(rig_run_call("{type: race, children: [{type: concurrent, "
					      "children: [{ref: a}, {ref: b}]}, {ref: fail}]}",
					      1, &call),
				 0);
	flume_cancel_request(parallel.cancel);
	ck_assert_int_eq(rig_run_call("{type: race, children: [{ref: a}]}", 1, &call),
			 FLUME_CANCELLED);
}
END_TEST

static void add_both(TCase *tc)
{
	tcase_add_test(tc, the_first_success_is_taken);
	tcase_add_test(tc, an_item_that_was_dropped_is_a_success);
	tcase_add_test(tc, when_all_fail_the_item_is_as_it_was);
	tcase_add_test(tc, what_was_cancelled_is_no_success);
	tcase_add_test(tc, what_ends_past_the_deadline_is_no_success);
	tcase_add_test(tc, an_item_that_cannot_be_cloned_is_no_memory);
	tcase_add_test(tc, children_have_the_deadline_of_the_call);
}

static void add_in_order(TCase *tc)
{
	tcase_add_test(tc, when_all_fail_the_last_says_why);
	tcase_add_test(tc, nobody_runs_for_nothing);
}

Suite *suite_connector_race(void)
{
	Suite *suite = suite_create("connector_race");
	TCase *tc = parallel_case(suite, "on workers", parallel_open, parallel_close);
	add_both(tc);
	tcase_add_test(tc, a_quick_child_does_not_wait_for_a_slow_one);
	tcase_add_test(tc, all_run_at_the_same_time);
	tcase_add_test(tc, the_others_are_told_to_stop);
	tcase_add_test(tc, a_sleeping_loser_wakes_at_once);
	tcase_add_test(tc, a_loser_deep_down_wakes_too);
	tcase_add_test(tc, nobody_holds_a_caller_past_its_deadline);
	tcase_add_test(tc, nobody_holds_a_caller_that_gives_up);
	tcase_add_test(tc, the_token_may_go_while_a_loser_still_runs);
	tcase_add_test(tc, a_token_serves_many_calls_and_may_be_requested_after_them);
	tc = parallel_case(suite, "on one worker", parallel_open_one, parallel_close);
	add_both(tc);
	add_in_order(tc);
	tc = parallel_case(suite, "in place", parallel_open_in_place, parallel_close_in_place);
	add_both(tc);
	add_in_order(tc);
	tcase_add_test(tc, prompt_children_are_cloned_for_one_by_one);
	return suite;
}
