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

/* Frees the factory while a call stands in the gate: the end must wait for it. */
static void free_in_flight(struct flight *flight)
{
	pthread_t thread;
	flume_binding *probe = NULL;
	freed = false;
	rig_must_set("probe", "ref: a");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "probe", "probe", 0, &probe, NULL), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, free_factory, NULL), 0);
	void *item = rig_item(1);
	while (flume_binding_process(probe, NULL, &item, NULL) != FLUME_NOT_FOUND)
		sched_yield();
	rig_free_item(item);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	ck_assert(!freed); /* though it has begun */
	ck_assert_int_eq(rig.done, 0);
	ck_assert_int_eq(rig_land(flight), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(rig.done, rig.added);
	flume_binding_unref(probe);
}

START_TEST(the_end_of_a_factory_waits_for_calls)
{
	struct flight flight;
	rig_must_set("s", "{type: sequence, children: [{ref: gate}, {ref: a}]}");
	rig_take_off(&flight, "s");
	free_in_flight(&flight);
	rig_left("ga");
}
END_TEST

START_TEST(it_waits_for_calls_on_what_was_swapped_out)
{
	struct flight flight;
	rig_must_set("s", "{type: sequence, children: [{ref: gate}, {ref: a}]}");
	rig_take_off(&flight, "s");
	rig_must_set("s", "ref: b");
	free_in_flight(&flight);
	rig_left("ga");
}
END_TEST

START_TEST(it_waits_for_calls_on_what_was_removed)
{
	struct flight flight;
	rig_must_set("s", "{type: sequence, children: [{ref: gate}, {ref: a}]}");
	rig_take_off(&flight, "s");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	free_in_flight(&flight);
	rig_left("ga");
}
END_TEST

struct visit { /* of a step to the house that is being emptied */
	flume_factory *factory;
	int set, removed, bound, unbound, repinned;
	bool found;
};

static int visit_factory(const struct flume_call *call, void **item, void *arg,
			 struct flume_err *err)
{
	(void)call, (void)item, (void)err;
	struct visit *visit = arg;
	flume_schema *schema = rig_schema("ref: a"), *found;
	visit->set = flume_factory_set_schema(visit->factory, "new", schema, NULL);
	visit->removed = flume_factory_remove_schema(visit->factory, "s", NULL);
	visit->bound =
		flume_factory_bind(visit->factory, "x", "s", FLUME_BIND_PINNED, NULL, NULL);
	visit->unbound = flume_factory_unbind(visit->factory, "probe");
	visit->repinned = flume_factory_repin(visit->factory, "probe");
	found = flume_factory_dup_schema(visit->factory, "s");
	visit->found = found || flume_factory_dup_binding(visit->factory, "probe");
	flume_schema_unref(found);
	flume_schema_unref(schema);
	return FLUME_OK;
}

START_TEST(a_step_that_outlasts_the_end_finds_the_house_empty)
{
	struct flight flight;
	struct visit visit = {.factory = rig.factory};
	rig_add(&(struct flume_component){
		.name = "visit", .run = visit_factory, .arg = &visit});
	rig_must_set("s", "{type: sequence, children: [{ref: gate}, {ref: visit}]}");
	rig_take_off(&flight, "s");
	free_in_flight(&flight);
	ck_assert_int_eq(visit.set, FLUME_CANCELLED);
	ck_assert_int_eq(visit.removed, FLUME_NOT_FOUND);
	ck_assert_int_eq(visit.bound, FLUME_NOT_FOUND);
	ck_assert_int_eq(visit.unbound, FLUME_NOT_FOUND);
	ck_assert_int_eq(visit.repinned, FLUME_NOT_FOUND);
	ck_assert(!visit.found);
}
END_TEST

static void set_at_the_end(const struct flume_event *event, void *arg)
{
	if (event->kind != FLUME_EVENT_PIPELINE_RETIRED)
		return;
	flume_schema *schema = rig_schema("ref: b");
	*(int *)arg = flume_factory_set_schema(rig.factory, "new", schema, NULL);
	flume_schema_unref(schema);
}

START_TEST(what_a_listener_sets_at_the_end_is_cancelled)
{
	int rc = 0;
	rig_must_set("s", "ref: a");
	ck_assert_int_gt(flume_factory_listen(rig.factory, set_at_the_end, &rc), 0);
	rig.factory = flume_factory_free(rig.factory);
	ck_assert_int_eq(rc, FLUME_CANCELLED);
}
END_TEST

START_TEST(it_does_not_wait_for_handles)
{
	flume_binding *binding = NULL;
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL), 0);
	flume_pipeline *first = flume_binding_dup_pipeline(binding);
	rig_must_set("s", "ref: b");
	flume_pipeline *second = flume_binding_dup_pipeline(binding);
	rig.factory = flume_factory_free(rig.factory);
	ck_assert_ptr_null(flume_binding_dup_pipeline(binding));
	flume_binding_unref(binding);
	flume_pipeline_unref(first);
	flume_pipeline_unref(second);
}
END_TEST

START_TEST(bindings_that_are_still_held_refuse_calls)
{
	flume_binding *binding = NULL;
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL), 0);
	rig.factory = flume_factory_free(rig.factory);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_binding_process(binding, NULL, &item, &rig.err),
			 FLUME_NOT_FOUND);
	ck_assert_str_eq(rig.err.text, "the schema 's' was removed");
	ck_assert_str_eq(((struct item *)item)->marks, "");
	rig_free_item(item);
	flume_binding_unref(binding);
}
END_TEST

START_TEST(after_the_end_no_listener_runs)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema("ref: fail");
	rig_listen();
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	flume_schema_unref(schema);
	rig.factory = flume_factory_free(rig.factory);
	size_t before = rig.n_seen;
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), FLUME_FAILED);
	rig_free_item(item);
	flume_pipeline_unref(pipeline);
	ck_assert_uint_eq(rig.n_seen, before);
}
END_TEST

START_TEST(the_end_retires_what_still_ran)
{
	rig_must_set("s", "ref: a");
	rig_must_set("t", "ref: s");
	rig_listen();
	rig.factory = flume_factory_free(rig.factory);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "t"), 1);
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
	tc = rig_case(suite, "end");
	tcase_add_test(tc, a_step_that_outlasts_the_end_finds_the_house_empty);
	tcase_add_test(tc, what_a_listener_sets_at_the_end_is_cancelled);
	tcase_add_test(tc, the_end_of_a_factory_waits_for_calls);
	tcase_add_test(tc, it_waits_for_calls_on_what_was_swapped_out);
	tcase_add_test(tc, it_waits_for_calls_on_what_was_removed);
	tcase_add_test(tc, it_does_not_wait_for_handles);
	tcase_add_test(tc, bindings_that_are_still_held_refuse_calls);
	tcase_add_test(tc, after_the_end_no_listener_runs);
	tcase_add_test(tc, the_end_retires_what_still_ran);
	return suite;
}
