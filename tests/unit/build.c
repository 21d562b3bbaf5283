#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static flume_pipeline *build(const char *yaml)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema(yaml);
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	flume_schema_unref(schema);
	return pipeline;
}

static bool may_block(const char *yaml)
{
	flume_pipeline *pipeline = build(yaml);
	bool may = flume_pipeline_may_block(pipeline);
	flume_pipeline_unref(pipeline);
	return may;
}

START_TEST(a_pipeline_knows_whether_it_may_wait)
{
	ck_assert(!may_block("{type: sequence, children: [{ref: a}, {ref: b}]}"));
	ck_assert(!may_block("{type: retry, child: {ref: a}}"));
	ck_assert(may_block("{type: retry, backoff: 1ms, child: {ref: a}}"));
	ck_assert(may_block("{type: sequence, children: [{ref: a}, {ref: blocking}]}"));
	ck_assert(may_block("{type: filter, predicate: slow-yes, then: {ref: a}}"));
	ck_assert(may_block("{type: filter, predicate: no, then: {stream: box}}"));
}
END_TEST

#define RETRY(n, child) "{type: retry, attempts: " n ", child: " child "}"

START_TEST(retries_that_multiply_work_may_wait)
{
	ck_assert(!may_block(RETRY("10", "{ref: a}")));
	ck_assert(may_block(RETRY("11", "{ref: a}")));
	ck_assert(!may_block(RETRY("3", RETRY("3", "{ref: a}"))));
	ck_assert(may_block(RETRY("3", RETRY("4", "{ref: a}"))));
	ck_assert(may_block(RETRY("1000", RETRY("1000", RETRY("1000", "{ref: a}")))));
	ck_assert(!may_block("{type: sequence, children: [" RETRY("9", "{ref: a}") ", " RETRY(
		"9", "{ref: a}") "]}"));
}
END_TEST

START_TEST(retries_multiply_through_schemas)
{
	rig_must_set("four", RETRY("4", "{ref: a}"));
	rig_must_set("also", "{type: sequence, children: [{ref: four}, {ref: b}]}");
	ck_assert(!may_block("ref: also"));
	ck_assert(!may_block(RETRY("2", "{ref: also}")));
	ck_assert(may_block(RETRY("3", "{ref: also}")));
	ck_assert(!may_block("{type: sequence, children: [{ref: also}, {ref: four}]}"));
	ck_assert(may_block(
		"{type: sequence, children: [{ref: also}, " RETRY("3", "{ref: four}") "]}"));
}
END_TEST

START_TEST(a_composed_schema_that_may_wait_makes_the_whole_wait)
{
	rig_must_set("part", "ref: blocking");
	ck_assert(may_block("{type: sequence, children: [{ref: a}, {ref: part}]}"));
}
END_TEST

START_TEST(a_pipeline_tells_what_it_was_made_of)
{
	struct flume_pipeline_info info;
	flume_pipeline *pipeline = build("{version: 1.2.3, ref: a}");
	flume_pipeline_read(pipeline, &info);
	ck_assert_str_eq(info.schema_id, "");
	ck_assert_str_eq(info.version, "1.2.3");
	ck_assert_int_eq(strncmp(info.digest, "sha256:", 7), 0);
	ck_assert_uint_eq(info.generation, 0);
	ck_assert_uint_eq(info.calls, 0);
	flume_pipeline_unref(pipeline);
}
END_TEST

START_TEST(calls_and_failures_are_counted)
{
	struct flume_pipeline_info info;
	flume_pipeline *pipeline = build("{type: filter, predicate: even, then: {ref: fail}, "
					 "else: {ref: drop}}");
	for (long value = 1; value <= 5; value++) {
		void *item = rig_item(value);
		flume_pipeline_process(pipeline, NULL, &item, NULL);
		rig_free_item(item);
	}
	flume_pipeline_read(pipeline, &info);
	ck_assert_uint_eq(info.calls, 5);
	ck_assert_uint_eq(info.failures, 2);
	flume_pipeline_unref(pipeline);
}
END_TEST

START_TEST(the_error_is_written_on_failure_only)
{
	flume_pipeline *pipeline =
		build("{type: handle, error_handler: recover, child: "
		      "{type: fallback, children: [{ref: fail}, {ref: fail}]}}");
	struct flume_err err = {.code = 42, .text = "mine", .path = "here"};
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, &err), 0);
	ck_assert_int_eq(err.code, 42);
	ck_assert_str_eq(err.text, "mine");
	ck_assert_str_eq(err.path, "here");
	rig_free_item(item);
	flume_pipeline_unref(pipeline);
}
END_TEST

START_TEST(no_pipeline_is_fine_where_the_contract_says_so)
{
	ck_assert_ptr_null(flume_pipeline_ref(NULL));
	ck_assert_ptr_null(flume_pipeline_unref(NULL));
}
END_TEST

START_TEST(a_pipeline_outlives_its_factory)
{
	flume_pipeline *pipeline = build("{type: retry, child: {ref: a}}");
	rig.factory = flume_factory_free(rig.factory);
	ck_assert_int_eq(rig.done, rig.added - 1);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), 0);
	ck_assert_str_eq(((struct item *)item)->marks, "a");
	rig_free_item(item);
	flume_pipeline_unref(pipeline);
	ck_assert_int_eq(rig.done, rig.added);
}
END_TEST

START_TEST(default_names_come_from_type_and_name)
{
	static const struct {
		const char *yaml, *path;
	} cases[] = {
		{"{type: sequence, children: [{ref: fail}]}", "sequence > fail"},
		{"{type: fallback, children: [{ref: fail}, {ref: fail}]}", "fallback > fail"},
		{"{type: retry, child: {ref: fail}}", "retry > fail"},
		{"{type: retry, backoff: 1ms, child: {ref: fail}}", "backoff > fail"},
		{"{type: filter, predicate: yes, then: {ref: fail}}", "filter-yes > fail"},
		{"{type: switch, condition: word, routes: {x: {ref: a}}, default: {ref: fail}}",
		 "switch-word > fail"},
		{"{type: handle, error_handler: leave, child: {ref: fail}}",
		 "handle-leave > fail"},
		{"{stream: box, child: {ref: fail}}", "stream:box > fail"},
		{"{stream: box, name: out, child: {ref: fail, name: in}}", "out > in"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_int_eq(rig_run(cases[i].yaml, 1), FLUME_FAILED);
		ck_assert_str_eq(rig.err.path, cases[i].path);
	}
}
END_TEST

/* ---- composition ---- */

START_TEST(schemas_that_name_the_next_ten_times_are_refused)
{
	char id[16], yaml[512], next[32];
	rig_must_set("s0", "{type: sequence, children: [{ref: a}, {ref: a}, {ref: a}]}");
	int rc = 0, i = 1;
	for (; !rc && i <= 10; i++) {
		snprintf(id, sizeof id, "s%d", i);
		snprintf(next, sizeof next, "{ref: s%d},", i - 1);
		snprintf(yaml, sizeof yaml,
			 "{type: sequence, children: [%s%s%s%s%s%s%s%s%s%s]}", next, next, next,
			 next, next, next, next, next, next, next);
		rc = rig_set(id, yaml);
	}
	ck_assert_int_eq(rc, FLUME_REJECTED);
	ck_assert_int_le(i, 6);
	rig_found("1:39: root: too many steps, with those of the schemas it refers to "
		  "[too-many-nodes]");
}
END_TEST

START_TEST(a_leaf_that_grows_may_not_burst_its_users)
{
	char yaml[8192] = "{type: sequence, children: [";
	rig_must_set("leaf", "ref: a");
	for (int i = 0; i < 500; i++)
		strcat(yaml, "{ref: leaf},");
	strcat(yaml, "]}");
	rig_must_set("user", yaml);
	strcpy(yaml, "{type: sequence, children: [");
	for (int i = 0; i < 30; i++)
		strcat(yaml, "{ref: a},");
	strcat(yaml, "]}");
	rig_refuses("leaf", yaml,
		    "0:0: user: schema 'user', which refers to it, would break: root: too many "
		    "steps, with those of the schemas it refers to [dependent]");
	ck_assert_int_eq(rig_process("leaf", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(a_chain_of_schemas_is_as_deep_as_a_document_at_most)
{
	char id[16], yaml[64];
	rig_must_set("s0", "ref: a");
	int rc = 0, i = 1;
	for (; !rc && i < 100; i++) {
		snprintf(id, sizeof id, "s%d", i);
		snprintf(yaml, sizeof yaml, "ref: s%d", i - 1);
		rc = rig_set(id, yaml);
	}
	ck_assert_int_eq(rc, FLUME_REJECTED);
	ck_assert_int_eq(i, 65); /* 64 of them were set */
	ck_assert_int_eq(rig_process("s63", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(a_schema_met_on_the_way_counts_with_its_depth_there)
{
	char yaml[2048] = "";
	for (int i = 0; i < 32; i++)
		strcat(yaml, "{type: retry, child: ");
	strcat(yaml, "{ref: a}");
	for (int i = 0; i < 32; i++)
		strcat(yaml, "}");
	rig_must_set("deep", yaml);
	char *s = strstr(yaml, "{ref: a}");
	memmove(s + 11, s + 8, strlen(s + 8) + 1);
	memcpy(s, "{ref: deep}", 11);
	char first[2200];
	snprintf(first, sizeof first, "{type: sequence, children: [{ref: deep}, %s]}", yaml);
	ck_assert_int_eq(rig_set("s", first), FLUME_REJECTED);
	ck_assert_str_eq(flume_report_get_issue(rig.report, 0)->code, "too-deep");
}
END_TEST

START_TEST(a_schema_is_built_once_however_often_it_is_named)
{
	rig_add_makers();
	rig_must_set("part", "components: {processors: {x: {kind: note, text: x}}}\nref: x");
	long before = rig.made;
	flume_pipeline *pipeline =
		build("{type: sequence, children: [{ref: part}, {ref: part}, "
		      "{type: retry, child: {ref: part}}]}");
	ck_assert_int_eq(rig.made, before + 1);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), 0);
	ck_assert_str_eq(((struct item *)item)->marks, "xxx");
	rig_free_item(item);
	flume_pipeline_unref(pipeline);
}
END_TEST

Suite *suite_build(void)
{
	Suite *suite = suite_create("build");
	TCase *tc = rig_case(suite, "build");
	tcase_add_test(tc, a_pipeline_knows_whether_it_may_wait);
	tcase_add_test(tc, retries_that_multiply_work_may_wait);
	tcase_add_test(tc, retries_multiply_through_schemas);
	tcase_add_test(tc, a_composed_schema_that_may_wait_makes_the_whole_wait);
	tcase_add_test(tc, a_pipeline_tells_what_it_was_made_of);
	tcase_add_test(tc, calls_and_failures_are_counted);
	tcase_add_test(tc, the_error_is_written_on_failure_only);
	tcase_add_test(tc, no_pipeline_is_fine_where_the_contract_says_so);
	tcase_add_test(tc, a_pipeline_outlives_its_factory);
	tcase_add_test(tc, default_names_come_from_type_and_name);
	tc = rig_case(suite, "composition");
	tcase_add_test(tc, schemas_that_name_the_next_ten_times_are_refused);
	tcase_add_test(tc, a_leaf_that_grows_may_not_burst_its_users);
	tcase_add_test(tc, a_chain_of_schemas_is_as_deep_as_a_document_at_most);
	tcase_add_test(tc, a_schema_met_on_the_way_counts_with_its_depth_there);
	tcase_add_test(tc, a_schema_is_built_once_however_often_it_is_named);
	return suite;
}
