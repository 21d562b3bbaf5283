/*
 * Callers go through a breaker and a bucket while setters change their parameters, their names
 * and what is around them.  What is asserted holds for every interleaving; ThreadSanitizer says
 * whether it holds for the right reasons.
 */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>

#define CALLERS 6
#define SETS    150

static atomic_bool over, ended;
static atomic_long wrong, outcomes[4];

/* The names and parameters of version `v`. */
static flume_schema *version(int v)
{
	char yaml[1024];
	snprintf(yaml, sizeof yaml,
		 "{version: '%d', type: sequence, children: [%s{type: circuit-breaker, name: "
		 "x%d, "
		 "failure_threshold: %d, recovery_timeout: %dms, child: {ref: flicker}}, "
		 "{type: rate-limit, requests_per_second: %d, burst_size: %d, child: {ref: "
		 "part}}"
		 "]}",
		 v, v % 5 ? "" : "{ref: a}, ", v % 7 == 0, 1 + v % 3, 1 + v % 2, 1 + v % 1000,
		 1 + v % 4);
	return rig_schema(yaml);
}

/* Fails often enough to open a breaker. */
static int run_flicker(const struct flume_call *call, void **item, void *arg,
		       struct flume_err *err)
{
	(void)call, (void)item, (void)arg;
	long n = ++outcomes[3];
	return n / 4 % 2 ? flume_fail(err, FLUME_FAILED, "flickers") : FLUME_OK;
}

static void *call_on(void *arg)
{
	flume_binding *binding = NULL;
	flume_factory_bind(rig.factory, arg, arg, 0, &binding, NULL);
	for (long i = 0; !over; i++) {
		struct flume_call call = {.deadline_ns = i % 2 ? rig.now_ns + 50000000 : 0,
					  .flags = i % 9 ? 0 : FLUME_CALL_CANARY};
		void *item = rig_item(1);
		int rc = flume_binding_process(binding, &call, &item, NULL);
		rig_free_item(item);
		outcomes[0] += rc == 0;
		outcomes[1] += rc == FLUME_REFUSED;
		outcomes[2] += rc == FLUME_LIMITED;
		wrong += rc != 0 && rc != FLUME_REFUSED && rc != FLUME_LIMITED &&
			 rc != FLUME_FAILED && rc != FLUME_TIMED_OUT;
	}
	flume_binding_unref(binding);
	return NULL;
}

static void *set_on(void *arg)
{
	for (int i = *(int *)arg; i < SETS; i += 2) {
		flume_schema *schema = version(i);
		wrong += flume_factory_set_schema(rig.factory, "s", schema, NULL) < 0;
		flume_schema_unref(schema);
		sched_yield();
	}
	return NULL;
}

static void *set_part(void *arg)
{
	for (int i = 0; i < SETS; i++) {
		char yaml[256];
		snprintf(yaml, sizeof yaml,
			 "{version: '%d', type: circuit-breaker, failure_threshold: %d, child: "
			 "{ref: flicker}}",
			 i, 1 + i % 2);
		flume_schema *schema = rig_schema(yaml);
		wrong += flume_factory_set_schema(rig.factory, "part", schema, NULL) < 0;
		flume_schema_unref(schema);
	}
	return arg;
}

static void *move_clock(void *arg)
{
	while (!ended) {
		rig.now_ns += 20000;
		sched_yield();
	}
	return arg;
}

static void begin(pthread_t *thread, void *(*run)(void *), void *arg)
{
	ck_assert_int_eq(pthread_create(thread, NULL, run, arg), 0);
}

START_TEST(callers_and_setters_share_breakers_and_buckets)
{
	pthread_t clock, callers[CALLERS], setters[3];
	char s[] = "s", part[] = "part";
	int first = 0, second = 1;
	over = ended = false;
	wrong = outcomes[0] = outcomes[1] = outcomes[2] = outcomes[3] = 0;
	rig_add(&(struct flume_component){.name = "flicker", .run = run_flicker});
	rig_must_set("part", "{type: circuit-breaker, child: {ref: flicker}}");
	flume_schema *schema = version(0);
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "s", schema, NULL), 0);
	flume_schema_unref(schema);
	rig_listen();
	rig.held = true;
	begin(&clock, move_clock, NULL);
	for (int i = 0; i < CALLERS; i++)
		begin(&callers[i], call_on, i % 3 ? s : part);
	while (outcomes[0] < CALLERS)
		sched_yield();
	begin(&setters[0], set_on, &first);
	begin(&setters[1], set_on, &second);
	begin(&setters[2], set_part, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(setters[i], NULL);
	over = true;
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	ended = true;
	pthread_join(clock, NULL);
	ck_assert_int_eq(wrong, 0);
	ck_assert_int_gt(outcomes[1], 0);
}
END_TEST

Suite *suite_state_race(void)
{
	Suite *suite = suite_create("state_race");
	TCase *tc = rig_case(suite, "state_race");
	tcase_add_test(tc, callers_and_setters_share_breakers_and_buckets);
	return suite;
}
