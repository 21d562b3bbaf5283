#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <string.h>

START_TEST(every_event_has_a_name)
{
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_SCHEMA_SET), "schema.set");
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_RETRY_FAILED), "retry.failed");
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_COUNT), "unknown");
	ck_assert_str_eq(flume_event_name(-1), "unknown");
}
END_TEST

START_TEST(a_set_tells_the_schema_and_each_of_its_bindings)
{
	rig_listen();
	rig_must_set("s", "{version: '1', ref: a}");
	const struct seen *set = rig_last(FLUME_EVENT_SCHEMA_SET);
	ck_assert_str_eq(set->schema_id, "s");
	ck_assert_str_eq(set->version, "1");
	ck_assert_str_eq(set->old_version, "");
	ck_assert_uint_eq(set->generation, 1);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", NULL, NULL), 0);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", NULL, NULL), 0);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "c", "s", NULL, NULL), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_ADDED, "b"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "b"), 0);
	rig_must_set("s", "{version: '2', ref: b}");
	set = rig_last(FLUME_EVENT_SCHEMA_SET);
	ck_assert_str_eq(set->version, "2");
	ck_assert_str_eq(set->old_version, "1");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "b"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "c"), 1);
	const struct seen *swapped = rig_last(FLUME_EVENT_BINDING_SWAPPED);
	ck_assert_str_eq(swapped->name, "c");
	ck_assert_str_eq(swapped->schema_id, "s");
	ck_assert_uint_eq(swapped->generation, 2);
}
END_TEST

START_TEST(bindings_above_are_told_of_a_swap_below)
{
	rig_must_set("leaf", "{version: '1', ref: a}");
	rig_must_set("user", "{version: '9', ref: leaf}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "u", "user", NULL, NULL), 0);
	rig_listen();
	rig_must_set("leaf", "{version: '2', ref: b}");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "u"), 1);
	const struct seen *swapped = rig_last(FLUME_EVENT_BINDING_SWAPPED);
	ck_assert_str_eq(swapped->schema_id, "user");
	ck_assert_str_eq(swapped->version, "9");
	ck_assert_str_eq(swapped->old_version, "9");
	ck_assert_uint_eq(swapped->generation, 2);
}
END_TEST

START_TEST(nothing_happens_when_nothing_changed)
{
	rig_must_set("s", "ref: a");
	rig_listen();
	ck_assert_int_eq(rig_set("s", "ref: a"), FLUME_UNCHANGED);
	ck_assert_uint_eq(rig.n_seen, 0);
}
END_TEST

START_TEST(a_rejection_tells_the_first_finding)
{
	rig_listen();
	ck_assert_int_eq(rig_set("s", "{version: '3', ref: nobody}"), FLUME_REJECTED);
	const struct seen *rejected = rig_last(FLUME_EVENT_SCHEMA_REJECTED);
	ck_assert_str_eq(rejected->schema_id, "s");
	ck_assert_str_eq(rejected->version, "3");
	ck_assert_int_eq(rejected->code, FLUME_REJECTED);
	ck_assert_uint_eq(rig.n_seen, 1);
}
END_TEST

START_TEST(a_pipeline_retires_when_its_last_call_ends)
{
	struct flight flight;
	rig_must_set("s", "{version: '1', ref: gate}");
	rig_take_off(&flight, "s");
	rig_listen();
	rig_must_set("s", "{version: '2', ref: b}");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 0);
	ck_assert_int_eq(rig_land(&flight), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 1);
	const struct seen *retired = rig_last(FLUME_EVENT_PIPELINE_RETIRED);
	ck_assert_str_eq(retired->version, "1");
	ck_assert_uint_eq(retired->generation, 1);
}
END_TEST

START_TEST(a_swap_is_told_before_the_retirement)
{
	rig_must_set("s", "{version: '1', ref: a}");
	rig_listen();
	rig_must_set("s", "{version: '2', ref: b}");
	ck_assert_int_eq(rig.seen[0].kind, FLUME_EVENT_SCHEMA_SET);
	ck_assert_int_eq(rig.seen[1].kind, FLUME_EVENT_PIPELINE_RETIRED);
}
END_TEST

START_TEST(what_never_served_does_not_retire)
{
	rig_listen();
	ck_assert_int_eq(rig_run("ref: a", 1), 0);
	ck_assert_uint_eq(rig.n_seen, 0);
}
END_TEST

START_TEST(a_removal_tells_bindings_and_schema)
{
	rig_must_set("s", "{version: '1', ref: a}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", NULL, NULL), 0);
	rig_listen();
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_REMOVED, "b"), 1);
	const struct seen *removed = rig_last(FLUME_EVENT_SCHEMA_REMOVED);
	ck_assert_str_eq(removed->schema_id, "s");
	ck_assert_str_eq(removed->old_version, "1");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 1);
}
END_TEST

START_TEST(components_come_and_go_with_events)
{
	rig_listen();
	rig_add(&(struct flume_component){.name = "x", .run = rig_parts[0].run});
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_COMPONENT_ADDED, "x"), 1);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x", NULL), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_COMPONENT_REMOVED, "x"), 1);
}
END_TEST

START_TEST(a_failed_call_tells_where_and_which_generation)
{
	rig_must_set("s", "{version: '1', type: sequence, children: [{ref: fail}]}");
	rig_listen();
	ck_assert_int_eq(rig_process("s", 1), FLUME_FAILED);
	const struct seen *failed = rig_last(FLUME_EVENT_CALL_FAILED);
	ck_assert_str_eq(failed->schema_id, "s");
	ck_assert_str_eq(failed->version, "1");
	ck_assert_uint_eq(failed->generation, 1);
	ck_assert_int_eq(failed->code, FLUME_FAILED);
	ck_assert_str_eq(failed->path, "sequence > fail");
}
END_TEST

/* ---- listeners ---- */

static void count(const struct flume_event *event, void *arg)
{
	(void)event;
	++*(atomic_int *)arg;
}

START_TEST(all_listeners_hear_until_they_leave)
{
	atomic_int one = 0, two = 0;
	int first = flume_factory_listen(rig.factory, count, &one);
	int second = flume_factory_listen(rig.factory, count, &two);
	ck_assert_int_ne(first, second);
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, first), 0);
	rig_must_set("t", "ref: a");
	ck_assert_int_eq(one, 1);
	ck_assert_int_eq(two, 2);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, first), FLUME_NOT_FOUND);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, 0), FLUME_NOT_FOUND);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, second), 0);
}
END_TEST

static void call_back(const struct flume_event *event, void *arg)
{
	int *calls = arg;
	if (event->kind != FLUME_EVENT_SCHEMA_SET || strcmp(event->schema_id, "s") != 0)
		return;
	if (++*calls > 1)
		return;
	flume_schema *next = rig_schema("ref: b");
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "other", next, NULL), 0);
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "s", next, NULL), 0);
	flume_schema_unref(next);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", NULL, NULL), 0);
	int ticket = flume_factory_listen(rig.factory, call_back, arg);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "other", NULL), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "c", NULL), 0);
}

START_TEST(a_listener_may_call_the_factory)
{
	int calls = 0;
	int ticket = flume_factory_listen(rig.factory, call_back, &calls);
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(calls, 2);
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("b");
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
}
END_TEST

static atomic_bool in_listener, leave_listener, unlistened;

static void linger(const struct flume_event *event, void *arg)
{
	(void)event, (void)arg;
	in_listener = true;
	while (!leave_listener)
		sched_yield();
}

static void open_listeners(void)
{
	in_listener = leave_listener = unlistened = false;
	rig_open();
}

static void *emit(void *arg)
{
	flume_schema *schema = rig_schema("ref: a");
	flume_factory_set_schema(rig.factory, "s", schema, NULL);
	flume_schema_unref(schema);
	return arg;
}

static void *unlisten(void *arg)
{
	flume_factory_unlisten(rig.factory, *(int *)arg);
	unlistened = true;
	return NULL;
}

START_TEST(unlisten_waits_for_its_own_listener_and_no_other)
{
	pthread_t emitting, leaving;
	atomic_int heard = 0;
	int ticket = flume_factory_listen(rig.factory, linger, NULL);
	int other = flume_factory_listen(rig.factory, count, &heard);
	ck_assert_int_eq(pthread_create(&emitting, NULL, emit, NULL), 0);
	while (!in_listener)
		sched_yield();
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, other), 0);
	ck_assert_int_eq(pthread_create(&leaving, NULL, unlisten, &ticket), 0);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	ck_assert(!unlistened);
	leave_listener = true;
	pthread_join(leaving, NULL);
	pthread_join(emitting, NULL);
	ck_assert_int_eq(heard, 0);
}
END_TEST

START_TEST(a_slow_listener_stalls_no_call)
{
	pthread_t emitting;
	rig_must_set("quick", "ref: a");
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, "q", "quick", &binding, NULL), 0);
	int ticket = flume_factory_listen(rig.factory, linger, NULL);
	ck_assert_int_eq(pthread_create(&emitting, NULL, emit, NULL), 0);
	while (!in_listener)
		sched_yield();
	void *item = rig_item(1);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(flume_binding_process(binding, NULL, &item, NULL), 0);
	rig_free_item(item);
	leave_listener = true;
	pthread_join(emitting, NULL);
	flume_binding_unref(binding);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
}
END_TEST

Suite *suite_events(void)
{
	Suite *suite = suite_create("events");
	TCase *tc = rig_case(suite, "events");
	tcase_add_test(tc, every_event_has_a_name);
	tcase_add_test(tc, a_set_tells_the_schema_and_each_of_its_bindings);
	tcase_add_test(tc, bindings_above_are_told_of_a_swap_below);
	tcase_add_test(tc, nothing_happens_when_nothing_changed);
	tcase_add_test(tc, a_rejection_tells_the_first_finding);
	tcase_add_test(tc, a_pipeline_retires_when_its_last_call_ends);
	tcase_add_test(tc, a_swap_is_told_before_the_retirement);
	tcase_add_test(tc, what_never_served_does_not_retire);
	tcase_add_test(tc, a_removal_tells_bindings_and_schema);
	tcase_add_test(tc, components_come_and_go_with_events);
	tcase_add_test(tc, a_failed_call_tells_where_and_which_generation);
	tc = tcase_create("listeners");
	tcase_add_checked_fixture(tc, open_listeners, rig_close);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, all_listeners_hear_until_they_leave);
	tcase_add_test(tc, a_listener_may_call_the_factory);
	tcase_add_test(tc, unlisten_waits_for_its_own_listener_and_no_other);
	tcase_add_test(tc, a_slow_listener_stalls_no_call);
	return suite;
}
