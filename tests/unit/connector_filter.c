#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#define EVEN_ODD "{type: filter, predicate: even, then: {ref: a}, else: {ref: b}}"

START_TEST(yes_runs_then_and_no_runs_else)
{
	ck_assert_int_eq(rig_run(EVEN_ODD, 2), 0);
	rig_left("a");
	ck_assert_int_eq(rig_run(EVEN_ODD, 3), 0);
	rig_left("b");
}
END_TEST

START_TEST(without_else_the_item_passes)
{
	ck_assert_int_eq(rig_run("{type: filter, predicate: no, then: {ref: fail}}", 1), 0);
	rig_left("");
}
END_TEST

START_TEST(the_default_name_holds_the_predicate)
{
	ck_assert_int_eq(rig_run("{type: filter, predicate: yes, then: {ref: fail}}", 1),
			 FLUME_FAILED);
	rig_failed_at("filter-yes > fail", "no to 1");
}
END_TEST

START_TEST(an_item_dropped_behind_a_filter_is_dropped)
{
	ck_assert_int_eq(rig_run("{type: filter, predicate: yes, then: {ref: drop}}", 1),
			 FLUME_DROPPED);
	ck_assert_int_eq(
		rig_run("{type: filter, predicate: no, then: {ref: a}, else: {ref: drop}}", 1),
		FLUME_DROPPED);
}
END_TEST

/* Answers when the call is over. */
static bool answer_late(const struct flume_call *call, const void *item, void *arg)
{
	(void)item, (void)arg;
	if (call->cancel)
		flume_cancel_request(call->cancel);
	rig.now_ns += 2;
	return true;
}

#define LATE "{type: filter, predicate: late, then: {ref: a}}"

START_TEST(an_answer_after_the_deadline_decides_nothing)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + 1};
	rig_add(&(struct flume_component){.name = "late", .test = answer_late});
	ck_assert_int_eq(rig_run_call(LATE, 1, &call), FLUME_TIMED_OUT);
	rig_failed_at("filter-late", "the deadline of the call has passed");
	rig_left("");
	ck_assert_int_eq(rig_run(LATE, 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(an_answer_after_a_cancel_decides_nothing)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	rig_add(&(struct flume_component){.name = "late", .test = answer_late});
	ck_assert_int_eq(rig_run_call(LATE, 1, &call), FLUME_CANCELLED);
	rig_failed_at("filter-late", "the call was cancelled");
	rig_left("");
	flume_cancel_free(cancel);
}
END_TEST

static bool not_know(const struct flume_call *call, const void *item, void *arg)
{
	(void)item;
	flume_fail(call->doubt, FLUME_FAILED, "too long a text");
	return arg != NULL;
}

#define UNSURE "{type: filter, predicate: unsure, then: {ref: a}, else: {ref: b}}"

START_TEST(a_predicate_that_cannot_answer_fails_the_step)
{
	rig_add(&(struct flume_component){.name = "unsure", .test = not_know});
	ck_assert_int_eq(rig_run(UNSURE, 1), FLUME_FAILED);
	rig_failed_at("filter-unsure", "too long a text");
	rig_left("");
	ck_assert_int_eq(rig_run("{type: fallback, children: [" UNSURE ", {ref: c}]}", 1), 0);
	rig_left("c");
	ck_assert_int_eq(rig_run("{type: fallback, children: [{ref: fail}, " EVEN_ODD "]}", 2),
			 0);
	rig_left("a");
}
END_TEST

Suite *suite_connector_filter(void)
{
	Suite *suite = suite_create("connector_filter");
	TCase *tc = rig_case(suite, "filter");
	tcase_add_test(tc, yes_runs_then_and_no_runs_else);
	tcase_add_test(tc, without_else_the_item_passes);
	tcase_add_test(tc, the_default_name_holds_the_predicate);
	tcase_add_test(tc, an_item_dropped_behind_a_filter_is_dropped);
	tcase_add_test(tc, an_answer_after_the_deadline_decides_nothing);
	tcase_add_test(tc, an_answer_after_a_cancel_decides_nothing);
	tcase_add_test(tc, a_predicate_that_cannot_answer_fails_the_step);
	return suite;
}
