#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#define MS INT64_C(1000000)

START_TEST(it_tries_again_until_it_works)
{
	rig.fails_left = 2;
	ck_assert_int_eq(rig_run("{type: retry, attempts: 5, child: {ref: flaky}}", 1), 0);
	ck_assert_int_eq(rig.fails_left, -1); /* two failures and a success */
}
END_TEST

START_TEST(three_attempts_are_made_when_nobody_says_how_many)
{
	rig.fails_left = 10;
	ck_assert_int_eq(rig_run("{type: retry, child: {ref: flaky}}", 1), FLUME_FAILED);
	ck_assert_int_eq(rig.fails_left, 7);
	rig_failed_at("retry > flaky", "not yet");
}
END_TEST

START_TEST(failed_attempts_leave_no_marks_on_the_next)
{
	rig.fails_left = 2;
	ck_assert_int_eq(rig_run("{type: retry, child: {type: sequence, "
				 "children: [{ref: a}, {ref: inc}, {ref: flaky}]}}",
				 1),
			 0);
	rig_left("af");
	ck_assert_int_eq(rig.item->value, 2);
}
END_TEST

START_TEST(a_dropped_item_is_not_tried_again)
{
	ck_assert_int_eq(rig_run("{type: retry, child: {ref: drop}}", 1), FLUME_DROPPED);
	rig_left("D");
	ck_assert_int_eq(rig.clones, 1);
}
END_TEST

START_TEST(a_single_attempt_needs_no_clone)
{
	ck_assert_int_eq(rig_run("{type: retry, attempts: 1, child: {ref: a}}", 1), 0);
	ck_assert_int_eq(rig.clones, 0);
}
END_TEST

START_TEST(pauses_double)
{
	rig.fails_left = 4;
	ck_assert_int_eq(rig_run("{type: retry, attempts: 5, backoff: 100ms, "
				 "child: {ref: flaky}}",
				 1),
			 0);
	ck_assert_uint_eq(rig.n_slept, 4);
	for (size_t i = 0; i < rig.n_slept; i++)
		ck_assert_int_eq(rig.slept[i], (100 * MS) << i);
}
END_TEST

START_TEST(pauses_stop_growing_at_an_hour)
{
	rig.fails_left = 60;
	ck_assert_int_eq(rig_run("{type: retry, attempts: 60, backoff: 1s, "
				 "child: {ref: flaky}}",
				 1),
			 FLUME_FAILED);
	ck_assert_uint_eq(rig.n_slept, 59);
	ck_assert_int_eq(rig.slept[11], 2048000 * MS);
	ck_assert_int_eq(rig.slept[12], 3600000 * MS);
	ck_assert_int_eq(rig.slept[58], 3600000 * MS);
}
END_TEST

START_TEST(the_longest_pause_there_is_does_not_overflow)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + 5};
	rig.fails_left = 10;
	ck_assert_int_eq(rig_run_call("{type: retry, backoff: 2562047h47m16.854775807s, "
				      "child: {ref: flaky}}",
				      1, &call),
			 FLUME_TIMED_OUT);
	ck_assert_int_eq(rig.slept[0], 5);
}
END_TEST

START_TEST(the_deadline_cuts_a_pause_short)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + 150 * MS};
	rig.fails_left = 10;
	ck_assert_int_eq(rig_run_call("{type: retry, attempts: 5, backoff: 100ms, "
				      "child: {ref: flaky}}",
				      1, &call),
			 FLUME_TIMED_OUT);
	ck_assert_uint_eq(rig.n_slept, 2);
	ck_assert_int_eq(rig.slept[1], 50 * MS);
	rig_failed_at("backoff", "the deadline of the call has passed");
}
END_TEST

START_TEST(a_cancel_ends_a_pause_and_the_call)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	rig.cancel_in_sleep = cancel;
	rig.fails_left = 10;
	int64_t before = rig.now_ns;
	ck_assert_int_eq(rig_run_call("{type: retry, attempts: 5, backoff: 1h, "
				      "child: {ref: flaky}}",
				      1, &call),
			 FLUME_CANCELLED);
	ck_assert_int_eq(rig.now_ns, before);
	ck_assert_int_eq(rig.fails_left, 9);
	rig_failed_at("backoff", "the call was cancelled");
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(a_cancel_ends_a_retry_without_pauses_too)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	ck_assert_int_eq(rig_run_call("{type: retry, attempts: 1000, child: {type: sequence, "
				      "children: [{ref: cancel}, {ref: a}]}}",
				      1, &call),
			 FLUME_CANCELLED);
	ck_assert_int_eq(rig.clones, 1);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(each_failed_attempt_is_an_event)
{
	rig_listen();
	rig.fails_left = 2;
	ck_assert_int_eq(rig_run("{type: retry, name: again, child: {ref: flaky}}", 1), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_RETRY_FAILED, "again"), 2);
	const struct seen *seen = rig_last(FLUME_EVENT_RETRY_FAILED);
	ck_assert_int_eq(seen->code, FLUME_FAILED);
	ck_assert_str_eq(seen->path, "flaky");
}
END_TEST

START_TEST(an_attempt_that_cannot_be_cloned_counts_as_failed)
{
	rig.fail_clone = 1;
	ck_assert_int_eq(rig_run("{type: retry, child: {ref: a}}", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(retries_multiply_when_nested)
{
	rig.fails_left = 100;
	ck_assert_int_eq(rig_run("{type: retry, attempts: 4, child: "
				 "{type: retry, attempts: 5, child: {ref: flaky}}}",
				 1),
			 FLUME_FAILED);
	ck_assert_int_eq(rig.fails_left, 80);
	rig_failed_at("retry > retry > flaky", "not yet");
}
END_TEST

Suite *suite_connector_retry(void)
{
	Suite *suite = suite_create("connector_retry");
	TCase *tc = rig_case(suite, "retry");
	tcase_add_test(tc, it_tries_again_until_it_works);
	tcase_add_test(tc, three_attempts_are_made_when_nobody_says_how_many);
	tcase_add_test(tc, failed_attempts_leave_no_marks_on_the_next);
	tcase_add_test(tc, a_dropped_item_is_not_tried_again);
	tcase_add_test(tc, a_single_attempt_needs_no_clone);
	tcase_add_test(tc, pauses_double);
	tcase_add_test(tc, pauses_stop_growing_at_an_hour);
	tcase_add_test(tc, the_longest_pause_there_is_does_not_overflow);
	tcase_add_test(tc, the_deadline_cuts_a_pause_short);
	tcase_add_test(tc, a_cancel_ends_a_pause_and_the_call);
	tcase_add_test(tc, a_cancel_ends_a_retry_without_pauses_too);
	tcase_add_test(tc, each_failed_attempt_is_an_event);
	tcase_add_test(tc, an_attempt_that_cannot_be_cloned_counts_as_failed);
	tcase_add_test(tc, retries_multiply_when_nested);
	return suite;
}
