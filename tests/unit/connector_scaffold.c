#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

START_TEST(it_runs_like_a_sequence)
{
	ck_assert_int_eq(
		rig_run("{type: scaffold, children: [{ref: a}, {ref: replace}, {ref: inc}]}",
			1),
		0);
	ck_assert_int_eq(rig.item->value, 102);
	ck_assert_int_eq(
		rig_run("{type: scaffold, children: [{ref: a}, {ref: drop}, {ref: b}]}", 1),
		FLUME_DROPPED);
	rig_left("aD");
}
END_TEST

START_TEST(an_error_stops_it_and_tells_its_name)
{
	ck_assert_int_eq(
		rig_run("{type: scaffold, children: [{ref: a}, {ref: fail}, {ref: b}]}", 1),
		FLUME_FAILED);
	rig_left("aF");
	rig_failed_at("scaffold > fail", "no to 1");
	ck_assert_int_eq(rig_run("{type: scaffold, name: intake, children: [{ref: fail}]}", 1),
			 FLUME_FAILED);
	rig_failed_at("intake > fail", "no to 1");
}
END_TEST

START_TEST(it_is_done_when_it_returns)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	ck_assert_int_eq(
		rig_run_call("{type: scaffold, children: [{ref: a}, {ref: cancel}, {ref: b}]}",
			     1, &call),
		FLUME_CANCELLED);
	rig_left("a");
	ck_assert_int_eq(rig.clones, 0);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(it_needs_a_child)
{
	rig_refuses("s", "type: scaffold", "1:1: root: 'children' is required [missing-key]");
	rig_refuses("s", "{type: scaffold, children: []}",
		    "1:28: root.children: needs at least one child [child-count]");
}
END_TEST

Suite *suite_connector_scaffold(void)
{
	Suite *suite = suite_create("connector_scaffold");
	TCase *tc = rig_case(suite, "scaffold");
	tcase_add_test(tc, it_runs_like_a_sequence);
	tcase_add_test(tc, an_error_stops_it_and_tells_its_name);
	tcase_add_test(tc, it_is_done_when_it_returns);
	tcase_add_test(tc, it_needs_a_child);
	return suite;
}
