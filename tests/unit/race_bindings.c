/* Bindings that come, go, move and are read, and components taken by force, from many threads. */
#include "tests/unit/stamps.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

static void one_call(flume_binding *binding)
{
	void *item = rig_item(1);
	int rc = flume_binding_process(binding, NULL, &item, NULL);
	bad += rc != 0 && rc != FLUME_NOT_FOUND;
	bad += rc == 0 && !is_whole(((struct item *)item)->marks);
	good += rc == 0;
	rig_free_item(item);
}

/* Binds `name` as it comes, calls, and lets the handle go. */
static void *call_as(void *arg)
{
	const char *name = arg;
	while (!over) {
		flume_binding *binding = NULL;
		unsigned flags = *name == 'p' ? FLUME_BIND_PINNED : 0;
		if (flume_factory_bind(rig.factory, name, "s", flags, &binding, NULL))
			continue;
		for (int i = 0; i < 3; i++)
			one_call(binding);
		flume_binding_unref(binding);
	}
	return NULL;
}

static void *unbind_on(void *arg)
{
	static const char *const names[] = {"p", "f"};
	for (int i = 0; !over; i++) {
		int rc = flume_factory_unbind(rig.factory, names[i % 2]);
		bad += rc != 0 && rc != FLUME_NOT_FOUND;
		sched_yield();
	}
	return arg;
}

static void *repin_on(void *arg)
{
	while (!over) {
		int rc = flume_factory_repin(rig.factory, "p");
		bad += rc != 0 && rc != FLUME_UNCHANGED && rc != FLUME_NOT_FOUND;
		sched_yield();
	}
	return arg;
}

/* What is told belongs together, and a handle never goes back. */
static void *read_on(void *arg)
{
	while (!over) {
		flume_binding *binding = NULL;
		struct flume_binding_info info;
		uint64_t generation = 0;
		if (flume_factory_bind(rig.factory, "f", "s", 0, &binding, NULL))
			continue;
		for (int i = 0; i < 20; i++) {
			flume_binding_read(binding, &info);
			bad += strcmp(info.schema_id, "s") != 0 || strlen(info.version) != 1;
			bad += strlen(info.digest) != 71 || info.pinned;
			bad += info.generation < generation || info.failures > info.calls;
			generation = info.generation;
		}
		flume_binding_unref(binding);
	}
	return arg;
}

static void *set_and_remove(void *arg)
{
	for (int i = 0; i < 100; i++) {
		bad += stamps_set("s", stamped(i % VERSIONS)) < 0;
		if (i % 10 == 9)
			flume_factory_remove_schema(rig.factory, "s", NULL);
	}
	return arg;
}

START_TEST(bindings_come_and_go_while_schemas_do)
{
	static char pin[] = "p", follow[] = "f";
	static const struct {
		void *(*run)(void *);
		void *arg;
	} work[] = {{call_as, pin},    {call_as, pin},   {call_as, follow}, {call_as, follow},
		    {unbind_on, NULL}, {repin_on, NULL}, {read_on, NULL},   {read_on, NULL}};
	enum { WORKERS = sizeof work / sizeof *work };
	pthread_t workers[WORKERS], setters[2];
	stamps_set("s", stamped(0));
	for (int i = 0; i < WORKERS; i++)
		begin_thread(&workers[i], work[i].run, work[i].arg);
	while (good < 10)
		sched_yield();
	for (int i = 0; i < 2; i++)
		begin_thread(&setters[i], set_and_remove, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(setters[i], NULL);
	over = true;
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	ck_assert_int_eq(bad, 0);
}
END_TEST

/* ---- nobody is left behind ---- */

static void *set_few(void *arg)
{
	for (int i = 0; i < 4; i++)
		bad += stamps_set("s", stamped(*(int *)arg + i)) < 0;
	return NULL;
}

static void *bind_few(void *arg)
{
	for (int i = 0; i < 4; i++) {
		flume_factory_bind(rig.factory, "f", "s", 0, NULL, NULL);
		flume_factory_unbind(rig.factory, "f");
		flume_factory_bind(rig.factory, "p", "s", FLUME_BIND_PINNED, NULL, NULL);
		flume_factory_repin(rig.factory, "p");
	}
	flume_factory_bind(rig.factory, "f", "s", 0, NULL, NULL);
	return arg;
}

static void expect_stored(const char *name)
{
	struct flume_binding_info info;
	flume_schema *stored = flume_factory_dup_schema(rig.factory, "s");
	flume_binding *binding = flume_factory_dup_binding(rig.factory, name);
	flume_binding_read(binding, &info);
	ck_assert_str_eq(info.version, flume_schema_get_version(stored));
	ck_assert_str_eq(info.digest, flume_schema_get_digest(stored));
	flume_binding_unref(binding);
	flume_schema_unref(stored);
}

START_TEST(no_setter_leaves_a_binding_behind_that_comes_or_moves)
{
	int low = 0, high = 4;
	stamps_set("s", stamped(0));
	for (int round = 0; round < 100; round++) {
		pthread_t one, two, three;
		begin_thread(&one, set_few, &low);
		begin_thread(&two, set_few, &high);
		begin_thread(&three, bind_few, NULL);
		pthread_join(one, NULL);
		pthread_join(two, NULL);
		pthread_join(three, NULL);
		expect_stored("f");
		ck_assert_int_ge(flume_factory_repin(rig.factory, "p"), 0);
		expect_stored("p");
		ck_assert_int_eq(flume_factory_unbind(rig.factory, "p"), 0);
	}
	ck_assert_int_eq(bad, 0);
}
END_TEST

/* ---- by force ---- */

static atomic_long alive;

static void end_loan(void *arg)
{
	alive--;
	free(arg);
}

static int run_loan(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)err;
	struct item *it = *item;
	memset(it->marks, *(char *)arg, 2); /* gone, when `done` came too early */
	return FLUME_OK;
}

static void *lend_and_take(void *arg)
{
	while (!over) {
		char *loan = malloc(1);
		*loan = 'X';
		const struct flume_component x = {
			.name = "x", .run = run_loan, .arg = loan, .done = end_loan};
		alive++;
		bad += flume_factory_add(rig.factory, &x, NULL) != 0;
		sched_yield();
		bad += flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x",
					    FLUME_REMOVE_FORCED, NULL) != 0;
	}
	return arg;
}

static void *set_loans(void *arg)
{
	const char *id = arg;
	for (int i = 0; i < 300; i++) {
		int rc = stamps_set(id, i % 2 ? rig_schema("ref: x") : stamped(i % VERSIONS));
		bad += rc < 0 && rc != FLUME_REJECTED;
	}
	return NULL;
}

static void *call_following(void *arg)
{
	flume_binding *binding = NULL;
	flume_factory_bind(rig.factory, "f", "s", 0, &binding, NULL);
	while (!over)
		one_call(binding);
	flume_binding_unref(binding);
	return arg;
}

START_TEST(what_is_taken_by_force_is_not_let_go_under_a_call)
{
	static char s[] = "s", t[] = "t";
	pthread_t callers[4], lender, one, two;
	alive = 0;
	stamps_set("s", stamped(0));
	for (int i = 0; i < 4; i++)
		begin_thread(&callers[i], call_following, NULL);
	begin_thread(&lender, lend_and_take, NULL);
	begin_thread(&one, set_loans, s);
	begin_thread(&two, set_loans, t);
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	over = true;
	pthread_join(lender, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(callers[i], NULL);
	ck_assert_int_eq(bad, 0);
	stamps_set("s", stamped(1));
	stamps_set("t", stamped(1));
	flume_factory_settle(rig.factory);
	ck_assert_int_eq(alive, 0);
}
END_TEST

Suite *suite_race_bindings(void)
{
	Suite *suite = suite_create("race_bindings");
	TCase *tc = tcase_create("race_bindings");
	tcase_add_checked_fixture(tc, stamps_open, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, bindings_come_and_go_while_schemas_do);
	tcase_add_test(tc, no_setter_leaves_a_binding_behind_that_comes_or_moves);
	tcase_add_test(tc, what_is_taken_by_force_is_not_let_go_under_a_call);
	return suite;
}
