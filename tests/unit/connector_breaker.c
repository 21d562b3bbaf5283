#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>

#define SECOND INT64_C(1000000000)

/* Around a step that fails rig.fails_left times; a call with an odd item waits in the gate
 * before. */
#define AT_THE_GATE                                                  \
	"{type: filter, predicate: even, then: {ref: flaky}, else: " \
	"{type: sequence, name: gated, children: [{ref: gate}, {ref: flaky}]}}"
#define BREAKER(options, child) "{type: circuit-breaker, " options ", child: " child "}"
#define AFTER_TWO               "failure_threshold: 2, recovery_timeout: 10s"
#define AFTER_ONE               "failure_threshold: 1, recovery_timeout: 10s"

/* Calls the schema "s" with an even item. */
static int call(void)
{
	return rig_process("s", 2);
}

static int call_with(const struct flume_call *with)
{
	flume_binding *binding = NULL;
	void *item = rig_item(2);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	int rc = flume_binding_process(binding, with, &item, &rig.err);
	rig_free_item(item);
	flume_binding_unref(binding);
	return rc;
}

/* Calls that fail, so many. */
static void fails(int times)
{
	rig.fails_left = times;
	while (times--)
		ck_assert_int_eq(call(), FLUME_FAILED);
}

static void set(const char *yaml)
{
	rig_must_set("s", yaml);
}

/* One that failed and is open since now. */
static void open_one(void)
{
	set(BREAKER(AFTER_ONE, AT_THE_GATE));
	fails(1);
	ck_assert_int_eq(call(), FLUME_REFUSED);
}

START_TEST(it_opens_after_that_many_failures_in_a_row)
{
	set(BREAKER(AFTER_TWO, "{ref: flaky}"));
	fails(2);
	rig.fails_left = 10;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(call(), FLUME_REFUSED);
	rig_left("");
	ck_assert_int_eq(rig.fails_left, 10);
}
END_TEST

START_TEST(five_failures_and_a_minute_when_nobody_says)
{
	set("{type: circuit-breaker, child: {ref: flaky}}");
	fails(5);
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig.now_ns += 60 * SECOND - 1;
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig.now_ns += 1;
	ck_assert_int_eq(call(), 0);
}
END_TEST

START_TEST(a_success_starts_the_count_again)
{
	set(BREAKER(AFTER_TWO, "{ref: flaky}"));
	for (int i = 0; i < 5; i++) {
		fails(1);
		ck_assert_int_eq(call(), 0);
	}
	fails(2);
	ck_assert_int_eq(call(), FLUME_REFUSED);
}
END_TEST

START_TEST(a_refusal_says_when_a_call_will_be_tried)
{
	set(BREAKER(AFTER_ONE, "{type: sequence, children: [{ref: a}, {ref: flaky}]}"));
	fails(1);
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig_failed_at("circuit-breaker", "open: a call will be tried in 10000 ms");
	rig.now_ns += SECOND / 2 + 1;
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig_failed_at("circuit-breaker", "open: a call will be tried in 9500 ms");
	rig_left("");
}
END_TEST

START_TEST(a_call_that_succeeds_after_the_timeout_closes_it)
{
	open_one();
	rig.now_ns += 10 * SECOND;
	ck_assert_int_eq(call(), 0);
	ck_assert_int_eq(call(), 0);
	fails(1);
	ck_assert_int_eq(call(), FLUME_REFUSED);
}
END_TEST

START_TEST(a_call_that_fails_after_the_timeout_opens_it_for_all_of_it_again)
{
	open_one();
	rig.now_ns += 10 * SECOND;
	fails(1);
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig.now_ns += 10 * SECOND - 1;
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig.now_ns += 1;
	ck_assert_int_eq(call(), 0);
}
END_TEST

START_TEST(one_failure_opens_a_half_open_one_whatever_the_threshold)
{
	set(BREAKER(AFTER_TWO, "{ref: flaky}"));
	fails(2);
	rig.now_ns += 10 * SECOND;
	fails(1);
	ck_assert_int_eq(call(), FLUME_REFUSED);
}
END_TEST

START_TEST(a_dropped_item_is_a_success)
{
	rig.word = "fail";
	set(BREAKER(AFTER_TWO, "{type: switch, condition: word, routes: {fail: {ref: fail}}, "
			       "default: {ref: drop}}"));
	ck_assert_int_eq(call(), FLUME_FAILED);
	rig.word = "drop";
	ck_assert_int_eq(call(), FLUME_DROPPED);
	rig.word = "fail";
	ck_assert_int_eq(call(), FLUME_FAILED);
	ck_assert_int_eq(call(), FLUME_FAILED);
	rig.now_ns += 10 * SECOND;
	rig.word = "drop";
	ck_assert_int_eq(call(), FLUME_DROPPED);
	ck_assert_int_eq(call(), FLUME_DROPPED);
}
END_TEST

/* ---- calls that are given up ---- */

static int run_cancelled(const struct flume_call *given, void **item, void *arg,
			 struct flume_err *err)
{
	(void)given, (void)item, (void)arg;
	return flume_fail(err, FLUME_CANCELLED, "of my own will");
}

START_TEST(who_cancels_a_call_does_not_make_its_child_fail)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call given = {.cancel = cancel};
	set(BREAKER(AFTER_ONE, "{type: sequence, children: [{ref: cancel}, {ref: a}]}"));
	ck_assert_int_eq(call_with(&given), FLUME_CANCELLED);
	ck_assert_int_eq(call(), 0);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(a_child_that_gives_up_of_its_own_will_fails)
{
	rig_add(&(struct flume_component){.name = "cancelled", .run = run_cancelled});
	set(BREAKER(AFTER_ONE, "{ref: cancelled}"));
	ck_assert_int_eq(call(), FLUME_CANCELLED);
	ck_assert_int_eq(call(), FLUME_REFUSED);
}
END_TEST

/* Goes on until it is told to stop. */
static int run_until_told(const struct flume_call *given, void **item, void *arg,
			  struct flume_err *err)
{
	(void)item, (void)arg;
	while (!flume_cancel_requested(given->cancel))
		sched_yield();
	return flume_fail(err, FLUME_CANCELLED, "told to stop");
}

START_TEST(who_loses_a_race_has_not_failed)
{
	rig_add(&(struct flume_component){.name = "until-told", .run = run_until_told});
	set("{type: race, children: [{ref: a}, " BREAKER("name: slow, " AFTER_ONE,
							 "{ref: until-told}") "]}");
	rig_listen();
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(call(), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BREAKER_OPENED, "slow"), 0);
}
END_TEST

static int run_too_long(const struct flume_call *given, void **item, void *arg,
			struct flume_err *err)
{
	rig.now_ns = given->deadline_ns;
	flume_cancel_request(given->cancel);
	return run_until_told(given, item, arg, err);
}

START_TEST(who_is_told_to_stop_after_the_deadline_has_failed)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call given = {.cancel = cancel, .deadline_ns = rig.now_ns + SECOND};
	rig_add(&(struct flume_component){.name = "too-long", .run = run_too_long});
	set(BREAKER(AFTER_ONE, "{ref: too-long}"));
	ck_assert_int_eq(call_with(&given), FLUME_CANCELLED);
	ck_assert_int_eq(call(), FLUME_REFUSED);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(a_cancelled_call_that_tried_leaves_it_to_the_next)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call given = {.cancel = cancel};
	rig.word = "fail";
	rig_listen();
	set(BREAKER(AFTER_ONE, "{type: switch, condition: word, routes: {fail: {ref: fail}}, "
			       "default: {type: sequence, children: [{ref: cancel}, "
			       "{ref: a}]}}"));
	ck_assert_int_eq(call(), FLUME_FAILED);
	rig.now_ns += 10 * SECOND;
	rig.word = "cancel";
	ck_assert_int_eq(call_with(&given), FLUME_CANCELLED);
	ck_assert_int_eq(rig_last(FLUME_EVENT_BREAKER_OPENED)->code, FLUME_CANCELLED);
	ck_assert_int_eq(call(), 0); /* tries at once */
	ck_assert_int_eq(call(), 0); /* and has closed it */
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BREAKER_HALF_OPENED, "circuit-breaker"), 2);
	flume_cancel_free(cancel);
}
END_TEST

START_TEST(one_call_tries_and_the_others_are_refused)
{
	struct flight flight;
	open_one();
	rig.now_ns += 10 * SECOND;
	rig_take_off(&flight, "s");
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig_failed_at("circuit-breaker", "half-open: one call is being tried, the next at the "
					 "latest in 10000 ms");
	ck_assert_int_eq(rig_land(&flight), 0);
	ck_assert_int_eq(call(), 0);
}
END_TEST

START_TEST(a_call_that_does_not_come_back_is_replaced_in_time)
{
	struct flight lost;
	open_one();
	rig.now_ns += 10 * SECOND;
	rig_take_off(&lost, "s");
	rig.now_ns += 10 * SECOND - 1;
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig.now_ns += 1;
	ck_assert_int_eq(call(), 0);
	ck_assert_int_eq(call(), 0);
	rig.fails_left = 1; /* what the lost one says at last is no news */
	ck_assert_int_eq(rig_land(&lost), FLUME_FAILED);
	ck_assert_int_eq(call(), 0);
}
END_TEST

START_TEST(a_slow_call_that_tries_closes_it_although_others_try_too)
{
	struct flight slow, slower;
	open_one();
	rig.now_ns += 10 * SECOND;
	rig_take_off(&slow, "s");
	rig.now_ns += 10 * SECOND;
	rig_take_off(&slower, "s");
	ck_assert_int_eq(call(), FLUME_REFUSED);
	ck_assert_int_eq(rig_land(&slow), 0);
	ck_assert_int_eq(call(), 0);
	ck_assert_int_eq(rig_land(&slower), 0);
	ck_assert_int_eq(call(), 0);
}
END_TEST

/* ---- calls that began in another time ---- */

START_TEST(a_failure_from_before_it_opened_is_no_news_once_it_closed)
{
	struct flight old;
	set(BREAKER(AFTER_ONE, AT_THE_GATE));
	rig_take_off(&old, "s");
	fails(1);
	rig.now_ns += 10 * SECOND;
	ck_assert_int_eq(call(), 0);
	rig.fails_left = 1;
	ck_assert_int_eq(rig_land(&old), FLUME_FAILED);
	ck_assert_int_eq(call(), 0);
}
END_TEST

START_TEST(a_failure_from_before_it_opened_does_not_keep_it_open_longer)
{
	struct flight old;
	set(BREAKER(AFTER_ONE, AT_THE_GATE));
	rig_take_off(&old, "s");
	fails(1);
	rig.now_ns += 9 * SECOND;
	rig.fails_left = 1;
	ck_assert_int_eq(rig_land(&old), FLUME_FAILED);
	rig.now_ns += SECOND;
	ck_assert_int_eq(call(), 0);
}
END_TEST

START_TEST(a_success_from_before_it_opened_does_not_close_it)
{
	struct flight old;
	set(BREAKER(AFTER_ONE, AT_THE_GATE));
	rig_take_off(&old, "s");
	fails(1);
	ck_assert_int_eq(rig_land(&old), 0);
	ck_assert_int_eq(call(), FLUME_REFUSED);
}
END_TEST

/* ---- many at once ---- */

#define CROWD 50

static atomic_int refused, passed;

static void *call_once(void *arg)
{
	void *item = rig_item(1);
	int rc = flume_binding_process(arg, NULL, &item, NULL);
	rig_free_item(item);
	refused += rc == FLUME_REFUSED;
	passed += rc == 0;
	return NULL;
}

START_TEST(of_fifty_threads_one_tries)
{
	pthread_t threads[CROWD];
	flume_binding *binding = NULL;
	open_one();
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	for (int round = 0; round < 20; round++) {
		refused = passed = 0;
		rig.gate_open = false;
		rig.now_ns += 10 * SECOND;
		for (int i = 0; i < CROWD; i++)
			ck_assert_int_eq(pthread_create(&threads[i], NULL, call_once, binding),
					 0);
		while (refused < CROWD - 1)
			sched_yield();
		rig.gate_open = true;
		for (int i = 0; i < CROWD; i++)
			pthread_join(threads[i], NULL);
		ck_assert_int_eq(passed, 1);
		ck_assert_int_eq(refused, CROWD - 1);
		fails(1);
	}
	flume_binding_unref(binding);
}
END_TEST

/* ---- canary calls ---- */

START_TEST(canary_calls_neither_count_nor_are_refused_nor_try)
{
	struct flume_call canary = {.flags = FLUME_CALL_CANARY};
	set(BREAKER(AFTER_ONE, "{ref: flaky}"));
	rig.fails_left = 3;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(call_with(&canary), FLUME_FAILED);
	ck_assert_str_eq(rig.err.path, "circuit-breaker > flaky");
	ck_assert_int_eq(call(), 0);
	fails(1);
	ck_assert_int_eq(call_with(&canary), 0);
	rig.now_ns += 10 * SECOND;
	ck_assert_int_eq(call_with(&canary), 0);
	fails(1); /* the one that tries */
	ck_assert_int_eq(call(), FLUME_REFUSED);
}
END_TEST

/* ---- with retries ---- */

START_TEST(retries_inside_count_as_one_call)
{
	set(BREAKER(AFTER_TWO, "{type: retry, attempts: 3, child: {ref: flaky}}"));
	rig.fails_left = 100;
	ck_assert_int_eq(call(), FLUME_FAILED);
	ck_assert_int_eq(call(), FLUME_FAILED);
	ck_assert_int_eq(call(), FLUME_REFUSED);
	ck_assert_int_eq(rig.fails_left, 94);
}
END_TEST

START_TEST(each_attempt_outside_counts)
{
	set("{type: retry, attempts: 5, child: " BREAKER(AFTER_TWO, "{ref: flaky}") "}");
	rig.fails_left = 100;
	ck_assert_int_eq(call(), FLUME_REFUSED);
	ck_assert_int_eq(rig.fails_left, 98);
	ck_assert_str_eq(rig.err.path, "retry > circuit-breaker");
}
END_TEST

START_TEST(a_retry_may_outlast_it)
{
	set("{type: retry, attempts: 4, backoff: 4s, child: " BREAKER(AFTER_ONE,
								      "{ref: flaky}") "}");
	rig.fails_left = 1;
	ck_assert_int_eq(call(), 0); /* failed, refused after 4 s, tried after 12 */
	ck_assert_uint_eq(rig.n_slept, 2);
}
END_TEST

/* ---- what is told ---- */

START_TEST(each_turn_is_an_event)
{
	rig_listen();
	set(BREAKER("name: pay, " AFTER_TWO, "{ref: flaky}"));
	fails(2);
	const struct seen *seen = rig_last(FLUME_EVENT_BREAKER_OPENED);
	ck_assert_str_eq(seen->name, "pay");
	ck_assert_str_eq(seen->schema_id, "s");
	ck_assert_str_eq(seen->path, "flaky");
	ck_assert_int_eq(seen->code, FLUME_FAILED);
	ck_assert_int_eq(call(), FLUME_REFUSED);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BREAKER_HALF_OPENED, "pay"), 0);
	rig.now_ns += 10 * SECOND;
	ck_assert_int_eq(call(), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BREAKER_OPENED, "pay"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BREAKER_HALF_OPENED, "pay"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BREAKER_CLOSED, "pay"), 1);
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_BREAKER_HALF_OPENED),
			 "breaker.half-opened");
}
END_TEST

START_TEST(the_longest_timeout_there_is_does_not_overflow)
{
	set(BREAKER("failure_threshold: 1, recovery_timeout: 2562047h47m16.854775807s",
		    "{ref: flaky}"));
	fails(1);
	ck_assert_int_eq(call(), FLUME_REFUSED);
	rig.now_ns += SECOND * 1000000000;
	ck_assert_int_eq(call(), FLUME_REFUSED);
}
END_TEST

START_TEST(a_pipeline_outside_the_store_has_one_of_its_own)
{
	static const char yaml[] = BREAKER(AFTER_ONE, "{ref: flaky}");
	rig.fails_left = 1;
	ck_assert_int_eq(rig_run(yaml, 1), FLUME_FAILED);
	ck_assert_int_eq(rig_run(yaml, 1), 0);
	rig_failed_at("", "");
}
END_TEST

Suite *suite_connector_breaker(void)
{
	Suite *suite = suite_create("connector_breaker");
	TCase *tc = rig_case(suite, "breaker");
	tcase_add_test(tc, it_opens_after_that_many_failures_in_a_row);
	tcase_add_test(tc, five_failures_and_a_minute_when_nobody_says);
	tcase_add_test(tc, a_success_starts_the_count_again);
	tcase_add_test(tc, a_refusal_says_when_a_call_will_be_tried);
	tcase_add_test(tc, a_call_that_succeeds_after_the_timeout_closes_it);
	tcase_add_test(tc, a_call_that_fails_after_the_timeout_opens_it_for_all_of_it_again);
	tcase_add_test(tc, one_failure_opens_a_half_open_one_whatever_the_threshold);
	tcase_add_test(tc, a_dropped_item_is_a_success);
	tcase_add_test(tc, who_cancels_a_call_does_not_make_its_child_fail);
	tcase_add_test(tc, a_child_that_gives_up_of_its_own_will_fails);
	tcase_add_test(tc, who_loses_a_race_has_not_failed);
	tcase_add_test(tc, who_is_told_to_stop_after_the_deadline_has_failed);
	tcase_add_test(tc, a_cancelled_call_that_tried_leaves_it_to_the_next);
	tcase_add_test(tc, one_call_tries_and_the_others_are_refused);
	tcase_add_test(tc, a_call_that_does_not_come_back_is_replaced_in_time);
	tcase_add_test(tc, a_slow_call_that_tries_closes_it_although_others_try_too);
	tcase_add_test(tc, a_failure_from_before_it_opened_is_no_news_once_it_closed);
	tcase_add_test(tc, a_failure_from_before_it_opened_does_not_keep_it_open_longer);
	tcase_add_test(tc, a_success_from_before_it_opened_does_not_close_it);
	tcase_add_test(tc, of_fifty_threads_one_tries);
	tcase_add_test(tc, canary_calls_neither_count_nor_are_refused_nor_try);
	tcase_add_test(tc, retries_inside_count_as_one_call);
	tcase_add_test(tc, each_attempt_outside_counts);
	tcase_add_test(tc, a_retry_may_outlast_it);
	tcase_add_test(tc, each_turn_is_an_event);
	tcase_add_test(tc, the_longest_timeout_there_is_does_not_overflow);
	tcase_add_test(tc, a_pipeline_outside_the_store_has_one_of_its_own);
	return suite;
}
