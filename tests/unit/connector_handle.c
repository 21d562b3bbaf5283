#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#define WITH(handler, child) "{type: handle, error_handler: " handler ", child: " child "}"
#define SPOILED              "{type: sequence, children: [{ref: a}, {ref: fail}]}"

START_TEST(the_handler_sees_the_error_and_the_item_it_left)
{
	ck_assert_int_eq(rig_run(WITH("leave", SPOILED), 1), FLUME_FAILED);
	ck_assert_int_eq(rig.handled.code, FLUME_FAILED);
	ck_assert_str_eq(rig.handled.text, "no to 1");
	ck_assert_str_eq(rig.handled.path, "sequence > fail");
	ck_assert_str_eq(rig.handled_marks, "aF");
}
END_TEST

START_TEST(without_an_error_the_handler_sleeps)
{
	ck_assert_int_eq(rig_run(WITH("recover", "{ref: a}"), 1), 0);
	ck_assert_int_eq(rig_run(WITH("recover", "{ref: drop}"), 1), FLUME_DROPPED);
	ck_assert_int_eq(rig.handled.code, 0);
}
END_TEST

START_TEST(a_handler_may_recover)
{
	ck_assert_int_eq(rig_run(WITH("recover", SPOILED), 1), 0);
	rig_left("aF");
	ck_assert_int_eq(rig.err.code, 0);
}
END_TEST

START_TEST(after_a_recovery_the_sequence_goes_on)
{
	ck_assert_int_eq(
		rig_run("{type: sequence, children: [" WITH("recover", SPOILED) ", {ref: b}]}",
			1),
		0);
	rig_left("aFb");
}
END_TEST

START_TEST(a_handler_may_leave_the_error)
{
	ck_assert_int_eq(rig_run(WITH("leave", SPOILED), 1), FLUME_FAILED);
	rig_failed_at("handle-leave > sequence > fail", "no to 1");
}
END_TEST

START_TEST(a_handler_may_change_the_error_but_the_place_stays)
{
	rig.handle_code = FLUME_REFUSED;
	ck_assert_int_eq(rig_run(WITH("turn", SPOILED), 1), FLUME_REFUSED);
	ck_assert_int_eq(rig.err.code, FLUME_REFUSED);
	rig_failed_at("handle-turn > sequence > fail", "turned");
}
END_TEST

START_TEST(a_handler_that_sets_an_outcome_recovers)
{
	rig.handle_code = 3;
	ck_assert_int_eq(rig_run(WITH("turn", SPOILED), 1), 0);
}
END_TEST

START_TEST(a_handler_may_drop_the_item)
{
	rig.handle_code = FLUME_DROPPED;
	ck_assert_int_eq(
		rig_run("{type: sequence, children: [" WITH("turn", SPOILED) ", {ref: b}]}", 1),
		FLUME_DROPPED);
	ck_assert_int_eq(rig.err.code, 0);
}
END_TEST

Suite *suite_connector_handle(void)
{
	Suite *suite = suite_create("connector_handle");
	TCase *tc = rig_case(suite, "handle");
	tcase_add_test(tc, the_handler_sees_the_error_and_the_item_it_left);
	tcase_add_test(tc, without_an_error_the_handler_sleeps);
	tcase_add_test(tc, a_handler_may_recover);
	tcase_add_test(tc, after_a_recovery_the_sequence_goes_on);
	tcase_add_test(tc, a_handler_may_leave_the_error);
	tcase_add_test(tc, a_handler_may_change_the_error_but_the_place_stays);
	tcase_add_test(tc, a_handler_that_sets_an_outcome_recovers);
	tcase_add_test(tc, a_handler_may_drop_the_item);
	return suite;
}
