#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#define MANY 50 /* more than a page has room for */

static flume_pipeline *build_leaf(void)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema("ref: a");
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	flume_schema_unref(schema);
	return pipeline;
}

static void call_times(flume_pipeline *pipeline, size_t times)
{
	void *item = rig_item(1);
	for (size_t i = 0; i < times; i++)
		ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), 0);
	flume_pipeline_process(pipeline, &(struct flume_call){.deadline_ns = 1}, &item, NULL);
	rig_free_item(item);
}

static void expect_calls(const flume_pipeline *pipeline, uint64_t calls, uint64_t failures)
{
	struct flume_pipeline_info info;
	flume_pipeline_read(pipeline, &info);
	ck_assert_uint_eq(info.calls, calls);
	ck_assert_uint_eq(info.failures, failures);
}

START_TEST(each_of_many_pipelines_counts_its_own_calls)
{
	flume_pipeline *all[MANY];
	for (size_t i = 0; i < MANY; i++)
		all[i] = build_leaf();
	for (size_t i = 0; i < MANY; i++)
		call_times(all[i], i);
	for (size_t i = 0; i < MANY; i++) {
		expect_calls(all[i], i + 1, 1);
		flume_pipeline_unref(all[i]);
	}
}
END_TEST

START_TEST(a_pipeline_counts_from_nothing_where_another_has_counted)
{
	flume_pipeline *all[MANY];
	for (size_t i = 0; i < MANY; i++)
		call_times(all[i] = build_leaf(), 3);
	for (size_t i = 0; i < MANY; i += 2) {
		flume_pipeline_unref(all[i]);
		all[i] = build_leaf();
	}
	for (size_t i = 0; i < MANY; i++) {
		expect_calls(all[i], i % 2 ? 4 : 0, i % 2);
		flume_pipeline_unref(all[i]);
	}
}
END_TEST

Suite *suite_tally(void)
{
	Suite *suite = suite_create("tally");
	TCase *tests = tcase_create("tally");
	tcase_add_checked_fixture(tests, rig_open, rig_close);
	tcase_add_test(tests, each_of_many_pipelines_counts_its_own_calls);
	tcase_add_test(tests, a_pipeline_counts_from_nothing_where_another_has_counted);
	suite_add_tcase(suite, tests);
	return suite;
}
