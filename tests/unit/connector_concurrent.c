#include "tests/unit/parallel.h"
#include "tests/unit/suites.h"

#include <stdio.h>

/* ---- on workers and in place ---- */

START_TEST(children_work_on_clones_and_the_item_passes)
{
	ck_assert_int_eq(
		rig_run("{type: concurrent, children: [{ref: a}, {ref: inc}, {ref: replace}]}",
			1),
		0);
	ck_assert_int_eq(rig.clones, 3);
	ck_assert_int_eq(rig.item->value, 1);
	rig_left("");
}
END_TEST

START_TEST(the_first_failure_in_child_order_fails_the_node)
{
	ck_assert_int_eq(rig_run("{type: concurrent, children: "
				 "[{ref: a}, {ref: fail, name: one}, {ref: io}]}",
				 4),
			 FLUME_FAILED);
	rig_failed_at("concurrent > one", "no to 4");
	rig_left("");
}
END_TEST

START_TEST(a_failure_keeps_no_child_from_running)
{
	ck_assert_int_eq(rig_run("{type: concurrent, children: [{ref: fail}, {ref: count-in}, "
				 "{ref: io}, {ref: count-in}]}",
				 1),
			 FLUME_FAILED);
	ck_assert_int_eq(parallel.ran, 2);
}
END_TEST

START_TEST(a_child_that_drops_its_clone_has_not_failed)
{
	ck_assert_int_eq(rig_run("{type: concurrent, children: [{ref: drop}, {ref: a}]}", 1),
			 0);
	rig_left("");
}
END_TEST

START_TEST(a_child_that_swaps_its_clone_and_fails_leaks_nothing)
{
	ck_assert_int_eq(
		rig_run("{type: concurrent, children: [{ref: swap-fail}, {ref: replace}]}", 1),
		FLUME_FAILED);
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(the_reducer_gets_the_original_and_each_result)
{
	ck_assert_int_eq(
		rig_run("{type: concurrent, reducer: list, children: [{ref: triple}, "
			"{ref: fail, name: bad}, {ref: drop}, {ref: replace, name: r}]}",
			10),
		0);
	ck_assert_str_eq(parallel.merged, "triple=30 bad=no to 10 drop=- r=110");
	ck_assert_int_eq(rig.item->value, 10 + 30 + 110);
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(errors_of_the_reducer_name_it)
{
	static const struct {
		const char *reducer, *path, *text;
		int rc;
	} cases[] = {
		{"too-many", "concurrent > too-many", "2 are too many", FLUME_FAILED},
		{"merge-io", "concurrent > merge-io", "input/output error", FLUME_IO},
		{"merge-odd", "concurrent > merge-odd", "returned 7, which means nothing",
		 FLUME_FAILED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char yaml[128];
		snprintf(yaml, sizeof yaml,
			 "{type: concurrent, reducer: %s, children: [{ref: a}, {ref: fail}]}",
			 cases[i].reducer);
		ck_assert_int_eq(rig_run(yaml, 1), cases[i].rc);
		rig_failed_at(cases[i].path, cases[i].text);
	}
}
END_TEST

START_TEST(a_reducer_may_drop_the_item)
{
	ck_assert_int_eq(
		rig_run("{type: concurrent, reducer: merge-drop, children: [{ref: a}]}", 1),
		FLUME_DROPPED);
}
END_TEST

START_TEST(what_was_cancelled_is_no_success)
{
	struct flume_call call = {.cancel = parallel.cancel};
	ck_assert_int_eq(
		rig_run_call("{type: concurrent, children: [{ref: a}, {ref: give-up}]}", 1,
			     &call),
		FLUME_CANCELLED);
	rig_failed_at("concurrent", "the call was cancelled");
	rig_left("");
}
END_TEST

START_TEST(what_was_cancelled_is_not_reduced)
{
	struct flume_call call = {.cancel = parallel.cancel};
	ck_assert_int_eq(rig_run_call("{type: concurrent, reducer: list, children: "
				      "[{ref: a}, {ref: give-up}]}",
				      1, &call),
			 FLUME_CANCELLED);
	ck_assert_str_eq(parallel.merged, "");
}
END_TEST

START_TEST(what_ends_past_the_deadline_is_no_success)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + MS};
	ck_assert_int_eq(
		rig_run_call("{type: concurrent, children: [{ref: pass-time}]}", 1, &call),
		FLUME_TIMED_OUT);
	rig_failed_at("concurrent", "the deadline of the call has passed");
}
END_TEST

START_TEST(an_item_that_cannot_be_cloned_is_no_memory)
{
	for (int nth = 1; nth <= 3; nth++) {
		rig.fail_clone = rig.clones + nth;
		ck_assert_int_eq(rig_run("{type: concurrent, children: "
					 "[{ref: a}, {ref: b}, {ref: c}]}",
					 1),
				 FLUME_NOMEM);
		rig_failed_at("concurrent", "out of memory");
		ck_assert_int_eq(rig.items, 1);
	}
}
END_TEST

START_TEST(in_a_canary_run_nothing_leaves)
{
	struct flume_call call = {.flags = FLUME_CALL_CANARY};
	ck_assert_int_eq(
		rig_run_call("{type: concurrent, children: [{stream: box}, {stream: box}]}", 1,
			     &call),
		0);
	ck_assert_uint_eq(rig.n_sent, 0);
}
END_TEST

START_TEST(a_single_child_is_fine)
{
	ck_assert_int_eq(rig_run("{type: concurrent, children: [{ref: a}]}", 1), 0);
	ck_assert_int_eq(rig.clones, 1);
}
END_TEST

/* ---- on workers ---- */

START_TEST(children_run_at_the_same_time)
{
	parallel.party = 3;
	ck_assert_int_eq(
		rig_run("{type: concurrent, children: [{ref: meet}, {ref: meet}, {ref: meet}]}",
			1),
		0);
	ck_assert_int_eq(parallel.ran, 3);
}
END_TEST

START_TEST(the_order_of_children_decides_and_not_that_of_time)
{
	struct errand errand;
	errand_begin(&errand,
		     "{type: concurrent, children: [{type: sequence, name: slow, children: "
		     "[{ref: gate}, {ref: fail}]}, {ref: io}]}",
		     1, NULL);
	UNTIL(rig.at_gate);
	rig.gate_open = true;
	ck_assert_int_eq(errand_end(&errand), FLUME_FAILED);
	rig_failed_at("concurrent > slow > fail", "no to 1");
}
END_TEST

START_TEST(it_waits_for_all)
{
	struct errand errand;
	errand_begin(&errand,
		     "{type: concurrent, reducer: list, children: [{ref: after-gate}, "
		     "{type: sequence, name: slow, children: [{ref: gate}, {ref: triple}]}]}",
		     2, NULL);
	UNTIL(rig.at_gate);
	rig.gate_open = true;
	ck_assert_int_eq(errand_end(&errand), 0);
	ck_assert_str_eq(parallel.merged, "after-gate=2 slow=6");
}
END_TEST

/* A worker has one of them, which nobody can stop, and the caller has nothing to do. */
#define ONE_HANGS "{type: concurrent, children: [{ref: apart}, {ref: apart}]}"

START_TEST(a_caller_with_nothing_to_do_leaves_at_its_deadline)
{
	struct errand errand;
	struct flume_call call = {.deadline_ns = rig.now_ns + 5 * MS};
	errand_begin(&errand, ONE_HANGS, 1, &call);
	UNTIL(rig.asleep);
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&errand), FLUME_TIMED_OUT);
	rig_failed_at("concurrent", "the deadline of the call has passed");
	ck_assert_int_eq(rig.at_gate, 1);
	ck_assert_int_eq(rig.items, 2); /* the caller's, and that of the one left behind */
	rig.gate_open = true;
}
END_TEST

START_TEST(a_caller_with_nothing_to_do_leaves_when_cancelled)
{
	struct errand errand;
	struct flume_call call = {.cancel = parallel.cancel};
	errand_begin(&errand, ONE_HANGS, 1, &call);
	UNTIL(rig.at_gate);
	flume_cancel_request(parallel.cancel);
	ck_assert_int_eq(errand_end(&errand), FLUME_CANCELLED);
	ck_assert_int_eq(rig.at_gate, 1);
	rig.gate_open = true;
}
END_TEST

START_TEST(results_that_nobody_waits_for_are_freed)
{
	struct errand errand;
	struct flume_call call = {.cancel = parallel.cancel};
	errand_begin(&errand,
		     "{type: concurrent, reducer: list, children: "
		     "[{ref: apart}, {ref: apart}, {ref: replace}]}",
		     1, &call);
	UNTIL(rig.at_gate);
	flume_cancel_request(parallel.cancel);
	ck_assert_int_eq(errand_end(&errand), FLUME_CANCELLED);
	ck_assert_str_eq(parallel.merged, "");
	rig.gate_open = true;
	UNTIL(rig.items == 1);
}
END_TEST

START_TEST(children_that_may_wait_make_the_pipeline_wait)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema("{type: concurrent, children: [{ref: a}]}");
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	ck_assert(flume_pipeline_may_block(pipeline));
	flume_pipeline_unref(pipeline);
	flume_schema_unref(schema);
}
END_TEST

/* ---- in place ---- */

START_TEST(prompt_children_run_here_and_in_order)
{
	ck_assert_int_eq(rig_run("{type: concurrent, reducer: list, children: "
				 "[{ref: where}, {ref: where}, {ref: where}]}",
				 1),
			 0);
	ck_assert(!parallel.elsewhere);
}
END_TEST

START_TEST(prompt_children_do_not_make_the_pipeline_wait)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema("{type: concurrent, children: [{ref: a}]}");
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	ck_assert(!flume_pipeline_may_block(pipeline));
	flume_pipeline_unref(pipeline);
	flume_schema_unref(schema);
}
END_TEST

static void add_both(TCase *tc)
{
	tcase_add_test(tc, children_work_on_clones_and_the_item_passes);
	tcase_add_test(tc, the_first_failure_in_child_order_fails_the_node);
	tcase_add_test(tc, a_failure_keeps_no_child_from_running);
	tcase_add_test(tc, a_child_that_drops_its_clone_has_not_failed);
	tcase_add_test(tc, a_child_that_swaps_its_clone_and_fails_leaks_nothing);
	tcase_add_test(tc, the_reducer_gets_the_original_and_each_result);
	tcase_add_test(tc, errors_of_the_reducer_name_it);
	tcase_add_test(tc, a_reducer_may_drop_the_item);
	tcase_add_test(tc, what_was_cancelled_is_no_success);
	tcase_add_test(tc, what_was_cancelled_is_not_reduced);
	tcase_add_test(tc, what_ends_past_the_deadline_is_no_success);
	tcase_add_test(tc, an_item_that_cannot_be_cloned_is_no_memory);
	tcase_add_test(tc, a_single_child_is_fine);
}

Suite *suite_connector_concurrent(void)
{
	Suite *suite = suite_create("connector_concurrent");
	TCase *tc = parallel_case(suite, "on workers", parallel_open, parallel_close);
	add_both(tc);
	tcase_add_test(tc, in_a_canary_run_nothing_leaves);
	tcase_add_test(tc, children_run_at_the_same_time);
	tcase_add_test(tc, the_order_of_children_decides_and_not_that_of_time);
	tcase_add_test(tc, it_waits_for_all);
	tcase_add_test(tc, a_caller_with_nothing_to_do_leaves_at_its_deadline);
	tcase_add_test(tc, a_caller_with_nothing_to_do_leaves_when_cancelled);
	tcase_add_test(tc, results_that_nobody_waits_for_are_freed);
	tcase_add_test(tc, children_that_may_wait_make_the_pipeline_wait);
	tc = parallel_case(suite, "in place", parallel_open_in_place, parallel_close_in_place);
	add_both(tc);
	tcase_add_test(tc, prompt_children_run_here_and_in_order);
	tcase_add_test(tc, prompt_children_do_not_make_the_pipeline_wait);
	return suite;
}
