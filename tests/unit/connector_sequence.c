#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

START_TEST(children_run_in_order_on_what_the_one_before_left)
{
	ck_assert_int_eq(
		rig_run("{type: sequence, children: [{ref: a}, {ref: replace}, {ref: inc}]}",
			1),
		0);
	ck_assert_int_eq(rig.item->value, 102);
}
END_TEST

START_TEST(the_same_ref_twice_is_no_cycle)
{
	ck_assert_int_eq(
		rig_run("{type: sequence, children: [{ref: a}, {ref: a}, {ref: a}]}", 1), 0);
	rig_left("aaa");
}
END_TEST

START_TEST(a_sequence_stops_at_the_first_error)
{
	ck_assert_int_eq(
		rig_run("{type: sequence, children: [{ref: a}, {ref: fail}, {ref: b}]}", 1),
		FLUME_FAILED);
	rig_left("aF");
	rig_failed_at("sequence > fail", "no to 1");
}
END_TEST

START_TEST(a_sequence_stops_when_the_item_is_dropped)
{
	ck_assert_int_eq(
		rig_run("{type: sequence, children: [{ref: a}, {ref: drop}, {ref: fail}]}", 1),
		FLUME_DROPPED);
	rig_left("aD");
}
END_TEST

START_TEST(a_cancel_between_two_children_ends_the_call)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	ck_assert_int_eq(
		rig_run_call("{type: sequence, children: [{ref: a}, {ref: cancel}, {ref: b}]}",
			     1, &call),
		FLUME_CANCELLED);
	rig_left("a");
	rig_failed_at("sequence", "the call was cancelled");
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(a_deadline_between_two_children_ends_the_call)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + 1};
	ck_assert_int_eq(
		rig_run_call(
			"{type: sequence, children: [{ref: a}, {ref: pass-time}, {ref: b}]}", 1,
			&call),
		FLUME_TIMED_OUT);
	rig_left("a");
	rig_failed_at("sequence", "the deadline of the call has passed");
}
END_TEST

START_TEST(a_call_that_is_over_before_it_begins_runs_nothing)
{
	struct flume_call late = {.deadline_ns = rig.now_ns};
	ck_assert_int_eq(rig_run_call("ref: a", 1, &late), FLUME_TIMED_OUT);
	rig_left("");
	flume_cancel *cancel = flume_cancel_new();
	flume_cancel_request(cancel);
	struct flume_call cancelled = {.cancel = cancel};
	ck_assert_int_eq(rig_run_call("ref: a", 1, &cancelled), FLUME_CANCELLED);
	rig_left("");
	flume_cancel_free(cancel);
}
END_TEST

Suite *suite_connector_sequence(void)
{
	Suite *suite = suite_create("connector_sequence");
	TCase *tc = rig_case(suite, "sequence");
	tcase_add_test(tc, children_run_in_order_on_what_the_one_before_left);
	tcase_add_test(tc, the_same_ref_twice_is_no_cycle);
	tcase_add_test(tc, a_sequence_stops_at_the_first_error);
	tcase_add_test(tc, a_sequence_stops_when_the_item_is_dropped);
	tcase_add_test(tc, a_cancel_between_two_children_ends_the_call);
	tcase_add_test(tc, a_deadline_between_two_children_ends_the_call);
	tcase_add_test(tc, a_call_that_is_over_before_it_begins_runs_nothing);
	return suite;
}
