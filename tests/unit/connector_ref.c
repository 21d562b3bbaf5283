#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <string.h>

START_TEST(a_ref_runs_the_processor_of_that_name)
{
	ck_assert_int_eq(rig_run("ref: inc", 1), 0);
	ck_assert_int_eq(rig.item->value, 2);
}
END_TEST

START_TEST(a_processor_may_put_another_item_in_place)
{
	ck_assert_int_eq(rig_run("ref: replace", 1), 0);
	ck_assert_int_eq(rig.item->value, 101);
}
END_TEST

START_TEST(a_dropped_item_is_an_outcome_and_stays_the_callers)
{
	ck_assert_int_eq(rig_run("ref: drop", 1), FLUME_DROPPED);
	rig_left("D");
}
END_TEST

START_TEST(a_failure_tells_the_step_and_the_words_of_the_processor)
{
	ck_assert_int_eq(rig_run("ref: fail", 3), FLUME_FAILED);
	ck_assert_int_eq(rig.err.code, FLUME_FAILED);
	rig_failed_at("fail", "no to 3");
}
END_TEST

START_TEST(the_name_of_a_node_takes_the_place_of_the_default)
{
	ck_assert_int_eq(rig_run("{ref: fail, name: charge}", 3), FLUME_FAILED);
	rig_failed_at("charge", "no to 3");
}
END_TEST

START_TEST(a_processor_that_fails_in_silence_is_spoken_for)
{
	ck_assert_int_eq(rig_run("ref: silent", 1), FLUME_FAILED);
	rig_failed_at("silent", "failed");
}
END_TEST

START_TEST(silence_does_not_repeat_the_words_of_an_earlier_failure)
{
	ck_assert_int_eq(rig_run("{type: fallback, children: [{ref: fail}, {ref: silent}]}", 1),
			 FLUME_FAILED);
	rig_failed_at("fallback > silent", "failed");
}
END_TEST

START_TEST(an_outcome_that_means_nothing_is_a_failure)
{
	ck_assert_int_eq(rig_run("ref: odd", 1), FLUME_FAILED);
	rig_failed_at("odd", "returned 7, which means nothing");
}
END_TEST

START_TEST(where_no_processor_has_the_name_the_schema_runs)
{
	rig_must_set("part", "{type: sequence, children: [{ref: a}, {ref: b}]}");
	ck_assert_int_eq(rig_run("ref: part", 1), 0);
	rig_left("ab");
}
END_TEST

START_TEST(a_processor_hides_a_schema_of_the_same_name)
{
	rig_must_set("a", "ref: b");
	ck_assert_int_eq(rig_run("ref: a", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(a_failure_inside_a_schema_tells_the_whole_way)
{
	rig_must_set("part", "{type: sequence, name: inner, children: [{ref: fail}]}");
	rig_must_set("whole", "{type: sequence, children: [{ref: part, name: pay}]}");
	ck_assert_int_eq(rig_process("whole", 1), FLUME_FAILED);
	rig_failed_at("sequence > pay > inner > fail", "no to 1");
}
END_TEST

START_TEST(an_item_dropped_inside_a_schema_leaves_the_whole_pipeline)
{
	rig_must_set("part", "ref: drop");
	ck_assert_int_eq(rig_run("{type: sequence, children: [{ref: part}, {ref: a}]}", 1),
			 FLUME_DROPPED);
	rig_left("D");
}
END_TEST

START_TEST(a_path_that_is_too_long_keeps_its_end)
{
	static const char opening[] =
		"{type: sequence, name: a-step-with-a-name-of-forty-characters--, children: [";
	char yaml[1024] = "";
	for (int i = 0; i < 8; i++)
		strcat(yaml, opening);
	strcat(yaml, "{ref: fail, name: the-guilty-one}");
	for (int i = 0; i < 8; i++)
		strcat(yaml, "]}");
	ck_assert_int_eq(rig_run(yaml, 1), FLUME_FAILED);
	size_t n = strlen(rig.err.path);
	ck_assert_uint_lt(n, sizeof rig.err.path);
	ck_assert_str_eq(rig.err.path + n - 14, "the-guilty-one");
	ck_assert_int_eq(strncmp(rig.err.path, "... > ", 6), 0);
}
END_TEST

Suite *suite_connector_ref(void)
{
	Suite *suite = suite_create("connector_ref");
	TCase *tc = rig_case(suite, "ref");
	tcase_add_test(tc, a_ref_runs_the_processor_of_that_name);
	tcase_add_test(tc, a_processor_may_put_another_item_in_place);
	tcase_add_test(tc, a_dropped_item_is_an_outcome_and_stays_the_callers);
	tcase_add_test(tc, a_failure_tells_the_step_and_the_words_of_the_processor);
	tcase_add_test(tc, the_name_of_a_node_takes_the_place_of_the_default);
	tcase_add_test(tc, a_processor_that_fails_in_silence_is_spoken_for);
	tcase_add_test(tc, silence_does_not_repeat_the_words_of_an_earlier_failure);
	tcase_add_test(tc, an_outcome_that_means_nothing_is_a_failure);
	tcase_add_test(tc, where_no_processor_has_the_name_the_schema_runs);
	tcase_add_test(tc, a_processor_hides_a_schema_of_the_same_name);
	tcase_add_test(tc, a_failure_inside_a_schema_tells_the_whole_way);
	tcase_add_test(tc, an_item_dropped_inside_a_schema_leaves_the_whole_pipeline);
	tcase_add_test(tc, a_path_that_is_too_long_keeps_its_end);
	return suite;
}
