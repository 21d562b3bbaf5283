/*
 * Many threads at once.  What is asserted holds for every interleaving; ThreadSanitizer says
 * whether it holds for the right reasons.
 */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS  8
#define VERSIONS 8

static atomic_bool over;
static atomic_long bad, good;

static void begin(pthread_t *thread, void *(*run)(void *), void *arg)
{
	ck_assert_int_eq(pthread_create(thread, NULL, run, arg), 0);
}

/* ---- stamps: processors v0 to v7, each leaving its letter ---- */

struct stamp {
	char letter;
	atomic_bool alive;
};

static struct stamp stamps[VERSIONS];

static int run_stamp(const struct flume_call *call, void **item, void *arg,
		     struct flume_err *err)
{
	(void)call, (void)err;
	const struct stamp *stamp = arg;
	struct item *it = *item;
	bad += !stamp->alive;
	it->marks[strlen(it->marks)] = stamp->letter;
	return FLUME_OK;
}

static void end_stamp(void *arg)
{
	((struct stamp *)arg)->alive = false;
}

static void open_with_stamps(void)
{
	char name[16];
	bad = good = 0;
	over = false;
	rig_open();
	for (int v = 0; v < VERSIONS; v++) {
		stamps[v].letter = (char)('A' + v);
		stamps[v].alive = true;
		snprintf(name, sizeof name, "v%d", v);
		rig_add(&(struct flume_component){
			.name = name, .run = run_stamp, .arg = &stamps[v], .done = end_stamp});
	}
}

/* The schema of version `v`: two stamps with something between them. */
static flume_schema *stamped(int v)
{
	char yaml[128];
	snprintf(yaml, sizeof yaml,
		 "{version: '%d', type: sequence, children: [{ref: v%d}, {ref: inc}, {ref: "
		 "v%d}]}",
		 v, v, v);
	return rig_schema(yaml);
}

static int set(const char *id, flume_schema *schema)
{
	int rc = flume_factory_set_schema(rig.factory, id, schema, NULL);
	flume_schema_unref(schema);
	return rc;
}

static bool is_whole(const char *marks)
{
	return marks[0] && marks[0] == marks[1] && !marks[2];
}

/* Calls `id` until it is over; binds again when the schema was away in the meantime. */
static void *call_on(void *arg)
{
	flume_binding *binding = NULL;
	while (!over) {
		struct item *item = rig_item(1);
		void *raw = item;
		int rc = FLUME_NOT_FOUND;
		if (!binding)
			flume_factory_bind(rig.factory, arg, arg, &binding, NULL);
		if (binding)
			rc = flume_binding_process(binding, NULL, &raw, NULL);
		item = raw;
		if (rc == FLUME_NOT_FOUND) {
			binding = flume_binding_unref(binding);
			bad += item->marks[0] != '\0';
		} else {
			bad += rc != 0 || !is_whole(item->marks);
			good++;
		}
		rig_free_item(item);
	}
	flume_binding_unref(binding);
	return NULL;
}

static void *set_on(void *arg)
{
	for (int i = 0; i < 200; i++)
		bad += set(arg, stamped(i % VERSIONS)) < 0;
	return NULL;
}

static void *remove_on(void *arg)
{
	for (int i = 0; i < 50; i++) {
		flume_factory_remove_schema(rig.factory, arg, NULL);
		sched_yield();
		bad += set(arg, stamped(i % VERSIONS)) < 0;
	}
	return NULL;
}

static void call_while(const char *id, void *(*one)(void *), void *(*two)(void *), void *arg)
{
	char name[8];
	pthread_t callers[CALLERS], first, second;
	snprintf(name, sizeof name, "%s", id);
	over = false;
	for (int i = 0; i < CALLERS; i++)
		begin(&callers[i], call_on, name);
	while (good < CALLERS)
		sched_yield();
	begin(&first, one, arg);
	begin(&second, two, arg);
	pthread_join(first, NULL);
	pthread_join(second, NULL);
	over = true;
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	ck_assert_int_eq(bad, 0);
}

START_TEST(every_item_goes_through_exactly_one_generation)
{
	char id[] = "s";
	set("s", stamped(0));
	call_while(id, set_on, remove_on, id);
}
END_TEST

START_TEST(a_call_sees_one_version_of_a_schema_it_meets_twice)
{
	char leaf[] = "leaf";
	ck_assert_int_eq(set("leaf", rig_schema("ref: v0")), 0);
	rig_must_set("top",
		     "{type: sequence, children: [{ref: leaf}, {ref: inc}, {ref: leaf}]}");
	over = false;
	pthread_t callers[CALLERS];
	char top[] = "top";
	for (int i = 0; i < CALLERS; i++)
		begin(&callers[i], call_on, top);
	for (int i = 0; i < 200; i++) {
		char yaml[16];
		snprintf(yaml, sizeof yaml, "ref: v%d", i % VERSIONS);
		bad += set(leaf, rig_schema(yaml)) < 0;
	}
	over = true;
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	ck_assert_int_eq(bad, 0);
}
END_TEST

/* ---- setters ---- */

static const char *running_version(const char *id, uint64_t *generation)
{
	static char version[16];
	struct flume_pipeline_info info;
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, id, id, &binding, NULL), 0);
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	flume_pipeline_read(pipeline, &info);
	snprintf(version, sizeof version, "%s", info.version);
	if (generation)
		*generation = info.generation;
	flume_pipeline_unref(pipeline);
	flume_binding_unref(binding);
	return version;
}

static void expect_stored_to_run(const char *id)
{
	flume_schema *schema = flume_factory_dup_schema(rig.factory, id);
	ck_assert_str_eq(running_version(id, NULL), flume_schema_get_version(schema));
	flume_schema_unref(schema);
}

static void *set_few(void *arg)
{
	for (int i = 0; i < 4; i++) {
		int rc = set("s", stamped(*(int *)arg + i));
		bad += rc < 0;
		good += rc == 0;
	}
	return NULL;
}

START_TEST(of_two_setters_the_last_is_stored_and_runs)
{
	int low = 0, high = 4;
	for (int round = 0; round < 100; round++) {
		pthread_t one, two;
		begin(&one, set_few, &low);
		begin(&two, set_few, &high);
		pthread_join(one, NULL);
		pthread_join(two, NULL);
		expect_stored_to_run("s");
	}
	uint64_t generation;
	running_version("s", &generation);
	ck_assert_int_eq(generation, good); /* each success is one generation, none lost */
	ck_assert_int_eq(bad, 0);
}
END_TEST

static void *set_parent(void *arg)
{
	for (int i = 0; i < 40; i++) {
		char yaml[128];
		snprintf(
			yaml, sizeof yaml,
			"{version: '%d', type: sequence, children: [{ref: v%d}, {ref: child}]}",
			i % VERSIONS, i % VERSIONS);
		bad += set("parent", rig_schema(yaml)) < 0;
	}
	return arg;
}

static void *set_child(void *arg)
{
	for (int i = 0; i < 40; i++) {
		char yaml[64];
		snprintf(yaml, sizeof yaml, "{version: '%d', ref: v%d}", (i + 3) % VERSIONS,
			 (i + 3) % VERSIONS);
		bad += set("child", rig_schema(yaml)) < 0;
	}
	return arg;
}

START_TEST(parent_and_child_set_at_once_end_up_together)
{
	ck_assert_int_eq(set("child", rig_schema("ref: v0")), 0);
	for (int round = 0; round < 20; round++) {
		pthread_t one, two;
		begin(&one, set_parent, NULL);
		begin(&two, set_child, NULL);
		pthread_join(one, NULL);
		pthread_join(two, NULL);
		expect_stored_to_run("parent");
		expect_stored_to_run("child");
		ck_assert_int_eq(rig_process("parent", 1), 0);
		rig_left("HC"); /* the last of the one, then the last of the other */
	}
	ck_assert_int_eq(bad, 0);
}
END_TEST

static void *point_at(void *arg)
{
	const char *const *names = arg;
	char yaml[32];
	snprintf(yaml, sizeof yaml, "ref: %s", names[1]);
	good += set(names[0], rig_schema(yaml)) == 0;
	return NULL;
}

START_TEST(two_setters_never_close_a_circle)
{
	static const char *xy[] = {"x", "y"}, *yx[] = {"y", "x"};
	for (int round = 0; round < 100; round++) {
		pthread_t one, two;
		good = 0;
		ck_assert_int_ge(set("x", rig_schema("ref: v0")), 0);
		ck_assert_int_ge(set("y", rig_schema("ref: v0")), 0);
		begin(&one, point_at, xy);
		begin(&two, point_at, yx);
		pthread_join(one, NULL);
		pthread_join(two, NULL);
		ck_assert_int_eq(good, 1);
		ck_assert_int_eq(rig_process("x", 1), 0);
		rig_left("A");
		ck_assert_int_eq(rig_process("y", 1), 0);
		rig_left("A");
	}
}
END_TEST

static void *churn_child(void *arg)
{
	for (int i = 0; !over; i++) {
		char yaml[16];
		snprintf(yaml, sizeof yaml, "ref: v%d", i % VERSIONS);
		set("child", rig_schema(yaml));
	}
	return arg;
}

START_TEST(a_large_parent_gets_through_while_its_child_is_set_all_the_time)
{
	pthread_t churn;
	static char yaml[32768];
	over = false;
	ck_assert_int_eq(set("child", rig_schema("ref: v0")), 0);
	begin(&churn, churn_child, NULL);
	for (int i = 0; i < 10; i++) {
		size_t n = (size_t)snprintf(yaml, sizeof yaml,
					    "{version: '%d', type: sequence, children: [", i);
		for (int k = 0; k < 1000; k++)
			n += (size_t)snprintf(yaml + n, sizeof yaml - n, "{ref: inc},");
		snprintf(yaml + n, sizeof yaml - n, "{ref: child}]}");
		rig_must_set("parent", yaml);
	}
	over = true;
	pthread_join(churn, NULL);
	expect_stored_to_run("parent");
}
END_TEST

/* ---- components ---- */

static void *add_and_remove(void *arg)
{
	const struct flume_component x = {.name = "x", .run = run_stamp, .arg = &stamps[0]};
	while (!over) {
		flume_factory_add(rig.factory, &x, NULL);
		flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x", NULL);
	}
	return arg;
}

START_TEST(what_a_stored_schema_names_is_never_removed_under_it)
{
	pthread_t churn;
	begin(&churn, add_and_remove, NULL);
	for (int i = 0; i < 2000; i++) {
		int rc = set("s", rig_schema(i % 2 ? "ref: a" : "ref: x"));
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
	flume_factory_bind(rig.factory, "f", "f", &binding, NULL);
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
		begin(&coming[i], come_and_go, NULL);
	for (int i = 0; i < 4; i++)
		begin(&failing[i], fail_on, NULL);
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
		set("s", stamped(0));
		for (int i = 0; i < CALLERS; i++) {
			flume_binding *binding = NULL;
			flume_factory_bind(rig.factory, "s", "s", &binding, NULL);
			begin(&callers[i], call_to_the_end, binding);
		}
		while (good < CALLERS)
			sched_yield();
		set("s", stamped(1));
		rig.factory = flume_factory_free(rig.factory);
		for (int v = 0; v < VERSIONS; v++)
			ck_assert(
				!stamps[v].alive); /* done: and `bad` tells if one ran after */
		for (int i = 0; i < CALLERS; i++)
			pthread_join(callers[i], NULL);
		ck_assert_int_eq(bad, 0);
		rig_close();
		open_with_stamps();
	}
}
END_TEST

Suite *suite_race(void)
{
	Suite *suite = suite_create("race");
	TCase *tc = tcase_create("race");
	tcase_add_checked_fixture(tc, open_with_stamps, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, every_item_goes_through_exactly_one_generation);
	tcase_add_test(tc, a_call_sees_one_version_of_a_schema_it_meets_twice);
	tcase_add_test(tc, of_two_setters_the_last_is_stored_and_runs);
	tcase_add_test(tc, parent_and_child_set_at_once_end_up_together);
	tcase_add_test(tc, two_setters_never_close_a_circle);
	tcase_add_test(tc, a_large_parent_gets_through_while_its_child_is_set_all_the_time);
	tcase_add_test(tc, what_a_stored_schema_names_is_never_removed_under_it);
	tcase_add_test(tc, listeners_come_and_go_while_events_fire);
	tcase_add_test(tc, the_end_of_a_factory_waits_for_all_calls);
	return suite;
}
