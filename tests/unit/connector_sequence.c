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

static int run_promptly(const struct flume_call *call, void **item, void *arg,
			struct flume_err *err)
{
	(void)item, (void)err;
	int *runs = arg;
	rig.now_ns++;
	if (++*runs == 3 && call->cancel)
		flume_cancel_request(call->cancel);
	return FLUME_OK;
}

static int run_ten_prompt_children(const struct flume_call *call)
{
	int runs = 0;
	rig_add(&(struct flume_component){
		.name = "soon", .run = run_promptly, .prompt = true, .arg = &runs});
	int rc = rig_run_call(
		"{type: sequence, children: [{ref: soon}, {ref: soon}, {ref: soon},"
		" {ref: soon}, {ref: soon}, {ref: soon}, {ref: soon}, {ref: soon},"
		" {ref: soon}, {ref: soon}]}",
		1, call);
	return rc ? rc == FLUME_CANCELLED || rc == FLUME_TIMED_OUT ? runs : rc : 10;
}

START_TEST(a_deadline_ends_a_call_of_prompt_children_before_the_ninth)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + 1};
	ck_assert_int_eq(run_ten_prompt_children(&call), 8);
	rig_failed_at("sequence", "the deadline of the call has passed");
}
END_TEST

START_TEST(a_cancel_ends_a_call_of_prompt_children_at_once)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	ck_assert_int_eq(run_ten_prompt_children(&call), 3);
	rig_failed_at("sequence", "the call was cancelled");
	flume_cancel_free(cancel);
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
	tcase_add_test(tc, a_deadline_ends_a_call_of_prompt_children_before_the_ninth);
	tcase_add_test(tc, a_cancel_ends_a_call_of_prompt_children_at_once);
	tcase_add_test(tc, a_call_that_is_over_before_it_begins_runs_nothing);
	return suite;
}
