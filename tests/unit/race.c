/*
 * Many threads at once.  What is asserted holds for every interleaving; ThreadSanitizer says
 * whether it holds for the right reasons.
 */
#include "tests/unit/stamps.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>

/* Calls `id` until it is over; binds again when the schema was away in the meantime. */
static void *call_on(void *arg)
{
	flume_binding *binding = NULL;
	while (!over) {
		struct item *item = rig_item(1);
		void *raw = item;
		int rc = FLUME_NOT_FOUND;
		if (!binding)
			flume_factory_bind(rig.factory, arg, arg, 0, &binding, NULL);
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
		bad += stamps_set(arg, stamped(i % VERSIONS)) < 0;
	return NULL;
}

static void *remove_on(void *arg)
{
	for (int i = 0; i < 50; i++) {
		flume_factory_remove_schema(rig.factory, arg, NULL);
		sched_yield();
		bad += stamps_set(arg, stamped(i % VERSIONS)) < 0;
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
		begin_thread(&callers[i], call_on, name);
	while (good < CALLERS)
		sched_yield();
	begin_thread(&first, one, arg);
	begin_thread(&second, two, arg);
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
	stamps_set("s", stamped(0));
	call_while(id, set_on, remove_on, id);
}
END_TEST

START_TEST(a_call_sees_one_version_of_a_schema_it_meets_twice)
{
	char leaf[] = "leaf";
	ck_assert_int_eq(stamps_set("leaf", rig_schema("ref: v0")), 0);
	rig_must_set("top",
		     "{type: sequence, children: [{ref: leaf}, {ref: inc}, {ref: leaf}]}");
	over = false;
	pthread_t callers[CALLERS];
	char top[] = "top";
	for (int i = 0; i < CALLERS; i++)
		begin_thread(&callers[i], call_on, top);
	for (int i = 0; i < 200; i++) {
		char yaml[16];
		snprintf(yaml, sizeof yaml, "ref: v%d", i % VERSIONS);
		bad += stamps_set(leaf, rig_schema(yaml)) < 0;
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
	ck_assert_int_eq(flume_factory_bind(rig.factory, id, id, 0, &binding, NULL), 0);
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
		int rc = stamps_set("s", stamped(*(int *)arg + i));
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
		begin_thread(&one, set_few, &low);
		begin_thread(&two, set_few, &high);
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
		bad += stamps_set("parent", rig_schema(yaml)) < 0;
	}
	return arg;
}

static void *set_child(void *arg)
{
	for (int i = 0; i < 40; i++) {
		char yaml[64];
		snprintf(yaml, sizeof yaml, "{version: '%d', ref: v%d}", (i + 3) % VERSIONS,
			 (i + 3) % VERSIONS);
		bad += stamps_set("child", rig_schema(yaml)) < 0;
	}
	return arg;
}

START_TEST(parent_and_child_set_at_once_end_up_together)
{
	ck_assert_int_eq(stamps_set("child", rig_schema("ref: v0")), 0);
	for (int round = 0; round < 20; round++) {
		pthread_t one, two;
		begin_thread(&one, set_parent, NULL);
		begin_thread(&two, set_child, NULL);
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
	good += stamps_set(names[0], rig_schema(yaml)) == 0;
	return NULL;
}

START_TEST(two_setters_never_close_a_circle)
{
	static const char *xy[] = {"x", "y"}, *yx[] = {"y", "x"};
	for (int round = 0; round < 100; round++) {
		pthread_t one, two;
		good = 0;
		ck_assert_int_ge(stamps_set("x", rig_schema("ref: v0")), 0);
		ck_assert_int_ge(stamps_set("y", rig_schema("ref: v0")), 0);
		begin_thread(&one, point_at, xy);
		begin_thread(&two, point_at, yx);
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
		stamps_set("child", rig_schema(yaml));
	}
	return arg;
}

START_TEST(a_large_parent_gets_through_while_its_child_is_set_all_the_time)
{
	pthread_t churn;
	static char yaml[32768];
	over = false;
	ck_assert_int_eq(stamps_set("child", rig_schema("ref: v0")), 0);
	begin_thread(&churn, churn_child, NULL);
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

Suite *suite_race(void)
{
	Suite *suite = suite_create("race");
	TCase *tc = tcase_create("race");
	tcase_add_checked_fixture(tc, stamps_open, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, every_item_goes_through_exactly_one_generation);
	tcase_add_test(tc, a_call_sees_one_version_of_a_schema_it_meets_twice);
	tcase_add_test(tc, of_two_setters_the_last_is_stored_and_runs);
	tcase_add_test(tc, parent_and_child_set_at_once_end_up_together);
	tcase_add_test(tc, two_setters_never_close_a_circle);
	tcase_add_test(tc, a_large_parent_gets_through_while_its_child_is_set_all_the_time);
	return suite;
}
