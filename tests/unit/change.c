#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <urcu/urcu-bp.h>

START_TEST(nothing_serves_before_the_commit)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_change *change = rig_prepared("s", "{version: '2', ref: b}");
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	ck_assert_str_eq(rig_stored_version("s"), "1");
	ck_assert_int_eq(flume_change_commit(change), 0);
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("b");
	ck_assert_str_eq(rig_stored_version("s"), "2");
	ck_assert_ptr_null(flume_change_free(change));
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("b");
}
END_TEST

START_TEST(a_change_that_is_dropped_was_a_dry_run)
{
	rig_must_set("s", "{version: '1', ref: a}");
	rig_listen();
	flume_change_free(rig_prepared("s", "{version: '2', ref: b}"));
	flume_change_free(rig_prepared("t", "{version: '2', ref: b}"));
	rig_told("schema.validation.started schema.validation.completed schema.build.started "
		 "schema.build.completed schema.validation.started "
		 "schema.validation.completed schema.build.started schema.build.completed");
	ck_assert_str_eq(rig_stored_version("s"), "1");
	ck_assert_ptr_null(flume_factory_dup_schema(rig.factory, "t"));
	ck_assert_ptr_null(flume_change_free(NULL));
}
END_TEST

START_TEST(a_dry_run_tells_what_a_set_would_break)
{
	flume_change *change = NULL;
	rig_must_set("leaf", "ref: a");
	rig_must_set("user", "{type: sequence, children: [{ref: leaf}, {ref: b}]}");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "b",
					      FLUME_REMOVE_FORCED, NULL),
			 0);
	flume_schema *next = rig_schema("ref: c");
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "leaf", next, &change, rig.report),
			 FLUME_REJECTED);
	rig_found("0:0: user: schema 'user', which refers to it, would break: "
		  "root.children[1]: processor 'b' not found [dependent]");
	ck_assert_ptr_null(change);
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("ab");
	flume_schema_unref(next);
}
END_TEST

START_TEST(the_candidate_can_be_tried_first)
{
	rig_must_set("s", "ref: a");
	flume_change *change = rig_prepared("s", "ref: fail");
	flume_pipeline *candidate = flume_change_get_pipeline(change, 0);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(candidate, NULL, &item, NULL), FLUME_FAILED);
	rig_free_item(item);
	struct flume_pipeline_info info;
	flume_pipeline_read(candidate, &info);
	ck_assert_uint_eq(info.generation, 0);
	ck_assert_str_eq(info.schema_id, "s");
	flume_change_free(change);
}
END_TEST

START_TEST(a_change_holds_the_dependents_too)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("user", "ref: leaf");
	rig_must_set("far", "ref: user");
	rig_must_set("other", "ref: b");
	flume_change *change = rig_prepared("leaf", "ref: c");
	ck_assert_str_eq(flume_change_get_id(change, 0), "leaf");
	ck_assert_str_eq(flume_change_get_id(change, 1), "far");
	ck_assert_str_eq(flume_change_get_id(change, 2), "user");
	ck_assert_ptr_null(flume_change_get_id(change, 3));
	ck_assert_ptr_null(flume_change_get_pipeline(change, 3));
	ck_assert_ptr_null(flume_change_get_schema(change, 3));
	void *item = rig_item(1);
	ck_assert_int_eq(
		flume_pipeline_process(flume_change_get_pipeline(change, 1), NULL, &item, NULL),
		0);
	ck_assert_str_eq(((struct item *)item)->marks, "c");
	rig_free_item(item);
	ck_assert_int_eq(rig_process("far", 1), 0);
	rig_left("a");
	ck_assert_int_eq(flume_change_commit(change), 0);
	ck_assert_int_eq(rig_process("far", 1), 0);
	rig_left("c");
	flume_change_free(change);
}
END_TEST

START_TEST(a_change_commits_once)
{
	flume_change *change = rig_prepared("s", "ref: a");
	ck_assert_int_eq(flume_change_commit(change), 0);
	ck_assert_int_eq(flume_change_commit(change), FLUME_INVALID);
	flume_change_free(change);
}
END_TEST

START_TEST(a_change_needs_an_id_and_a_schema)
{
	flume_change *change = NULL;
	flume_schema *schema = rig_schema("ref: a");
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "", schema, &change, NULL),
			 FLUME_INVALID);
	ck_assert_int_eq(flume_factory_prepare(rig.factory, NULL, schema, &change, NULL),
			 FLUME_INVALID);
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "s", NULL, &change, NULL),
			 FLUME_INVALID);
	ck_assert_ptr_null(change);
	flume_schema_unref(schema);
}
END_TEST

/* ---- readers ---- */

static void *set_b(void *arg)
{
	flume_schema *schema = rig_schema("ref: b");
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, arg, schema, NULL), 0);
	flume_schema_unref(schema);
	return NULL;
}

static void *remove_it(void *arg)
{
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, arg, NULL), 0);
	return NULL;
}

static void count_retired(const struct flume_event *event, void *arg)
{
	*(atomic_int *)arg += event->kind == FLUME_EVENT_PIPELINE_RETIRED;
}

/* `change` is made while this thread stands where a call stands for a few nanoseconds, between
 * finding its pipeline and taking a reference to it. */
static void change_under_a_reader(void *(*change)(void *))
{
	pthread_t thread;
	char id[] = "s";
	rig_must_set(id, "ref: a");
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", id, 0, &binding, NULL), 0);
	flume_pipeline *before = flume_binding_dup_pipeline(binding), *now = before;
	flume_pipeline_unref(before);
	atomic_int retired = 0;
	int ticket = flume_factory_listen(rig.factory, count_retired, &retired);
	urcu_bp_read_lock();
	ck_assert_int_eq(pthread_create(&thread, NULL, change, id), 0);
	while (now == before) {
		now = flume_binding_dup_pipeline(binding);
		flume_pipeline_unref(now);
	}
	for (int i = 0; i < 1000; i++)
		sched_yield();
	ck_assert_int_eq(retired, 0);
	urcu_bp_read_unlock();
	pthread_join(thread, NULL);
	flume_factory_settle(rig.factory);
	ck_assert_int_eq(retired, 1);
	flume_binding_unref(binding);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
}

START_TEST(what_was_swapped_out_stays_while_a_reader_may_have_seen_it)
{
	change_under_a_reader(set_b);
}
END_TEST

START_TEST(what_was_removed_stays_while_a_reader_may_have_seen_it)
{
	change_under_a_reader(remove_it);
}
END_TEST

/* ---- setting and removing ---- */

START_TEST(the_same_meaning_is_unchanged)
{
	rig_must_set("s", "{version: '1', ref: a}");
	ck_assert_int_eq(rig_set("s", "# a comment\nref: a\nversion: '1'\n"), FLUME_UNCHANGED);
	ck_assert_int_eq(rig_set("s", "{version: '2', ref: a}"), 0);
}
END_TEST

START_TEST(a_set_that_breaks_a_dependent_is_refused_and_changes_nothing)
{
	char yaml[2048] = "";
	for (int i = 0; i < 40; i++)
		strcat(yaml, "{type: retry, child: ");
	strcat(yaml, "{ref: leaf}");
	for (int i = 0; i < 40; i++)
		strcat(yaml, "}");
	rig_must_set("leaf", "ref: a");
	rig_must_set("user", yaml);
	memcpy(strstr(yaml, "{ref: leaf}"), "{ref: b   }", 11);
	rig_refuses("leaf", yaml,
		    "0:0: user: schema 'user', which refers to it, would break: root: nested "
		    "too deep, with the schemas it refers to (in schema 'leaf') [dependent]");
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_process("leaf", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(what_is_not_there_cannot_be_removed)
{
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", rig.report),
			 FLUME_NOT_FOUND);
}
END_TEST

START_TEST(what_others_refer_to_cannot_be_removed_and_they_are_named)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("one", "ref: leaf");
	rig_must_set("two", "{type: sequence, children: [{ref: leaf}, {ref: one}]}");
	rig_must_set("far", "ref: one");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "leaf", rig.report),
			 FLUME_IN_USE);
	ck_assert_uint_eq(flume_report_size(rig.report), 2);
	rig_found("0:0: one: schema 'one' refers to it [in-use]");
	rig_found("0:0: two: schema 'two' refers to it [in-use]");
	ck_assert_int_eq(rig_process("far", 1), 0);
	rig_must_set("two", "ref: b");
	rig_must_set("one", "ref: b");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "leaf", rig.report), 0);
}
END_TEST

START_TEST(a_schema_no_longer_referred_to_is_rebuilt_no_more)
{
	struct flume_pipeline_info info;
	rig_must_set("leaf", "ref: a");
	rig_must_set("user", "ref: leaf");
	rig_must_set("user", "ref: b");
	rig_must_set("leaf", "ref: c");
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, "u", "user", 0, &binding, NULL), 0);
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	flume_pipeline_read(pipeline, &info);
	ck_assert_uint_eq(info.generation, 2);
	flume_pipeline_unref(pipeline);
	flume_binding_unref(binding);
}
END_TEST

START_TEST(stored_schemas_are_listed_in_order)
{
	rig_must_set("z", "ref: a");
	rig_must_set("m", "ref: a");
	char **ids = flume_factory_dup_schema_ids(rig.factory);
	ck_assert_str_eq(ids[0], "m");
	ck_assert_str_eq(ids[1], "z");
	ck_assert_ptr_null(ids[2]);
	free(ids);
}
END_TEST

START_TEST(a_thousand_schemas_above_one_follow_it)
{
	char id[16];
	rig_must_set("leaf", "ref: a");
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof id, "u%d", i);
		rig_must_set(id, "ref: leaf");
	}
	rig_must_set("leaf", "ref: b");
	for (int i = 0; i < 1000; i += 111) {
		snprintf(id, sizeof id, "u%d", i);
		ck_assert_int_eq(rig_process(id, 1), 0);
		rig_left("b");
	}
}
END_TEST

Suite *suite_change(void)
{
	Suite *suite = suite_create("change");
	TCase *tc = rig_case(suite, "change");
	tcase_add_test(tc, nothing_serves_before_the_commit);
	tcase_add_test(tc, a_change_that_is_dropped_was_a_dry_run);
	tcase_add_test(tc, a_dry_run_tells_what_a_set_would_break);
	tcase_add_test(tc, the_candidate_can_be_tried_first);
	tcase_add_test(tc, a_change_holds_the_dependents_too);
	tcase_add_test(tc, a_change_commits_once);
	tcase_add_test(tc, a_change_needs_an_id_and_a_schema);
	tc = rig_case(suite, "readers");
	tcase_add_test(tc, what_was_swapped_out_stays_while_a_reader_may_have_seen_it);
	tcase_add_test(tc, what_was_removed_stays_while_a_reader_may_have_seen_it);
	tc = rig_case(suite, "store");
	tcase_add_test(tc, the_same_meaning_is_unchanged);
	tcase_add_test(tc, a_set_that_breaks_a_dependent_is_refused_and_changes_nothing);
	tcase_add_test(tc, what_is_not_there_cannot_be_removed);
	tcase_add_test(tc, what_others_refer_to_cannot_be_removed_and_they_are_named);
	tcase_add_test(tc, a_schema_no_longer_referred_to_is_rebuilt_no_more);
	tcase_add_test(tc, stored_schemas_are_listed_in_order);
	tcase_add_test(tc, a_thousand_schemas_above_one_follow_it);
	return suite;
}
