/* What a step remembers is kept when its schema is set again, and shared by all who refer to it. */
#include "tests/unit/state_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>

/* ---- what keeps its place ---- */

START_TEST(an_open_breaker_stays_open_when_its_schema_is_set_again)
{
	rig_listen();
	state_open_with("{version: '1', type: sequence, children: [" BREAKER("") "]}");
	state_set("{version: '2', type: sequence, children: [" BREAKER("") "]}");
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
	rig.now_ns += 60 * SECOND;
	ck_assert_int_eq(state_call("s"), 0);
	ck_assert_uint_eq(state_lost_in_all(), 0);
}
END_TEST

START_TEST(failures_are_counted_on)
{
	state_set("{version: '1', type: circuit-breaker, failure_threshold: 2, child: {ref: "
		  "flaky}}");
	state_fails("s");
	state_set("{version: '2', type: circuit-breaker, failure_threshold: 2, child: {ref: "
		  "flaky}}");
	state_fails("s");
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_breaker_goes_by_its_new_parameters_at_once)
{
	state_open_with(BREAKER("recovery_timeout: 1h, "));
	rig.now_ns += 10 * SECOND;
	state_set(BREAKER("recovery_timeout: 10s, "));
	ck_assert_int_eq(state_call("s"), 0);
	state_set("{type: circuit-breaker, failure_threshold: 3, child: {ref: flaky}}");
	state_fails("s");
	state_fails("s");
	state_set("{type: circuit-breaker, failure_threshold: 2, child: {ref: flaky}}");
	state_fails("s");
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_name_keeps_its_state_wherever_it_goes)
{
	rig_listen();
	state_open_with(BREAKER("name: pay, "));
	state_set("{type: sequence, children: [{ref: a}, {type: fallback, children: "
		  "[{ref: fail}, " BREAKER("name: pay, ") "]}]}");
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
	ck_assert_uint_eq(state_lost_in_all(), 0);
}
END_TEST

START_TEST(a_path_keeps_its_state_whatever_changes_around_it)
{
	state_open_with("{type: sequence, children: [{ref: a}, " BREAKER("") "]}");
	state_set("{type: scaffold, name: x, children: [{ref: b}, " BREAKER("") ", {ref: c}]}");
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(an_empty_bucket_stays_empty)
{
	state_set(LIMIT("requests_per_second: 1, burst_size: 2"));
	ck_assert_int_eq(state_call("s"), 0);
	ck_assert_int_eq(state_call("s"), 0);
	state_set("{version: '2', type: rate-limit, requests_per_second: 1, burst_size: 2, "
		  "child: {ref: b}}");
	ck_assert_int_eq(state_call("s"), 0);
	ck_assert_int_eq(rig.slept[0], SECOND);
}
END_TEST

/* ---- generations ---- */

START_TEST(a_rollback_finds_what_the_generation_before_left)
{
	state_open_with(BREAKER("name: x, recovery_timeout: 1h, "));
	state_set(BREAKER("name: x, recovery_timeout: 2h, "));
	state_set(BREAKER("name: x, recovery_timeout: 1h, "));
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_rollback_of_a_new_name_finds_what_calls_still_use)
{
	struct flight flight;
	static const char one[] = TWO("1", "{ref: gate}", BREAKER("name: x, "));
	state_set(one);
	rig_take_off(&flight, "s");
	rig.fails_left = 1;
	ck_assert_int_eq(rig_process("s", 2), FLUME_FAILED);
	state_set(TWO("2", "{ref: gate}", BREAKER("name: y, ")));
	ck_assert_int_eq(rig_process("s", 2), 0);
	state_set(one);
	ck_assert_int_eq(rig_process("s", 2), FLUME_REFUSED);
	ck_assert_int_eq(rig_land(&flight), 0);
	ck_assert_int_eq(rig_process("s", 2), FLUME_REFUSED);
}
END_TEST

START_TEST(a_call_on_the_old_generation_counts_in_the_new_one)
{
	struct flight flight;
	static const char gated[] =
		"{version: '%d', type: circuit-breaker, failure_threshold: 1, child: "
		"{type: filter, predicate: even, then: {ref: a}, else: {type: sequence, "
		"children: [{ref: gate}, {ref: fail}]}}}";
	char yaml[512];
	snprintf(yaml, sizeof yaml, gated, 1);
	state_set(yaml);
	rig_take_off(&flight, "s");
	snprintf(yaml, sizeof yaml, gated, 2);
	state_set(yaml);
	ck_assert_int_eq(rig_process("s", 2), 0);
	ck_assert_int_eq(rig_land(&flight), FLUME_FAILED);
	ck_assert_int_eq(rig_process("s", 2), FLUME_REFUSED);
}
END_TEST

START_TEST(a_candidate_shares_it_with_what_serves)
{
	flume_change *change = NULL;
	flume_schema *schema = rig_schema("{version: '2', type: circuit-breaker, "
					  "failure_threshold: 1, child: {ref: flaky}}");
	state_open_with("{version: '1', type: circuit-breaker, failure_threshold: 1, child: "
			"{ref: flaky}}");
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "s", schema, &change, NULL), 0);
	void *item = rig_item(1);
	ck_assert_int_eq(
		flume_pipeline_process(flume_change_get_pipeline(change, 0), NULL, &item, NULL),
		FLUME_REFUSED);
	rig_free_item(item);
	flume_change_free(change);
	flume_schema_unref(schema);
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(it_dies_with_the_last_pipeline_that_uses_it)
{
	flume_binding *binding = NULL;
	state_open_with(BREAKER(""));
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	flume_binding_unref(binding);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	state_set(BREAKER(""));
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
	flume_pipeline_unref(pipeline);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	state_set(BREAKER(""));
	ck_assert_int_eq(state_call("s"), 0);
}
END_TEST

START_TEST(it_may_outlive_its_factory)
{
	flume_binding *binding = NULL;
	state_open_with(BREAKER(""));
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	flume_binding_unref(binding);
	rig.factory = flume_factory_free(rig.factory);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), FLUME_REFUSED);
	rig_free_item(item);
	flume_pipeline_unref(pipeline);
}
END_TEST

/* ---- schemas that refer to others ---- */

START_TEST(all_who_refer_to_a_schema_share_its_breaker)
{
	rig_must_set("pay", BREAKER(""));
	rig_must_set("one", "{version: '1', ref: pay}");
	rig_must_set("two", "{type: sequence, children: [{ref: a}, {ref: pay}]}");
	state_fails("one");
	ck_assert_int_eq(state_call("two"), FLUME_REFUSED);
	ck_assert_int_eq(state_call("pay"), FLUME_REFUSED);
	rig_must_set("one", "{version: '2', ref: pay}");
	ck_assert_int_eq(state_call("one"), FLUME_REFUSED);
	rig_must_set("pay", BREAKER("recovery_timeout: 1s, "));
	ck_assert_int_eq(state_call("one"), FLUME_REFUSED);
	ck_assert_int_eq(state_call("two"), FLUME_REFUSED);
	rig.now_ns += SECOND;
	ck_assert_int_eq(state_call("two"), 0);
	ck_assert_int_eq(state_call("one"), 0);
}
END_TEST

START_TEST(the_same_name_in_another_schema_is_another_place)
{
	rig_must_set("pay", BREAKER("name: x, "));
	rig_must_set("s", "{type: fallback, children: [{ref: pay}, " BREAKER("name: x, ") "]}");
	rig.fails_left = 1;
	ck_assert_int_eq(state_call("pay"), FLUME_FAILED);
	ck_assert_int_eq(state_call("s"), 0);
}
END_TEST

START_TEST(what_a_shared_schema_loses_is_told_once)
{
	rig_must_set("pay", BREAKER("name: x, "));
	rig_must_set("one", "ref: pay");
	rig_must_set("two", "ref: pay");
	state_fails("one");
	rig_listen();
	rig_must_set("pay", BREAKER("name: y, "));
	ck_assert_uint_eq(state_lost("x"), 1);
	ck_assert_str_eq(rig_last(FLUME_EVENT_STATE_LOST)->schema_id, "pay");
	ck_assert_uint_eq(state_lost_in_all(), 1);
}
END_TEST

START_TEST(who_no_longer_refers_to_a_schema_loses_nothing)
{
	rig_must_set("pay", BREAKER("name: x, "));
	rig_must_set("one", "ref: pay");
	state_fails("one");
	rig_listen();
	rig_must_set("one", "ref: a");
	ck_assert_uint_eq(state_lost_in_all(), 0);
	rig_must_set("one", "ref: pay");
	ck_assert_int_eq(state_call("one"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_pipeline_outside_the_store_shares_nothing)
{
	rig_must_set("pay", BREAKER(""));
	state_fails("pay");
	ck_assert_int_eq(rig_run("ref: pay", 1), 0);
	rig.fails_left = 1;
	ck_assert_int_eq(rig_run(BREAKER(""), 1), FLUME_FAILED);
	ck_assert_int_eq(rig_run(BREAKER(""), 1), 0);
}
END_TEST

Suite *suite_state(void)
{
	Suite *suite = suite_create("state");
	TCase *tc = rig_case(suite, "kept");
	tcase_add_test(tc, an_open_breaker_stays_open_when_its_schema_is_set_again);
	tcase_add_test(tc, failures_are_counted_on);
	tcase_add_test(tc, a_breaker_goes_by_its_new_parameters_at_once);
	tcase_add_test(tc, a_name_keeps_its_state_wherever_it_goes);
	tcase_add_test(tc, a_path_keeps_its_state_whatever_changes_around_it);
	tcase_add_test(tc, an_empty_bucket_stays_empty);
	tcase_add_test(tc, a_rollback_finds_what_the_generation_before_left);
	tcase_add_test(tc, a_rollback_of_a_new_name_finds_what_calls_still_use);
	tcase_add_test(tc, a_call_on_the_old_generation_counts_in_the_new_one);
	tcase_add_test(tc, a_candidate_shares_it_with_what_serves);
	tcase_add_test(tc, it_dies_with_the_last_pipeline_that_uses_it);
	tcase_add_test(tc, it_may_outlive_its_factory);
	tcase_add_test(tc, all_who_refer_to_a_schema_share_its_breaker);
	tcase_add_test(tc, the_same_name_in_another_schema_is_another_place);
	tcase_add_test(tc, what_a_shared_schema_loses_is_told_once);
	tcase_add_test(tc, who_no_longer_refers_to_a_schema_loses_nothing);
	tcase_add_test(tc, a_pipeline_outside_the_store_shares_nothing);
	return suite;
}
