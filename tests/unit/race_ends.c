/* Things that go away while many threads use them: components, listeners, the factory. */
#include "tests/unit/stamps.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdlib.h>

/* ---- components ---- */

static void *add_and_remove(void *arg)
{
	const struct flume_component x = {.name = "x", .run = run_stamp, .arg = &stamps[0]};
	while (!over) {
		flume_factory_add(rig.factory, &x, NULL);
		flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x", 0, NULL);
	}
	return arg;
}

START_TEST(what_a_stored_schema_names_is_never_removed_under_it)
{
	pthread_t churn;
	begin_thread(&churn, add_and_remove, NULL);
	for (int i = 0; i < 2000; i++) {
		int rc = stamps_set("s", rig_schema(i % 2 ? "ref: a" : "ref: x"));
		flume_schema *stored = flume_factory_dup_schema(rig.factory, "s");
		if (stored && i % 2 == 0 && rc >= 0) {
			ck_assert(flume_factory_has(rig.factory, FLUME_PROCESSOR, "x"));
			good++;
		}
		flume_schema_unref(stored);
	}
	over = true;
	pthread_join(churn, NULL);
}
END_TEST

/* ---- listeners ---- */

struct ear {
	atomic_bool there;
	atomic_long heard;
};

static void hear(const struct flume_event *event, void *arg)
{
	struct ear *ear = arg;
	bad += !ear->there;
	ear->heard++;
	if (event->kind == FLUME_EVENT_CALL_FAILED)
		flume_schema_unref(flume_factory_dup_schema(rig.factory, event->schema_id));
}

static void *come_and_go(void *arg)
{
	while (!over) {
		struct ear *ear = calloc(1, sizeof *ear);
		ear->there = true;
		int ticket = flume_factory_listen(rig.factory, hear, ear);
		sched_yield();
		bad += flume_factory_unlisten(rig.factory, ticket) != 0;
		ear->there = false;
		free(ear);
	}
	return arg;
}

static void *fail_on(void *arg)
{
	flume_binding *binding = NULL;
	flume_factory_bind(rig.factory, "f", "f", 0, &binding, NULL);
	for (int i = 0; i < 500; i++) {
		void *item = rig_item(1);
		bad += flume_binding_process(binding, NULL, &item, NULL) != FLUME_FAILED;
		rig_free_item(item);
	}
	flume_binding_unref(binding);
	return arg;
}

START_TEST(listeners_come_and_go_while_events_fire)
{
	pthread_t coming[3], failing[4];
	struct ear steady = {.there = true};
	rig_must_set("f", "ref: fail");
	int ticket = flume_factory_listen(rig.factory, hear, &steady);
	for (int i = 0; i < 3; i++)
		begin_thread(&coming[i], come_and_go, NULL);
	for (int i = 0; i < 4; i++)
		begin_thread(&failing[i], fail_on, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(failing[i], NULL);
	over = true;
	for (int i = 0; i < 3; i++)
		pthread_join(coming[i], NULL);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
	ck_assert_int_eq(bad, 0);
	ck_assert_int_ge(steady.heard, 2000);
}
END_TEST

/* ---- the end ---- */

static void *call_to_the_end(void *arg)
{
	flume_binding *binding = arg;
	int rc;
	do {
		void *item = rig_item(1);
		rc = flume_binding_process(binding, NULL, &item, NULL);
		bad += rc == 0 && !is_whole(((struct item *)item)->marks);
		good += rc == 0;
		rig_free_item(item);
	} while (rc == 0);
	bad += rc != FLUME_NOT_FOUND;
	flume_binding_unref(binding);
	return NULL;
}

START_TEST(the_end_of_a_factory_waits_for_all_calls)
{
	pthread_t callers[CALLERS];
	for (int round = 0; round < 10; round++) {
		good = 0;
		stamps_set("s", stamped(0));
		for (int i = 0; i < CALLERS; i++) {
			flume_binding *binding = NULL;
			flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL);
			begin_thread(&callers[i], call_to_the_end, binding);
		}
		while (good < CALLERS)
			sched_yield();
		stamps_set("s", stamped(1));
		rig.factory = flume_factory_free(rig.factory);
		for (int v = 0; v < VERSIONS; v++)
			ck_assert(
				!stamps[v].alive); /* done: and `bad` tells if one ran after */
		for (int i = 0; i < CALLERS; i++)
			pthread_join(callers[i], NULL);
		ck_assert_int_eq(bad, 0);
		rig_close();
		stamps_open();
	}
}
END_TEST

Suite *suite_race_ends(void)
{
	Suite *suite = suite_create("race_ends");
	TCase *tc = tcase_create("race_ends");
	tcase_add_checked_fixture(tc, stamps_open, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, what_a_stored_schema_names_is_never_removed_under_it);
	tcase_add_test(tc, listeners_come_and_go_while_events_fire);
	tcase_add_test(tc, the_end_of_a_factory_waits_for_all_calls);
	return suite;
}
