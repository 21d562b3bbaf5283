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

START_TEST(a_listener_is_a_function)
{
	const enum flume_event_kind kind = FLUME_EVENT_SCHEMA_REGISTERED;
	ck_assert_int_eq(flume_factory_listen(rig.factory, NULL, NULL), FLUME_INVALID);
	ck_assert_int_eq(flume_factory_listen_to(rig.factory, &kind, 1, NULL, NULL),
			 FLUME_INVALID);
	rig_must_set("s", "ref: a");
}
END_TEST

static void only(const struct flume_event *event, void *arg)
{
	ck_assert(event->kind == FLUME_EVENT_SCHEMA_REGISTERED ||
		  event->kind == FLUME_EVENT_BINDING_ADDED);
	++*(int *)arg;
}

START_TEST(who_listens_to_some_kinds_hears_no_other)
{
	static const enum flume_event_kind kinds[] = {FLUME_EVENT_SCHEMA_REGISTERED,
						      FLUME_EVENT_BINDING_ADDED};
	const enum flume_event_kind none = FLUME_EVENT_COUNT;
	atomic_int all = 0;
	int some = 0;
	int ticket = flume_factory_listen_to(rig.factory, kinds, 2, only, &some);
	rig_must_set("s", "ref: a"); /* checked, built, registered */
	ck_assert_int_eq(some, 1);
	int other = flume_factory_listen(rig.factory, count, &all);
	rig_must_set("t", "ref: a");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "u", "t", 0, NULL, NULL), 0);
	ck_assert_int_eq(some, 3);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
	rig_must_set("v", "ref: a");
	ck_assert_int_eq(some, 3);
	ck_assert_int_eq(all, 2);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, other), 0);
	ck_assert_int_eq(flume_factory_listen_to(rig.factory, &none, 1, only, NULL),
			 FLUME_INVALID);
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

/* ---- what a listener may do ---- */

/* Everything that changes a factory, from within an event; those it makes are heard too. */
static void change_all(const struct flume_event *event, void *arg)
{
	int *depth = arg;
	if (event->kind != FLUME_EVENT_BINDING_SWAPPED || ++*depth > 1)
		return;
	flume_schema *next = rig_schema("{version: '3', ref: c}");
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "s", next, NULL), 0);
	ck_assert_int_eq(*depth, 2);
	flume_schema_unref(next);
	ck_assert_int_eq(
		flume_factory_bind(rig.factory, "more", "s", FLUME_BIND_PINNED, NULL, NULL), 0);
	ck_assert_int_eq(flume_factory_repin(rig.factory, "pinned"), 0);
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "pinned"), 0);
	ck_assert_int_eq(flume_factory_unbind(rig.factory, event->name), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "c",
					      FLUME_REMOVE_FORCED, NULL),
			 0);
	ck_assert_int_eq(flume_factory_add(rig.factory,
					   &(struct flume_component){.name = "new",
								     .run = rig_parts[0].run},
					   NULL),
			 0);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
}

START_TEST(a_listener_may_change_what_it_was_told_of)
{
	int depth = 0;
	rig_must_set("s", "{version: '1', ref: a}");
	ck_assert_int_eq(
		flume_factory_bind(rig.factory, "pinned", "s", FLUME_BIND_PINNED, NULL, NULL),
		0);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
	int ticket = flume_factory_listen(rig.factory, change_all, &depth);
	rig_must_set("s", "{version: '2', ref: b}");
	ck_assert_int_eq(depth, 3); /* two sets, and the move of the pinned one */
	ck_assert_ptr_null(flume_factory_dup_schema(rig.factory, "s"));
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, "more"));
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
}
END_TEST

static int run_no(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg;
	return flume_fail(err, FLUME_FAILED, "no");
}

static void set_on_failure(const struct flume_event *event, void *arg)
{
	if (event->kind == *(const enum flume_event_kind *)arg)
		rig_must_set("s", "ref: a");
}

/* The call that failed is still running here. */
START_TEST(a_listener_may_set_the_schema_whose_call_failed)
{
	enum flume_event_kind kinds[] = {FLUME_EVENT_CALL_FAILED, FLUME_EVENT_RETRY_FAILED};
	rig_add(&(struct flume_component){.name = "no", .run = run_no, .prompt = _i / 2});
	rig_must_set("s", "{type: retry, attempts: 1, child: {ref: no}}");
	int ticket = flume_factory_listen(rig.factory, set_on_failure, &kinds[_i % 2]);
	ck_assert_int_eq(rig_process("s", 1), FLUME_FAILED);
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
}
END_TEST

/* ---- the first one ---- */

START_TEST(the_first_listener_hears_all_from_the_beginning)
{
	flume_factory *factory = NULL;
	const struct flume_options options = {
		.type = &rig_items, .clock = &rig_clock, .listen = rig_write_down};
	ck_assert_int_eq(flume_factory_new(&factory, &options, NULL), 0);
	ck_assert_int_eq(flume_factory_add(factory, &rig_parts[0], NULL), 0);
	flume_schema *schema = rig_schema("{version: '1', ref: a}");
	ck_assert_int_eq(flume_factory_set_schema(factory, "s", schema, NULL), 0);
	flume_schema_unref(schema);
	flume_factory_free(factory);
	rig_told("factory.created processor.registered schema.validation.started "
		 "schema.validation.completed schema.build.started schema.build.completed "
		 "schema.registered pipeline.retired");
}
END_TEST

static int64_t count_looks(void *arg)
{
	return ++*(int *)arg;
}

START_TEST(with_nobody_listening_nothing_is_timed)
{
	flume_factory *factory = NULL;
	flume_schema *schema = rig_schema("ref: a"), *wrong = rig_schema("ref: nobody");
	int looks = 0;
	const struct flume_clock clock = {count_looks, NULL, &looks};
	const struct flume_options options = {.type = &rig_items, .clock = &clock};
	ck_assert_int_eq(flume_factory_new(&factory, &options, NULL), 0);
	ck_assert_int_eq(flume_factory_add(factory, &rig_parts[0], NULL), 0);
	ck_assert_int_eq(flume_schema_check(schema, factory, NULL), 0);
	ck_assert_int_eq(flume_factory_set_schema(factory, "s", wrong, NULL), FLUME_REJECTED);
	ck_assert_int_eq(looks, 0);
	ck_assert_int_eq(flume_factory_set_schema(factory, "s", schema, NULL), 0);
	ck_assert_int_eq(looks, 1); /* when it was swapped in */
	flume_schema_unref(schema);
	flume_schema_unref(wrong);
	flume_factory_free(factory);
	ck_assert_int_eq(looks, 1);
}
END_TEST

/* ---- slow ones ---- */

static atomic_bool in_listener, leave_listener, unlistened;

static void linger(const struct flume_event *event, void *arg)
{
	(void)arg;
	if (event->kind != FLUME_EVENT_SCHEMA_REGISTERED || strcmp(event->schema_id, "s") != 0)
		return;
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

START_TEST(a_slow_listener_stalls_no_change)
{
	pthread_t emitting;
	int ticket = flume_factory_listen(rig.factory, linger, NULL);
	ck_assert_int_eq(pthread_create(&emitting, NULL, emit, NULL), 0);
	while (!in_listener)
		sched_yield();
	rig_must_set("s", "ref: b");
	rig_must_set("t", "ref: s");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "t", "t", 0, NULL, NULL), 0);
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "t"), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "c", 0, NULL), 0);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "t", NULL), 0);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	leave_listener = true;
	pthread_join(emitting, NULL);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
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
	tcase_add_test(tc, a_listener_is_a_function);
	tcase_add_test(tc, who_listens_to_some_kinds_hears_no_other);
	tcase_add_test(tc, a_listener_may_call_the_factory);
	tcase_add_test(tc, a_listener_may_change_what_it_was_told_of);
	tcase_add_loop_test(tc, a_listener_may_set_the_schema_whose_call_failed, 0, 4);
	tcase_add_test(tc, the_first_listener_hears_all_from_the_beginning);
	tcase_add_test(tc, with_nobody_listening_nothing_is_timed);
	tcase_add_test(tc, unlisten_waits_for_its_own_listener_and_no_other);
	tcase_add_test(tc, a_slow_listener_stalls_no_change);
	tcase_add_test(tc, a_slow_listener_stalls_no_call);
	return suite;
}
