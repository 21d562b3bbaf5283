#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#define OF(first, second) "{type: fallback, children: [" first ", " second "]}"
#define SPOILED           "{type: sequence, children: [{ref: a}, {ref: inc}, {ref: fail}]}"

START_TEST(the_second_does_not_run_when_the_first_succeeds)
{
	ck_assert_int_eq(rig_run(OF("{ref: a}", "{ref: b}"), 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(the_second_gets_the_original_without_marks_of_the_first)
{
	ck_assert_int_eq(rig_run(OF(SPOILED, "{ref: b}"), 1), 0);
	rig_left("b");
	ck_assert_int_eq(rig.item->value, 1);
	ck_assert_int_eq(rig_run(OF("{ref: swap-fail}", "{ref: b}"), 1), 0);
	rig_left("b");
	ck_assert_int_eq(rig.item->value, 1);
}
END_TEST

START_TEST(what_the_first_put_in_place_is_what_goes_on)
{
	ck_assert_int_eq(rig_run(OF("{ref: replace}", "{ref: b}"), 1), 0);
	ck_assert_int_eq(rig.item->value, 101);
}
END_TEST

START_TEST(when_both_fail_the_error_is_of_the_second)
{
	ck_assert_int_eq(rig_run(OF("{ref: fail}", "{ref: fail, name: spare}"), 1),
			 FLUME_FAILED);
	rig_failed_at("fallback > spare", "no to 1");
}
END_TEST

START_TEST(a_recovered_failure_leaves_no_error)
{
	rig_must_set("it", OF("{ref: fail}", "{ref: b}"));
	ck_assert_int_eq(rig_process("it", 1), 0);
	ck_assert_int_eq(rig.err.code, 0);
	ck_assert_str_eq(rig.err.text, "");
}
END_TEST

START_TEST(a_drop_by_the_first_is_no_failure)
{
	ck_assert_int_eq(rig_run(OF("{ref: drop}", "{ref: b}"), 1), FLUME_DROPPED);
	rig_left("D");
	ck_assert_int_eq(rig_run(OF("{ref: fail}", "{ref: drop}"), 1), FLUME_DROPPED);
	rig_left("D");
}
END_TEST

START_TEST(the_second_does_not_run_on_a_call_that_is_over)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	ck_assert_int_eq(
		rig_run_call(
			OF("{type: sequence, children: [{ref: cancel}, {ref: a}]}", "{ref: b}"),
			1, &call),
		FLUME_CANCELLED);
	rig_left("");
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(an_item_that_cannot_be_cloned_fails_and_stays)
{
	rig.fail_clone = 1;
	ck_assert_int_eq(rig_run(OF("{ref: a}", "{ref: b}"), 1), FLUME_NOMEM);
	rig_failed_at("fallback", "out of memory");
	rig_left("");
}
END_TEST

Suite *suite_connector_fallback(void)
{
	Suite *suite = suite_create("connector_fallback");
	TCase *tc = rig_case(suite, "fallback");
	tcase_add_test(tc, the_second_does_not_run_when_the_first_succeeds);
	tcase_add_test(tc, the_second_gets_the_original_without_marks_of_the_first);
	tcase_add_test(tc, what_the_first_put_in_place_is_what_goes_on);
	tcase_add_test(tc, when_both_fail_the_error_is_of_the_second);
	tcase_add_test(tc, a_recovered_failure_leaves_no_error);
	tcase_add_test(tc, a_drop_by_the_first_is_no_failure);
	tcase_add_test(tc, the_second_does_not_run_on_a_call_that_is_over);
	tcase_add_test(tc, an_item_that_cannot_be_cloned_fails_and_stays);
	return suite;
}
