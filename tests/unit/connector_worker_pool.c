#include "tests/unit/parallel.h"
#include "tests/unit/suites.h"

#include <string.h>

/* ---- on workers and in place ---- */

START_TEST(children_work_on_clones_and_the_item_passes)
{
	ck_assert_int_eq(
		rig_run("{type: worker-pool, children: [{ref: a}, {ref: inc}, {ref: replace}]}",
			1),
		0);
	ck_assert_int_eq(rig.clones, 3);
	ck_assert_int_eq(rig.item->value, 1);
	rig_left("");
}
END_TEST

START_TEST(the_first_failure_in_child_order_fails_the_node)
{
	ck_assert_int_eq(rig_run("{type: worker-pool, workers: 2, children: "
				 "[{ref: a}, {ref: fail, name: one}, {ref: io}, {ref: b}]}",
				 4),
			 FLUME_FAILED);
	rig_failed_at("worker-pool > one", "no to 4");
}
END_TEST

#define MANY(child)                                                                           \
	child "," child "," child "," child "," child "," child "," child "," child "," child \
	      "," child "," child "," child "," child "," child "," child "," child

START_TEST(all_children_run)
{
	ck_assert_int_eq(
		rig_run("{type: worker-pool, children: [" MANY("{ref: count-in}") "]}", 1), 0);
	ck_assert_int_eq(parallel.ran, 16);
	ck_assert_int_eq(rig.clones, 16);
}
END_TEST

START_TEST(what_was_cancelled_is_no_success)
{
	struct flume_call call = {.cancel = parallel.cancel};
	ck_assert_int_eq(
		rig_run_call("{type: worker-pool, children: [{ref: give-up}, {ref: a}]}", 1,
			     &call),
		FLUME_CANCELLED);
	rig_failed_at("worker-pool", "the call was cancelled");
}
END_TEST

START_TEST(an_item_that_cannot_be_cloned_is_no_memory)
{
	rig.fail_clone = 2;
	ck_assert_int_eq(rig_run("{type: worker-pool, children: [{ref: a}, {ref: b}]}", 1),
			 FLUME_NOMEM);
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

/* ---- on workers ---- */

START_TEST(no_more_than_so_many_run_at_a_time)
{
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(rig_run("{type: worker-pool, workers: 2, children: "
					 "[" MANY("{ref: count-in}") "]}",
					 1),
				 0);
	ck_assert_int_eq(parallel.ran, 320);
	ck_assert_int_le(parallel.most, 2);
}
END_TEST

START_TEST(so_many_do_run_at_a_time)
{
	parallel.party = 3;
	ck_assert_int_eq(rig_run("{type: worker-pool, workers: 3, children: "
				 "[{ref: meet}, {ref: meet}, {ref: meet}, {ref: a}]}",
				 1),
			 0);
}
END_TEST

START_TEST(four_run_when_nobody_says_how_many)
{
	parallel.party = 4;
	ck_assert_int_eq(rig_run("{type: worker-pool, children: "
				 "[{ref: meet}, {ref: meet}, {ref: meet}, {ref: meet}]}",
				 1),
			 0);
	ck_assert_int_eq(
		rig_run("{type: worker-pool, children: [" MANY("{ref: count-in}") "]}", 1), 0);
	ck_assert_int_le(parallel.most, 4);
}
END_TEST

START_TEST(one_at_a_time_needs_no_worker)
{
	ck_assert_int_eq(rig_run("{type: worker-pool, workers: 1, children: "
				 "[{ref: where}, {ref: where}]}",
				 1),
			 0);
	ck_assert(!parallel.elsewhere);
	ck_assert_uint_eq(parallel_info().workers, 0);
}
END_TEST

static void add_both(TCase *tc)
{
	tcase_add_test(tc, children_work_on_clones_and_the_item_passes);
	tcase_add_test(tc, the_first_failure_in_child_order_fails_the_node);
	tcase_add_test(tc, all_children_run);
	tcase_add_test(tc, what_was_cancelled_is_no_success);
	tcase_add_test(tc, an_item_that_cannot_be_cloned_is_no_memory);
}

Suite *suite_connector_worker_pool(void)
{
	Suite *suite = suite_create("connector_worker_pool");
	TCase *tc = parallel_case(suite, "on workers", parallel_open, parallel_close);
	add_both(tc);
	tcase_add_test(tc, no_more_than_so_many_run_at_a_time);
	tcase_add_test(tc, so_many_do_run_at_a_time);
	tcase_add_test(tc, four_run_when_nobody_says_how_many);
	tcase_add_test(tc, one_at_a_time_needs_no_worker);
	tc = parallel_case(suite, "in place", parallel_open_in_place, parallel_close_in_place);
	add_both(tc);
	return suite;
}
