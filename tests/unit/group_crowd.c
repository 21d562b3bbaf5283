/*
 * Many callers at once through every parallel connector, with deadlines and cancels that come
 * when they like, while the schemas are set again.  What is asserted holds for every
 * interleaving; the sanitizers say whether it holds for the right reasons.
 */
#include "tests/unit/parallel.h"
#include "tests/unit/stamps.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

#define CALLS 400

/* Each leaves value + 1 when it succeeds, or the value where the item passes. */
static const struct {
	const char *yaml;
	long adds;
} works[] = {
	{"{type: concurrent, children: [{ref: inc}, {ref: a}, {ref: nap}]}", 0},
	{"{type: concurrent, reducer: take-first, children: [{ref: inc}, {ref: nap}]}", 1},
	{"{type: race, children: [{ref: fail}, {ref: inc}, {type: sequence, children: "
	 "[{ref: nap}, {ref: inc}]}, {type: retry, backoff: 1h, child: {ref: fail}}]}",
	 1},
	{"{type: contest, predicate: yes, children: [{ref: drop}, {type: sequence, children: "
	 "[{ref: inc}, {ref: nap}]}, {ref: inc}]}",
	 1},
	{"{type: timeout, duration: 200us, child: {type: fallback, children: [{type: timeout, "
	 "duration: 20us, child: {type: sequence, children: [{ref: nap}, {ref: inc}]}}, "
	 "{ref: inc}]}}",
	 1},
	{"{type: worker-pool, workers: 3, children: [{ref: nap}, {ref: inc}, {ref: a}, "
	 "{ref: nap}, {ref: b}]}",
	 0},
	{"{type: race, children: [{type: concurrent, reducer: take-first, children: [{type: "
	 "timeout, child: {ref: inc}}, {type: race, children: [{ref: nap}, {ref: a}]}]}, "
	 "{type: contest, predicate: yes, children: [{ref: inc}]}]}",
	 1},
};

#define WORKS ((int)(sizeof works / sizeof *works))

static flume_cancel *tokens[CALLERS];
static pthread_mutex_t token_lock = PTHREAD_MUTEX_INITIALIZER;

/* Some microseconds, and deaf meanwhile. */
static int run_nap(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	for (long i = 0; i < 20 + 50 * (((struct item *)*item)->value % 7); i++)
		sched_yield();
	return FLUME_OK;
}

static int merge_first(const struct flume_call *call, void **item,
		       const struct flume_result *results, size_t n, void *arg,
		       struct flume_err *err)
{
	(void)call, (void)n, (void)arg;
	const struct item *first = results[0].item;
	if (!first) { /* its time was over before it could begin, or end */
		*err = *results[0].err;
		return err->code;
	}
	((struct item *)*item)->value = first->value;
	return FLUME_OK;
}

static void crowd_open(void)
{
	const struct flume_options options = {.type = &rig_items, .workers = 3};
	bad = good = 0;
	over = false;
	rig_open_with(&options, false);
	rig_add(&(struct flume_component){.name = "nap", .run = run_nap});
	rig_add(&(struct flume_component){.name = "take-first", .merge = merge_first});
	for (int w = 0; w < WORKS; w++) {
		char id[16];
		snprintf(id, sizeof id, "w%d", w);
		rig_must_set(id, works[w].yaml);
	}
}

static void set_token(int me, flume_cancel *token)
{
	pthread_mutex_lock(&token_lock);
	tokens[me] = token;
	pthread_mutex_unlock(&token_lock);
}

static bool is_over(int rc)
{
	return rc == FLUME_TIMED_OUT || rc == FLUME_CANCELLED;
}

/* Every third call has a deadline, every fourth can be cancelled. */
static void call_one(flume_binding *binding, int me, int i, long adds)
{
	const struct flume_clock *clock = flume_clock_real();
	struct flume_err err = {0};
	struct flume_call call = {0};
	struct item *item = rig_item(i);
	void *raw = item;
	if (i % 3 == 0)
		call.deadline_ns = clock->now_ns(clock->arg) + 1000 * (i % 200);
	if (i % 4 == 0)
		call.cancel = flume_cancel_new();
	set_token(me, call.cancel);
	int rc = flume_binding_process(binding, &call, &raw, &err);
	set_token(me, NULL);
	flume_cancel_free(call.cancel);
	item = raw;
	good += rc == 0;
	bad += rc == 0 ? item->value != i + adds : !is_over(rc) || item->value != i;
	rig_free_item(item);
}

static void *call_all(void *arg)
{
	int me = *(int *)arg;
	flume_binding *bindings[WORKS] = {0};
	for (int w = 0; w < WORKS; w++) {
		char id[16];
		snprintf(id, sizeof id, "w%d", w);
		bad += flume_factory_bind(rig.factory, id, id, 0, &bindings[w], NULL) != 0;
	}
	for (int i = 0; i < CALLS; i++) {
		int w = (i + me) % WORKS;
		call_one(bindings[w], me, i, works[w].adds);
	}
	for (int w = 0; w < WORKS; w++)
		flume_binding_unref(bindings[w]);
	return NULL;
}

static void *cancel_on(void *arg)
{
	for (int i = 0; !over; i++) {
		pthread_mutex_lock(&token_lock);
		flume_cancel_request(tokens[i % CALLERS]);
		pthread_mutex_unlock(&token_lock);
		sched_yield();
	}
	return arg;
}

static void *set_on(void *arg)
{
	for (int i = 0; !over; i++) {
		char id[8], yaml[512];
		snprintf(id, sizeof id, "w%d", i % WORKS);
		snprintf(yaml, sizeof yaml, "{version: '%d', %s", i, works[i % WORKS].yaml + 1);
		bad += stamps_set(id, rig_schema(yaml)) < 0;
		sched_yield();
	}
	return arg;
}

START_TEST(every_call_ends_in_one_of_the_ways_it_may)
{
	int numbers[CALLERS];
	pthread_t callers[CALLERS], cancels, sets;
	begin_thread(&cancels, cancel_on, NULL);
	begin_thread(&sets, set_on, NULL);
	for (int i = 0; i < CALLERS; i++) {
		numbers[i] = i;
		begin_thread(&callers[i], call_all, &numbers[i]);
	}
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	over = true;
	pthread_join(cancels, NULL);
	pthread_join(sets, NULL);
	ck_assert_int_eq(bad, 0);
	ck_assert_int_gt(good, 0);
}
END_TEST

static void *call_to_the_end(void *arg)
{
	flume_binding *binding = arg;
	int rc = 0;
	for (int i = 0; rc != FLUME_NOT_FOUND; i++) {
		const struct flume_clock *clock = flume_clock_real();
		struct flume_call call = {.deadline_ns =
						  clock->now_ns(clock->arg) + 1000 * (i % 100)};
		void *item = rig_item(i);
		rc = flume_binding_process(binding, &call, &item, NULL);
		bad += rc != 0 && rc != FLUME_NOT_FOUND && !is_over(rc);
		good++;
		rig_free_item(item);
	}
	flume_binding_unref(binding);
	return NULL;
}

START_TEST(the_end_of_a_factory_waits_for_what_runs_on_workers)
{
	for (int round = 0; round < 5; round++) {
		pthread_t callers[CALLERS];
		for (int i = 0; i < CALLERS; i++) {
			char id[16];
			flume_binding *binding = NULL;
			snprintf(id, sizeof id, "w%d", i % WORKS);
			flume_factory_bind(rig.factory, id, id, 0, &binding, NULL);
			begin_thread(&callers[i], call_to_the_end, binding);
		}
		UNTIL(good >= 20 * CALLERS);
		rig.factory = flume_factory_free(rig.factory);
		for (int i = 0; i < CALLERS; i++)
			pthread_join(callers[i], NULL);
		ck_assert_int_eq(bad, 0);
		rig_close();
		crowd_open();
	}
}
END_TEST

Suite *suite_group_crowd(void)
{
	Suite *suite = suite_create("group_crowd");
	TCase *tc = tcase_create("group_crowd");
	tcase_add_checked_fixture(tc, crowd_open, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, every_call_ends_in_one_of_the_ways_it_may);
	tcase_add_test(tc, the_end_of_a_factory_waits_for_what_runs_on_workers);
	return suite;
}
