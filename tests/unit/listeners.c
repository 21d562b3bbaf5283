#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <string.h>

static void count(const struct flume_event *event, void *arg)
{
	if (event->kind == FLUME_EVENT_SCHEMA_REGISTERED)
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
	if ((event->kind != FLUME_EVENT_SCHEMA_REGISTERED &&
	     event->kind != FLUME_EVENT_SCHEMA_UPDATED) ||
	    strcmp(event->schema_id, "s") != 0)
		return;
	if (++*calls > 1)
		return;
	flume_schema *next = rig_schema("ref: b");
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "other", next, NULL), 0);
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "s", next, NULL), 0);
	flume_schema_unref(next);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, NULL, NULL), 0);
	int ticket = flume_factory_listen(rig.factory, call_back, arg);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "other", NULL), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "c", 0, NULL), 0);
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
	ck_assert_int_eq(flume_factory_bind(rig.factory, "q", "quick", 0, &binding, NULL), 0);
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

Suite *suite_listeners(void)
{
	Suite *suite = suite_create("listeners");
	TCase *tc = tcase_create("listeners");
	tcase_add_checked_fixture(tc, open_listeners, rig_close);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, all_listeners_hear_until_they_leave);
	tcase_add_test(tc, a_listener_may_call_the_factory);
	tcase_add_test(tc, unlisten_waits_for_its_own_listener_and_no_other);
	tcase_add_test(tc, a_slow_listener_stalls_no_call);
	return suite;
}
