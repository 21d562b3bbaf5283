/* Each allocation of a build with states fails in turn: what runs keeps what it remembers. */
#include "tests/unit/fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#define INNER                                                                         \
	"{type: circuit-breaker, failure_threshold: 1, recovery_timeout: 1h, child: " \
	"{ref: flaky}}"
#define STATEFUL(version, rate)                                                               \
	"version: '" version "'\n"                                                            \
	"type: sequence\n"                                                                    \
	"children:\n"                                                                         \
	"  - {type: rate-limit, requests_per_second: " rate ", child: {ref: a}}\n"            \
	"  - {type: scaffold, children: [{type: circuit-breaker, name: x, child: {ref: b}}, " \
	"{type: circuit-breaker, name: x, child: {ref: c}}]}\n"                               \
	"  - {ref: inner}\n"

static flume_schema *schema;

static void open_inner(void)
{
	rig_open();
	rig_must_set("inner", INNER);
}

START_TEST(building_outside_the_store)
{
	bool failed = true;
	schema = rig_schema(STATEFUL("1", "1"));
	for (long nth = 1; failed; nth++) {
		flume_pipeline *pipeline = NULL;
		memory_fails_at(nth);
		int rc = flume_schema_build(schema, rig.factory, &pipeline, NULL);
		failed = memory_is_back();
		ck_assert(rc == 0 || (failed && rc == FLUME_NOMEM));
		flume_pipeline_unref(pipeline);
	}
	flume_schema_unref(schema);
}
END_TEST

START_TEST(setting_for_the_first_time_leaves_nothing_behind)
{
	int rc = FLUME_NOMEM;
	schema = rig_schema(STATEFUL("1", "1"));
	for (long nth = 1; rc; nth++) {
		memory_fails_at(nth);
		rc = flume_factory_set_schema(rig.factory, "s", schema, NULL);
		memory_is_back();
		ck_assert(rc == 0 || rc == FLUME_NOMEM);
	}
	flume_schema_unref(schema);
	ck_assert_int_eq(rig_process("s", 1), 0);
	ck_assert_uint_eq(rig.n_slept, 0);
}
END_TEST

START_TEST(setting_again_leaves_what_is_remembered)
{
	int rc = FLUME_NOMEM;
	rig_must_set("s", STATEFUL("1", "1"));
	rig.fails_left = 1;
	ck_assert_int_eq(rig_process("s", 1), FLUME_FAILED);
	schema = rig_schema(STATEFUL("2", "1000"));
	for (long nth = 1; rc; nth++) {
		memory_fails_at(nth);
		rc = flume_factory_set_schema(rig.factory, "s", schema, NULL);
		memory_is_back();
		ck_assert(rc == 0 || rc == FLUME_NOMEM);
		rig.n_slept = 0;
		ck_assert_int_eq(rig_process("s", 1), FLUME_REFUSED);
		ck_assert_int_eq(rig.slept[0], rc ? 1000000000 : 1000000);
		ck_assert_int_eq(rig_process("inner", 1), FLUME_REFUSED);
	}
	flume_schema_unref(schema);
}
END_TEST

START_TEST(calls_need_no_memory)
{
	flume_binding *binding = NULL;
	rig_must_set("s", STATEFUL("1", "1"));
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	void *item = rig_item(1);
	rig.fails_left = 1;
	memory_fails_at(1);
	int failed = flume_binding_process(binding, NULL, &item, &rig.err);
	int refused = flume_binding_process(binding, NULL, &item, &rig.err);
	struct flume_call call = {.deadline_ns = rig.now_ns + 1};
	int limited = flume_binding_process(binding, &call, &item, &rig.err);
	ck_assert(!memory_is_back());
	ck_assert_int_eq(failed, FLUME_FAILED);
	ck_assert_int_eq(refused, FLUME_REFUSED);
	ck_assert_int_eq(limited, FLUME_LIMITED);
	rig_free_item(item);
	flume_binding_unref(binding);
}
END_TEST

Suite *suite_state_alloc(void)
{
	Suite *suite = suite_create("state_alloc");
	TCase *tc = tcase_create("state_alloc");
	tcase_add_checked_fixture(tc, open_inner, rig_close);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, building_outside_the_store);
	tcase_add_test(tc, setting_for_the_first_time_leaves_nothing_behind);
	tcase_add_test(tc, setting_again_leaves_what_is_remembered);
	tcase_add_test(tc, calls_need_no_memory);
	return suite;
}
