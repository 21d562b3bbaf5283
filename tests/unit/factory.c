#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdlib.h>

START_TEST(a_factory_needs_to_know_how_to_clone_and_free)
{
	static const struct flume_item_type half = {.name = "half", .free = rig_free_item};
	flume_factory *factory = NULL;
	struct flume_options options = {0};
	ck_assert_int_eq(flume_factory_new(&factory, NULL, &rig.err), FLUME_INVALID);
	ck_assert_int_eq(flume_factory_new(&factory, &options, &rig.err), FLUME_INVALID);
	options.type = &half;
	ck_assert_int_eq(flume_factory_new(&factory, &options, &rig.err), FLUME_INVALID);
	ck_assert_ptr_null(factory);
	ck_assert_str_eq(rig.err.text, "an item type with clone and free is needed");
}
END_TEST

START_TEST(free_accepts_nothing_and_gives_nothing)
{
	ck_assert_ptr_null(flume_factory_free(NULL));
}
END_TEST

START_TEST(two_factories_do_not_know_each_other)
{
	flume_factory *other = NULL;
	const struct flume_options options = {.type = &rig_items};
	ck_assert_int_eq(flume_factory_new(&other, &options, NULL), 0);
	ck_assert(flume_factory_has(rig.factory, FLUME_PROCESSOR, "a"));
	ck_assert(!flume_factory_has(other, FLUME_PROCESSOR, "a"));
	char **names = flume_factory_dup_names(other, FLUME_PROCESSOR);
	ck_assert_ptr_null(names[0]);
	free(names);
	flume_factory_free(other);
}
END_TEST

START_TEST(the_real_clock_is_there_when_none_is_given)
{
	flume_factory *other = NULL;
	flume_pipeline *pipeline = NULL;
	const struct flume_options options = {.type = &rig_items};
	const struct flume_component row = rig_parts[0];
	ck_assert_int_eq(flume_factory_new(&other, &options, NULL), 0);
	ck_assert_int_eq(flume_factory_add(other, &row, NULL), 0);
	flume_schema *schema = rig_schema("ref: a");
	ck_assert_int_eq(flume_schema_build(schema, other, &pipeline, NULL), 0);
	struct flume_call late = {.deadline_ns = 1}, early = {.deadline_ns = INT64_MAX};
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, &late, &item, NULL), FLUME_TIMED_OUT);
	ck_assert_int_eq(flume_pipeline_process(pipeline, &early, &item, NULL), 0);
	rig_free_item(item);
	flume_pipeline_unref(pipeline);
	flume_schema_unref(schema);
	flume_factory_free(other);
}
END_TEST

/* ---- the end ---- */

static atomic_bool freed;

static void *free_factory(void *arg)
{
	rig.factory = flume_factory_free(rig.factory);
	freed = true;
	return arg;
}

/* Frees the factory while a call stands in the gate; it must not end before that. */
static void free_in_flight(struct flight *flight)
{
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, free_factory, NULL), 0);
	struct item *item = rig_item(1);
	void *raw = item;
	/* Wait until the factory's end has begun: the binding refuses. */
	while (flume_binding_process(flight->binding, NULL, &raw, NULL) != FLUME_NOT_FOUND)
		sched_yield();
	rig_free_item(raw);
	for (int i = 0; i < 50; i++)
		sched_yield();
	ck_assert(!freed);
	ck_assert_int_lt(rig.done, rig.added);
	ck_assert_int_eq(rig_land(flight), 0);
	pthread_join(thread, NULL);
	ck_assert(freed);
	ck_assert_int_eq(rig.done, rig.added);
}

START_TEST(the_end_of_a_factory_waits_for_calls)
{
	struct flight flight;
	rig_must_set("s", "{type: filter, predicate: yes, then: {ref: gate}}");
	rig_take_off(&flight, "s");
	rig_must_set("s", "ref: b"); /* so that a call to find out ends */
	rig_take_off(&(struct flight){0}, "s");
	(void)flight;
}
END_TEST

START_TEST(the_end_of_a_factory_waits_for_calls_on_what_was_swapped_out)
{
	struct flight flight;
	rig_must_set("s", "{version: '1', type: sequence, children: [{ref: gate}, {ref: a}]}");
	rig_take_off(&flight, "s");
	rig_must_set("s", "{version: '2', ref: b}");
	free_in_flight(&flight);
	rig_left("ga");
}
END_TEST

Suite *suite_factory(void)
{
	Suite *suite = suite_create("factory");
	TCase *tc = rig_case(suite, "factory");
	tcase_add_test(tc, a_factory_needs_to_know_how_to_clone_and_free);
	tcase_add_test(tc, free_accepts_nothing_and_gives_nothing);
	tcase_add_test(tc, two_factories_do_not_know_each_other);
	tcase_add_test(tc, the_real_clock_is_there_when_none_is_given);
	tcase_add_test(tc, the_end_of_a_factory_waits_for_calls);
	tcase_add_test(tc, the_end_of_a_factory_waits_for_calls_on_what_was_swapped_out);
	return suite;
}
