/*
 * What the original, Flume in Go, gets wrong, each as a promise of ours.  Here what concerns
 * factories and schemas; original_faults_calls.c has what happens in a call.
 */
#include "lib/build/build.h"
#include "lib/check/check.h"
#include "lib/factory/factory.h"
#include "tests/unit/memory.h"
#include "tests/unit/stamps.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- threads ---- */

/* Theirs: two threads that build with a node name not met before crash the process. */
static void *build_with_new_names(void *arg)
{
	for (int i = 0; i < 300; i++) {
		char yaml[96], name[32];
		struct flume_err err = {0};
		flume_pipeline *pipeline = NULL;
		void *item = rig_item(1);
		snprintf(name, sizeof name, "new-%d-%d", *(int *)arg, i);
		snprintf(yaml, sizeof yaml,
			 "{type: sequence, name: %s, children: [{ref: fail}]}", name);
		flume_schema *schema = rig_schema(yaml);
		bad += flume_schema_build(schema, rig.factory, &pipeline, NULL) != 0;
		bad += flume_pipeline_process(pipeline, NULL, &item, &err) != FLUME_FAILED;
		bad += strncmp(err.path, name, strlen(name)) != 0;
		flume_pipeline_unref(pipeline);
		flume_schema_unref(schema);
		rig_free_item(item);
	}
	return NULL;
}

START_TEST(two_threads_build_with_names_never_met_before)
{
	pthread_t threads[2];
	int who[] = {0, 1};
	for (int i = 0; i < 2; i++)
		begin_thread(&threads[i], build_with_new_names, &who[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(bad, 0);
}
END_TEST

/* Theirs: a set that races another leaves a binding on the older schema, 69 times in 100,000. */
static pthread_barrier_t start, end;

static void *set_each_round(void *arg)
{
	const int who = *(int *)arg;
	for (int round = 0;; round++) {
		pthread_barrier_wait(&start);
		if (over)
			return NULL;
		bad += stamps_set("s", stamped((2 * round + who) % VERSIONS)) < 0;
		pthread_barrier_wait(&end);
	}
}

static void expect_stored_to_run(flume_binding *binding)
{
	struct flume_binding_info info;
	flume_schema *stored = flume_factory_dup_schema(rig.factory, "s");
	flume_binding_read(binding, &info);
	bad += strcmp(info.digest, flume_schema_get_digest(stored)) != 0;
	void *item = rig_item(1);
	bad += flume_binding_process(binding, NULL, &item, NULL) != 0;
	bad += ((struct item *)item)->marks[0] != 'A' + atoi(info.version);
	rig_free_item(item);
	flume_schema_unref(stored);
}

START_TEST(a_set_that_races_another_leaves_no_binding_on_the_older_schema)
{
	pthread_t setters[2];
	int who[] = {0, 1}, rounds = 0;
	flume_binding *binding = NULL;
	stamps_set("s", stamped(0));
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL), 0);
	pthread_barrier_init(&start, NULL, 3);
	pthread_barrier_init(&end, NULL, 3);
	for (int i = 0; i < 2; i++)
		begin_thread(&setters[i], set_each_round, &who[i]);
	for (time_t until = time(NULL) + 3; rounds < 100000 && time(NULL) < until; rounds++) {
		pthread_barrier_wait(&start);
		pthread_barrier_wait(&end);
		expect_stored_to_run(binding);
	}
	over = true;
	pthread_barrier_wait(&start);
	for (int i = 0; i < 2; i++)
		pthread_join(setters[i], NULL);
	ck_assert_int_gt(rounds, 0);
	ck_assert_int_eq(bad, 0);
	pthread_barrier_destroy(&start);
	pthread_barrier_destroy(&end);
	flume_binding_unref(binding);
}
END_TEST

/* ---- changes ---- */

/* Theirs: the new schema is stored, the rebuild of who uses it fails, and nobody is told. */
START_TEST(a_failed_rebuild_is_not_silent)
{
	rig_must_set("leaf", "{version: '1', ref: a}");
	rig_must_set("user", "{type: sequence, children: [{ref: leaf}, {ref: b}]}");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "b",
					      FLUME_REMOVE_FORCED, NULL),
			 0);
	rig_listen();
	ck_assert_int_eq(rig_set("leaf", "{version: '2', ref: c}"), FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(rig.report), 1);
	const struct seen *failed = rig_last(FLUME_EVENT_SCHEMA_UPDATE_FAILED);
	ck_assert_str_eq(failed->schema_id, "leaf");
	ck_assert_str_eq(failed->version, "2");
	ck_assert_int_eq(rig_process("leaf", 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("ab");
}
END_TEST

/* Theirs: the bindings of a removed schema serve it for ever. */
START_TEST(removing_a_schema_unsubscribes_its_bindings)
{
	flume_binding *binding = NULL;
	void *item = rig_item(1);
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL), 0);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	rig_must_set("s", "ref: b");
	ck_assert_int_eq(flume_binding_process(binding, NULL, &item, NULL), FLUME_NOT_FOUND);
	ck_assert_str_eq(((struct item *)item)->marks, "");
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, "b"));
	rig_free_item(item);
	flume_binding_unref(binding);
}
END_TEST

/* Theirs: there is no way. */
START_TEST(a_binding_can_be_removed)
{
	flume_binding *binding = NULL;
	void *item = rig_item(1);
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL), 0);
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "b"), 0);
	ck_assert_int_eq(flume_binding_process(binding, NULL, &item, NULL), FLUME_NOT_FOUND);
	rig_free_item(item);
	flume_binding_unref(binding);
}
END_TEST

/* ---- listeners ---- */

/* Theirs: it deadlocks. */
static void set_again(const struct flume_event *event, void *arg)
{
	if (event->kind == FLUME_EVENT_SCHEMA_REGISTERED && !strcmp(event->schema_id, arg))
		rig_must_set(arg, "ref: b");
}

START_TEST(a_listener_may_call_the_factory_that_told_it)
{
	char id[] = "s";
	int ticket = flume_factory_listen(rig.factory, set_again, id);
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("b");
}
END_TEST

/* Theirs: every call of every pipeline waits for it. */
static atomic_bool in_listener, leave_listener;

static void linger(const struct flume_event *event, void *arg)
{
	if (event->kind != FLUME_EVENT_CALL_FAILED)
		return;
	*(atomic_bool *)arg = true;
	while (!leave_listener)
		sched_yield();
}

static void *fail_once(void *arg)
{
	void *item = rig_item(1);
	flume_binding_process(arg, NULL, &item, NULL);
	rig_free_item(item);
	return NULL;
}

/* A pipeline of such steps alone runs where changes wait for it to end. */
static int run_no(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg;
	return flume_fail(err, FLUME_FAILED, "no");
}

START_TEST(a_slow_listener_stalls_no_other_call)
{
	pthread_t failing;
	flume_binding *bad_one = NULL;
	in_listener = leave_listener = false;
	rig_add(&(struct flume_component){.name = "no", .run = run_no, .prompt = true});
	rig_must_set("bad", _i ? "ref: no" : "ref: fail");
	rig_must_set("good", "{type: filter, predicate: yes, then: {ref: a}}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "bad", "bad", 0, &bad_one, NULL), 0);
	int ticket = flume_factory_listen(rig.factory, linger, &in_listener);
	begin_thread(&failing, fail_once, bad_one);
	while (!in_listener)
		sched_yield();
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(rig_process("good", 1), 0);
	rig_must_set("good", "ref: b");
	leave_listener = true;
	pthread_join(failing, NULL);
	ck_assert_int_eq(flume_factory_unlisten(rig.factory, ticket), 0);
	flume_binding_unref(bad_one);
}
END_TEST

/* ---- validation ---- */

static long asked; /* of the store */

static bool always(void *arg, const char *id)
{
	(void)arg, (void)id;
	asked++;
	return true;
}

static char *never(void *arg, const char *id)
{
	(void)arg, (void)id;
	asked++;
	return NULL;
}

static char **nobody(void *arg)
{
	(void)arg;
	return calloc(1, sizeof(char *));
}

/* `n` nodes, each with two branches that lead to schemas of the store. */
static char *branchy(int n)
{
	const size_t size = 64 + 128 * (size_t)n;
	char *yaml = malloc(size);
	size_t len = (size_t)snprintf(yaml, size, "type: sequence\nchildren:\n");
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(yaml + len, size - len,
					"  - {type: filter, predicate: yes, then: {ref: x%d}, "
					"else: {ref: y%d}}\n",
					i % 10, i % 10);
	return yaml;
}

/* What a check of it asks and allocates. */
static void measure(int n, long *questions, long *allocations)
{
	static const struct store_view store = {always, never, nobody, NULL};
	char *yaml = branchy(n);
	flume_schema *schema = rig_schema(yaml);
	struct flume_scope scope;
	ck_assert_int_eq(build_scope(&scope, &rig.factory->registry, schema), 0);
	flume_report *report = flume_report_new();
	long before = memory_taken();
	asked = 0;
	ck_assert_int_eq(check_schema(schema, &scope, &store, NULL, NULL, report), 0);
	*allocations = memory_taken() - before;
	*questions = asked;
	flume_report_free(report);
	scope_fini(&scope);
	flume_schema_unref(schema);
	free(yaml);
}

/* Theirs: with branches it takes the square of the nodes. */
START_TEST(validation_is_linear_in_nodes_with_branches)
{
	long few, many, taken_few, taken_many;
	measure(500, &few, &taken_few);
	measure(2000, &many, &taken_many);
	ck_assert_int_eq(few, 2 * 20); /* the names, not the nodes */
	ck_assert_int_eq(many, few);
	ck_assert_int_le(taken_many, 4 * taken_few + 64);
}
END_TEST

/* Theirs: they are ignored. */
START_TEST(an_unknown_key_is_refused)
{
	rig_refuses("s", "{type: retry, atempts: 5, child: {ref: a}}",
		    "1:15: root: unknown key 'atempts' [unknown-key] (did you mean "
		    "'attempts'?)");
}
END_TEST

/* Theirs: in the random order of a map. */
START_TEST(the_errors_of_a_switch_come_in_document_order)
{
	static const char yaml[] = "type: switch\n"
				   "condition: word\n"
				   "routes:\n"
				   "  zebra: {ref: z1}\n"
				   "  apple: {ref: z2}\n"
				   "  mango: {type: sequence, children: []}\n"
				   "  '7': {ref: z3}\n"
				   "  b: {type: retry, child: {ref: z4}}\n"
				   "default: {ref: z5}\n";
	for (int round = 0; round < 20; round++) {
		ck_assert_int_eq(rig_check(yaml), FLUME_REJECTED);
		ck_assert_uint_eq(flume_report_size(rig.report), 6);
		for (size_t i = 0; i < 6; i++)
			ck_assert_uint_eq(flume_report_get_issue(rig.report, i)->line, 4 + i);
	}
}
END_TEST

/* A node of that type is refused with each of the words as its `key`. */
static void refuses_each(const char *type, const char *key, const char *const *words,
			 const char *rest)
{
	char yaml[128];
	for (; *words; words++) {
		snprintf(yaml, sizeof yaml, "{type: %s, %s: %s, %s}", type, key, *words, rest);
		flume_schema *schema = rig_schema(yaml);
		ck_assert_msg(flume_schema_check(schema, NULL, NULL) == FLUME_REJECTED, "%s",
			      yaml);
		flume_schema_unref(schema);
	}
}

/* Theirs: they pass, and the rate spins for ever. */
START_TEST(absurd_numbers_are_refused)
{
	static const char *const rates[] = {"NaN",  ".nan", "nan",   "-1",   "0", "inf",
					    ".inf", "-NaN", "1e999", "'10'", NULL};
	static const char *const durations[] = {"-1s",  "0s",  "-0.5ms", "1",
						"1e9s", "NaN", NULL};
	static const char *const counts[] = {"2000000000", "-4", "0", "1.5", "NaN", NULL};
	refuses_each("rate-limit", "requests_per_second", rates, "child: {ref: a}");
	refuses_each("timeout", "duration", durations, "child: {ref: a}");
	refuses_each("retry", "backoff", durations, "child: {ref: a}");
	refuses_each("retry", "attempts", counts, "child: {ref: a}");
	refuses_each("worker-pool", "workers", counts, "children: [{ref: a}]");
}
END_TEST

Suite *suite_original_faults(void)
{
	Suite *suite = suite_create("original_faults");
	TCase *tc = tcase_create("original_faults");
	tcase_add_checked_fixture(tc, stamps_open, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, two_threads_build_with_names_never_met_before);
	tcase_add_test(tc, a_set_that_races_another_leaves_no_binding_on_the_older_schema);
	tcase_add_test(tc, a_failed_rebuild_is_not_silent);
	tcase_add_test(tc, removing_a_schema_unsubscribes_its_bindings);
	tcase_add_test(tc, a_binding_can_be_removed);
	tcase_add_test(tc, a_listener_may_call_the_factory_that_told_it);
	tcase_add_loop_test(tc, a_slow_listener_stalls_no_other_call, 0, 2);
	tcase_add_test(tc, validation_is_linear_in_nodes_with_branches);
	tcase_add_test(tc, an_unknown_key_is_refused);
	tcase_add_test(tc, the_errors_of_a_switch_come_in_document_order);
	tcase_add_test(tc, absurd_numbers_are_refused);
	return suite;
}
