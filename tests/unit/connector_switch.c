#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>

#define ROUTES   "routes: {'2': {ref: b}, '10': {ref: c}, '1': {ref: a}}"
#define BY_VALUE "{type: switch, condition: value, " ROUTES "}"
#define BY_WORD  "{type: switch, condition: word, routes: {x: {ref: a}}, default: {ref: d}}"

START_TEST(the_route_that_the_condition_names_runs)
{
	ck_assert_int_eq(rig_run(BY_VALUE, 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_run(BY_VALUE, 2), 0);
	rig_left("b");
	ck_assert_int_eq(rig_run(BY_VALUE, 10), 0);
	rig_left("c");
}
END_TEST

START_TEST(a_value_without_a_route_passes)
{
	ck_assert_int_eq(rig_run(BY_VALUE, 3), 0);
	rig_left("");
}
END_TEST

START_TEST(default_takes_every_value_without_a_route)
{
	static const char *const words[] = {"y", "", "xx", "X", "default", NULL};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		rig.word = words[i];
		ck_assert_int_eq(rig_run(BY_WORD, 1), 0);
		rig_left("d");
	}
	rig.word = "x";
	ck_assert_int_eq(rig_run(BY_WORD, 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(a_condition_that_names_nothing_passes_the_item)
{
	rig.word = NULL;
	ck_assert_int_eq(rig_run("{type: switch, condition: word, routes: {x: {ref: a}}}", 1),
			 0);
	rig_left("");
}
END_TEST

START_TEST(the_default_name_holds_the_condition)
{
	rig.word = "x";
	ck_assert_int_eq(
		rig_run("{type: switch, condition: word, routes: {x: {ref: fail}}}", 1),
		FLUME_FAILED);
	rig_failed_at("switch-word > fail", "no to 1");
}
END_TEST

START_TEST(an_item_dropped_behind_a_switch_is_dropped)
{
	rig.word = "x";
	ck_assert_int_eq(
		rig_run("{type: switch, condition: word, routes: {x: {ref: drop}}}", 1),
		FLUME_DROPPED);
}
END_TEST

START_TEST(a_thousand_routes_are_told_apart)
{
	static char yaml[65536];
	size_t n = (size_t)sprintf(yaml, "{type: switch, condition: value, routes: {");
	for (int i = 0; i < 1000; i++)
		n += (size_t)sprintf(yaml + n, "'%d': {ref: %s},", i, i == 777 ? "b" : "a");
	sprintf(yaml + n, "}, default: {ref: d}}");
	rig_must_set("many", yaml);
	ck_assert_int_eq(rig_process("many", 777), 0);
	rig_left("b");
	ck_assert_int_eq(rig_process("many", 0), 0);
	rig_left("a");
	ck_assert_int_eq(rig_process("many", 999), 0);
	rig_left("a");
	ck_assert_int_eq(rig_process("many", 1000), 0);
	rig_left("d");
}
END_TEST

/* Answers when the call is over. */
static const char *answer_late(const struct flume_call *call, const void *item, void *arg,
			       char scratch[256])
{
	(void)item, (void)arg, (void)scratch;
	if (call->cancel)
		flume_cancel_request(call->cancel);
	rig.now_ns += 2;
	return "x";
}

#define LATE "{type: switch, condition: late, routes: {x: {ref: a}}}"

START_TEST(an_answer_after_the_deadline_decides_nothing)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + 1};
	rig_add(&(struct flume_component){.name = "late", .pick = answer_late});
	ck_assert_int_eq(rig_run_call(LATE, 1, &call), FLUME_TIMED_OUT);
	rig_failed_at("switch-late", "the deadline of the call has passed");
	rig_left("");
	ck_assert_int_eq(rig_run(LATE, 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(an_answer_after_a_cancel_decides_nothing)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	rig_add(&(struct flume_component){.name = "late", .pick = answer_late});
	ck_assert_int_eq(rig_run_call(LATE, 1, &call), FLUME_CANCELLED);
	rig_failed_at("switch-late", "the call was cancelled");
	rig_left("");
	flume_cancel_free(cancel);
}
END_TEST

static const char *not_know(const struct flume_call *call, const void *item, void *arg,
			    char scratch[256])
{
	(void)item, (void)arg, (void)scratch;
	flume_fail(call->doubt, FLUME_FAILED, "too long a text");
	return "x";
}

START_TEST(a_condition_that_cannot_answer_fails_the_step)
{
	rig_add(&(struct flume_component){.name = "unsure", .pick = not_know});
	ck_assert_int_eq(rig_run("{type: switch, condition: unsure, routes: {x: {ref: a}}}", 1),
			 FLUME_FAILED);
	rig_failed_at("switch-unsure", "too long a text");
	rig_left("");
}
END_TEST

Suite *suite_connector_switch(void)
{
	Suite *suite = suite_create("connector_switch");
	TCase *tc = rig_case(suite, "switch");
	tcase_add_test(tc, the_route_that_the_condition_names_runs);
	tcase_add_test(tc, a_value_without_a_route_passes);
	tcase_add_test(tc, default_takes_every_value_without_a_route);
	tcase_add_test(tc, a_condition_that_names_nothing_passes_the_item);
	tcase_add_test(tc, the_default_name_holds_the_condition);
	tcase_add_test(tc, an_item_dropped_behind_a_switch_is_dropped);
	tcase_add_test(tc, a_thousand_routes_are_told_apart);
	tcase_add_test(tc, an_answer_after_the_deadline_decides_nothing);
	tcase_add_test(tc, an_answer_after_a_cancel_decides_nothing);
	tcase_add_test(tc, a_condition_that_cannot_answer_fails_the_step);
	return suite;
}
