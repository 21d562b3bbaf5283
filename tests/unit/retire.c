/* What was swapped out goes, but not before its time. */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>

static flume_schema *numbered(int i)
{
	char yaml[64];
	snprintf(yaml, sizeof yaml, "{version: '%d', ref: a}", i);
	return rig_schema(yaml);
}

static void set_numbered(const char *id, int i)
{
	flume_schema *schema = numbered(i);
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, id, schema, NULL), 0);
	flume_schema_unref(schema);
}

static size_t retired;

static void count_retired(const struct flume_event *event, void *arg)
{
	(void)arg;
	retired += event->kind == FLUME_EVENT_PIPELINE_RETIRED;
}

START_TEST(a_burst_leaves_at_most_sixteen_and_settling_none)
{
	retired = 0;
	rig_must_set("s", "{version: first, ref: a}");
	int ticket = flume_factory_listen(rig.factory, count_retired, NULL);
	for (int i = 0; i < 100; i++) {
		set_numbered("s", i);
		ck_assert_uint_ge(retired + 16, (size_t)i + 1);
	}
	flume_factory_settle(rig.factory);
	ck_assert_uint_eq(retired, 100);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
}
END_TEST

START_TEST(a_commit_lets_go_at_once)
{
	flume_change *change = NULL;
	rig_must_set("s", "{version: '1', ref: a}");
	rig_listen();
	flume_schema *schema = numbered(2);
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "s", schema, &change, NULL), 0);
	ck_assert_int_eq(flume_change_commit(change), 0);
	flume_change_free(change);
	flume_schema_unref(schema);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 1);
}
END_TEST

/* ---- from inside a call that runs in the read section ---- */

static int set_itself(const struct flume_call *call, void **item, void *arg,
		      struct flume_err *err)
{
	(void)call, (void)item, (void)err;
	int *times = arg;
	set_numbered("s", ++*times);
	set_numbered("s", ++*times);
	flume_factory_settle(rig.factory);
	return FLUME_OK;
}

START_TEST(a_prompt_step_may_set_the_schema_it_runs_in)
{
	int times = 0;
	rig_add(&(struct flume_component){
		.name = "self", .run = set_itself, .prompt = true, .arg = &times});
	rig_must_set("s", "ref: self");
	ck_assert_int_eq(rig_process("s", 1), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "self", 0, NULL),
			 0);
	ck_assert_int_eq(rig.done, 0); /* the pipeline that has it waits */
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	flume_factory_settle(rig.factory);
	ck_assert_int_eq(rig.done, 1);
}
END_TEST

START_TEST(with_a_listener_it_is_let_go_when_the_call_ends)
{
	int times = 0;
	rig_add(&(struct flume_component){
		.name = "self", .run = set_itself, .prompt = true, .arg = &times});
	rig_must_set("s", "ref: self");
	rig_listen();
	ck_assert_int_eq(rig_process("s", 1), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 2);
}
END_TEST

static int remove_itself(const struct flume_call *call, void **item, void *arg,
			 struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	return flume_factory_remove_schema(rig.factory, "s", NULL);
}

START_TEST(a_prompt_step_may_remove_the_schema_it_runs_in)
{
	rig_add(&(struct flume_component){
		.name = "away", .run = remove_itself, .prompt = true});
	rig_must_set("s", "{type: sequence, children: [{ref: away}, {ref: a}]}");
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	ck_assert_ptr_null(flume_factory_dup_schema(rig.factory, "s"));
}
END_TEST

/* ---- counts ---- */

static void *call_thousand(void *arg)
{
	flume_binding *binding = arg;
	for (int i = 0; i < 1000; i++) {
		void *item = rig_item(1);
		flume_binding_process(binding, NULL, &item, NULL);
		rig_free_item(item);
	}
	return NULL;
}

START_TEST(calls_on_all_processors_are_counted)
{
	pthread_t threads[4];
	flume_binding *binding = NULL;
	rig_must_set("s", "ref: fail");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, call_thousand, binding), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	struct flume_pipeline_info info;
	flume_pipeline_read(pipeline, &info);
	ck_assert_uint_eq(info.calls, 4000);
	ck_assert_uint_eq(info.failures, 4000);
	flume_pipeline_unref(pipeline);
	flume_binding_unref(binding);
}
END_TEST

/* ---- what is known of a schema ---- */

START_TEST(a_schema_found_right_is_asked_for_its_names_again)
{
	flume_schema *schema = rig_schema("{type: sequence, children: [{ref: a}, {ref: b}]}");
	ck_assert_int_eq(flume_schema_check(schema, rig.factory, NULL), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "b", 0, NULL), 0);
	flume_report *report = flume_report_new();
	ck_assert_int_eq(flume_schema_check(schema, rig.factory, report), FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(report), 1);
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	ck_assert_str_eq(issue->path, "root.children[1]");
	ck_assert_uint_eq(issue->column, 45);
	ck_assert_int_eq(flume_schema_check(schema, NULL, NULL), 0);
	flume_report_free(report);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(a_schema_found_right_still_meets_the_limits_of_another_factory)
{
	const struct flume_limits few = {.nodes = 2};
	flume_factory *strict = NULL;
	flume_schema *schema = rig_schema("{type: sequence, children: [{ref: a}, {ref: b}]}");
	ck_assert_int_eq(flume_schema_check(schema, rig.factory, NULL), 0);
	ck_assert_int_eq(
		flume_factory_new(&strict,
				  &(struct flume_options){.type = &rig_items, .limits = &few},
				  NULL),
		0);
	for (size_t i = 0; rig_parts[i].name; i++)
		ck_assert_int_eq(flume_factory_add(strict, &rig_parts[i], NULL), 0);
	ck_assert_int_eq(flume_schema_check(schema, strict, NULL), FLUME_REJECTED);
	flume_factory_free(strict);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(a_reference_that_became_a_circle_is_found)
{
	rig_must_set("x", "ref: a");
	rig_must_set("y", "{version: '1', ref: a}");
	flume_schema *schema = rig_schema("ref: y");
	ck_assert_int_eq(flume_schema_check(schema, rig.factory, NULL), 0);
	rig_must_set("y", "ref: x");
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "x", schema, NULL),
			 FLUME_REJECTED);
	flume_schema_unref(schema);
}
END_TEST

Suite *suite_retire(void)
{
	Suite *suite = suite_create("retire");
	TCase *tc = rig_case(suite, "retire");
	tcase_add_test(tc, a_burst_leaves_at_most_sixteen_and_settling_none);
	tcase_add_test(tc, a_commit_lets_go_at_once);
	tcase_add_test(tc, a_prompt_step_may_set_the_schema_it_runs_in);
	tcase_add_test(tc, with_a_listener_it_is_let_go_when_the_call_ends);
	tcase_add_test(tc, a_prompt_step_may_remove_the_schema_it_runs_in);
	tcase_add_test(tc, calls_on_all_processors_are_counted);
	tc = rig_case(suite, "shape");
	tcase_add_test(tc, a_schema_found_right_is_asked_for_its_names_again);
	tcase_add_test(tc, a_schema_found_right_still_meets_the_limits_of_another_factory);
	tcase_add_test(tc, a_reference_that_became_a_circle_is_found);
	return suite;
}
