#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)

#define LIMIT(options) "{type: rate-limit, " options ", child: {ref: a}}"
#define TEN_A_SECOND   "requests_per_second: 10"

static void set(const char *yaml)
{
	rig_must_set("s", yaml);
}

static int call(const struct flume_call *with, struct flume_err *err)
{
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	struct item *item = rig_item(1);
	void *raw = item;
	int rc = flume_binding_process(binding, with, &raw, err);
	ck_assert_str_eq(item->marks, rc ? "" : "a");
	rig_free_item(raw);
	flume_binding_unref(binding);
	return rc;
}

static int call_with(const struct flume_call *with)
{
	return call(with, &rig.err);
}

static void passes_at_once(int times)
{
	size_t before = rig.n_slept;
	while (times--)
		ck_assert_int_eq(call_with(NULL), 0);
	ck_assert_uint_eq(rig.n_slept, before);
}

static void passes_after(int64_t ns)
{
	size_t before = rig.n_slept;
	ck_assert_int_eq(call_with(NULL), 0);
	ck_assert_uint_eq(rig.n_slept, before + 1);
	ck_assert_int_eq(rig.slept[before], ns);
}

static int call_within(int64_t ns)
{
	struct flume_call with = {.deadline_ns = rig.now_ns + ns};
	return call_with(&with);
}

/* When the next to come would have its turn, in ms from now; takes nothing. */
static long next_turn(void)
{
	static const char before[] = "the next turn comes in ";
	ck_assert_int_eq(call_within(1), FLUME_LIMITED);
	const char *found = strstr(rig.err.text, before);
	ck_assert_msg(found != NULL, "%s", rig.err.text);
	return strtol(found + strlen(before), NULL, 10);
}

START_TEST(a_burst_passes_and_the_next_wait_for_their_turns)
{
	set(LIMIT(TEN_A_SECOND ", burst_size: 3"));
	passes_at_once(3);
	for (int i = 0; i < 5; i++)
		passes_after(100 * MS);
}
END_TEST

START_TEST(ten_a_second_one_at_a_time_when_nobody_says)
{
	set("{type: rate-limit, child: {ref: a}}");
	passes_at_once(1);
	passes_after(100 * MS);
}
END_TEST

START_TEST(tokens_come_back_with_time_and_no_more_than_the_burst)
{
	set(LIMIT(TEN_A_SECOND ", burst_size: 3"));
	passes_at_once(3);
	rig.now_ns += 250 * MS;
	passes_at_once(2);
	passes_after(50 * MS);
	rig.now_ns += 3600 * SECOND;
	passes_at_once(3);
	passes_after(100 * MS);
}
END_TEST

START_TEST(a_call_waits_within_its_deadline)
{
	set(LIMIT(TEN_A_SECOND));
	passes_at_once(1);
	ck_assert_int_eq(call_within(100 * MS + 1), 0);
	ck_assert_int_eq(rig.slept[0], 100 * MS);
}
END_TEST

START_TEST(a_call_whose_turn_comes_too_late_is_refused_at_once)
{
	set(LIMIT(TEN_A_SECOND));
	passes_at_once(1);
	ck_assert_int_eq(call_within(100 * MS), FLUME_LIMITED); /* over when its turn comes */
	ck_assert_str_eq(rig.err.path, "rate-limit");
	ck_assert_str_eq(rig.err.text, "too many at a time: the next turn comes in 100 ms, "
				       "after the deadline of the call");
	ck_assert_int_eq(call_within(50 * MS), FLUME_LIMITED);
	ck_assert_uint_eq(rig.n_slept, 0);
	passes_after(100 * MS); /* they have taken nothing */
}
END_TEST

START_TEST(a_refusal_is_an_event)
{
	rig_listen();
	set(LIMIT("name: gate, " TEN_A_SECOND));
	passes_at_once(1);
	passes_after(100 * MS);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_RATE_LIMITED, "gate"), 0);
	ck_assert_int_eq(call_within(50 * MS), FLUME_LIMITED);
	const struct seen *seen = rig_last(FLUME_EVENT_RATE_LIMITED);
	ck_assert_str_eq(seen->name, "gate");
	ck_assert_str_eq(seen->schema_id, "s");
	ck_assert_int_eq(seen->code, FLUME_LIMITED);
}
END_TEST

START_TEST(a_cancel_wakes_who_waits_and_gives_the_turn_back)
{
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call with = {.cancel = cancel};
	set(LIMIT(TEN_A_SECOND));
	passes_at_once(1);
	rig.cancel_in_sleep = cancel;
	int64_t before = rig.now_ns;
	ck_assert_int_eq(call_with(&with), FLUME_CANCELLED);
	ck_assert_int_eq(rig.now_ns, before);
	ck_assert_str_eq(rig.err.path, "rate-limit");
	ck_assert_str_eq(rig.err.text, "the call was cancelled");
	rig.cancel_in_sleep = NULL;
	passes_after(100 * MS);
	flume_cancel_free(cancel);
}
END_TEST

/* ---- several that wait ---- */

struct waiter {
	pthread_t thread;
	flume_cancel *cancel;
	int rc;
	atomic_bool done;
};

static void *wait_for_turn(void *arg)
{
	struct waiter *waiter = arg;
	struct flume_call with = {.cancel = waiter->cancel};
	waiter->rc = call(&with, NULL);
	waiter->done = true;
	return NULL;
}

/* Returns when it sleeps: so the order is that of the calls. */
static struct waiter *begin_waiting(struct waiter *waiter)
{
	int asleep = rig.asleep;
	*waiter = (struct waiter){.cancel = flume_cancel_new()};
	ck_assert_int_eq(pthread_create(&waiter->thread, NULL, wait_for_turn, waiter), 0);
	while (rig.asleep == asleep)
		sched_yield();
	return waiter;
}

static int end_waiting(struct waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	flume_cancel_free(waiter->cancel);
	return waiter->rc;
}

static void give_up(struct waiter *waiter)
{
	flume_cancel_request(waiter->cancel);
	ck_assert_int_eq(end_waiting(waiter), FLUME_CANCELLED);
}

/* So many that wait for a bucket that is just empty, on a clock that the test moves. */
static void queue_up(struct waiter *waiters, int n)
{
	passes_at_once(1);
	rig.held = true;
	for (int i = 0; i < n; i++)
		begin_waiting(&waiters[i]);
	ck_assert_int_eq(next_turn(), 100 * (n + 1));
}

START_TEST(turns_come_in_the_order_of_the_calls)
{
	struct waiter waiters[5];
	set(LIMIT(TEN_A_SECOND));
	queue_up(waiters, 5);
	for (int i = 0; i < 5; i++) {
		rig.now_ns += 100 * MS;
		ck_assert_int_eq(end_waiting(&waiters[i]), 0);
		for (int later = i + 1; later < 5; later++)
			ck_assert(!waiters[later].done);
	}
}
END_TEST

START_TEST(a_turn_given_back_is_for_the_next_who_comes)
{
	struct waiter waiters[3];
	set(LIMIT(TEN_A_SECOND));
	queue_up(waiters, 3);
	give_up(&waiters[1]);
	ck_assert_int_eq(next_turn(), 200);
	begin_waiting(&waiters[1]);
	ck_assert_int_eq(next_turn(), 400);
	give_up(&waiters[2]);
	ck_assert_int_eq(next_turn(), 300);
	rig.now_ns += 200 * MS;
	ck_assert_int_eq(end_waiting(&waiters[0]), 0);
	ck_assert_int_eq(end_waiting(&waiters[1]), 0);
	ck_assert_int_eq(next_turn(), 100);
}
END_TEST

START_TEST(a_turn_given_back_late_lets_nobody_through_twice)
{
	struct waiter waiters[3];
	set(LIMIT(TEN_A_SECOND));
	queue_up(waiters, 3);
	give_up(&waiters[0]);
	rig.now_ns += 101 * MS; /* the turn passes unused */
	ck_assert_int_eq(next_turn(), 299);
	rig.now_ns += 199 * MS;
	ck_assert_int_eq(end_waiting(&waiters[1]), 0);
	ck_assert_int_eq(end_waiting(&waiters[2]), 0);
	ck_assert_int_eq(next_turn(), 100);
}
END_TEST

#define MANY 40

START_TEST(when_all_gave_up_nothing_is_owed)
{
	static const int orders[][2] = {{1, 0}, {MANY - 1, MANY - 1}, {3, 0}, {7, 5}, {13, 20}};
	struct waiter waiters[MANY];
	set(LIMIT(TEN_A_SECOND));
	for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
		queue_up(waiters, MANY);
		for (int i = 0; i < MANY; i++) /* each of them, in an order of its own */
			give_up(&waiters[(orders[o][1] + i * orders[o][0]) % MANY]);
		ck_assert_int_eq(next_turn(), 100);
		rig.held = false;
		rig.now_ns += SECOND;
	}
}
END_TEST

START_TEST(more_than_can_be_remembered_are_lost_rather_than_given_twice)
{
	static struct waiter waiters[2 * MANY], again[MANY];
	set(LIMIT(TEN_A_SECOND));
	queue_up(waiters, 2 * MANY);
	for (int i = 0; i < 2 * MANY; i += 2)
		give_up(&waiters[i]);
	int n = 0;
	for (long turn; (turn = next_turn()) <= 200 * MANY; n++) {
		ck_assert_int_eq(turn, 100 + 200 * n);
		begin_waiting(&again[n]);
	}
	ck_assert_int_gt(n, 10);
	ck_assert_int_le(n, MANY);
	rig.now_ns += 200 * MANY * MS;
	while (n-- > 0)
		ck_assert_int_eq(end_waiting(&again[n]), 0);
	for (int i = 1; i < 2 * MANY; i += 2)
		ck_assert_int_eq(end_waiting(&waiters[i]), 0);
	ck_assert_int_eq(next_turn(), 100);
}
END_TEST

START_TEST(a_turn_may_be_used_early_when_more_may_be_saved_up)
{
	struct waiter waiters[2];
	set(LIMIT(TEN_A_SECOND ", burst_size: 4"));
	passes_at_once(3);
	queue_up(waiters, 2);
	give_up(&waiters[0]);
	rig.now_ns += 300 * MS; /* within the burst the turn is not over yet */
	ck_assert_int_eq(end_waiting(&waiters[1]), 0);
	rig.held = false;
	passes_at_once(2);
	passes_after(100 * MS);
}
END_TEST

/* ---- many at once ---- */

static flume_binding *shared;
static atomic_long through, limited, finished;

static void *hammer(void *arg)
{
	struct flume_call with = {.deadline_ns = rig.now_ns + 1};
	for (int i = 0; i < 1000; i++) {
		void *item = rig_item(1);
		int rc = flume_binding_process(shared, &with, &item, NULL);
		through += rc == 0;
		limited += rc == FLUME_LIMITED;
		rig_free_item(item);
	}
	return arg;
}

START_TEST(threads_get_as_many_tokens_as_there_are)
{
	pthread_t threads[8];
	set(LIMIT("requests_per_second: 1, burst_size: 1234"));
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &shared, NULL), 0);
	through = limited = 0;
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer, NULL), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(through, 1234);
	ck_assert_int_eq(limited, 8000 - 1234);
	flume_binding_unref(shared);
}
END_TEST

static void *wait_or_give_up(void *arg)
{
	for (int i = 0; i < 20; i++) {
		struct waiter waiter = {.cancel = flume_cancel_new()};
		pthread_create(&waiter.thread, NULL, wait_for_turn, &waiter);
		if ((i + *(int *)arg) % 2)
			flume_cancel_request(waiter.cancel);
		end_waiting(&waiter);
		through += waiter.rc == 0;
	}
	finished++;
	return NULL;
}

START_TEST(waiting_and_giving_up_from_many_threads_never_lets_too_many_through)
{
	pthread_t threads[6];
	int parity[6];
	set(LIMIT("requests_per_second: 1000, burst_size: 2"));
	through = finished = 0;
	rig.held = true;
	int64_t begin = rig.now_ns;
	for (int i = 0; i < 6; i++) {
		parity[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, wait_or_give_up, &parity[i]),
				 0);
	}
	while (finished < 6) {
		long seen = through;
		ck_assert_int_le(seen, 2 + (rig.now_ns - begin) / MS);
		rig.now_ns += rig.asleep ? MS / 4 : 0;
		sched_yield();
	}
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_ge(through, 60);
}
END_TEST

/* ---- canary calls, and what cannot be ---- */

START_TEST(canary_calls_neither_wait_nor_take)
{
	struct flume_call canary = {.flags = FLUME_CALL_CANARY};
	set(LIMIT(TEN_A_SECOND ", burst_size: 2"));
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(call_with(&canary), 0);
	passes_at_once(2);
	ck_assert_int_eq(call_with(&canary), 0);
	passes_after(100 * MS);
}
END_TEST

START_TEST(its_pipeline_may_wait)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema(LIMIT(TEN_A_SECOND));
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	ck_assert(flume_pipeline_may_block(pipeline));
	flume_pipeline_unref(pipeline);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(failures_of_the_child_tell_the_way)
{
	ck_assert_int_eq(rig_run("{type: rate-limit, child: {ref: fail}}", 1), FLUME_FAILED);
	rig_failed_at("rate-limit > fail", "no to 1");
}
END_TEST

START_TEST(the_fastest_and_the_slowest_rates_hold)
{
	set(LIMIT("requests_per_second: 1e9, burst_size: 1000000"));
	passes_at_once(RIG_MOST);
	set(LIMIT("name: b, requests_per_second: 1e9"));
	passes_at_once(1);
	passes_after(1);
	set(LIMIT("name: c, requests_per_second: 1e300"));
	passes_at_once(100);
	set(LIMIT("name: d, requests_per_second: 1e-9"));
	passes_at_once(1);
	ck_assert_int_eq(call_within(1000000000 * SECOND), FLUME_LIMITED);
	ck_assert_int_eq(call_within(1000000000 * SECOND + 1), 0);
	set(LIMIT("name: e, requests_per_second: 1e-300"));
	passes_at_once(1);
	ck_assert_int_eq(call_within(1000000000 * SECOND), FLUME_LIMITED);
}
END_TEST

START_TEST(a_large_burst_at_a_slow_rate_is_all_there)
{
	set(LIMIT("requests_per_second: 1e-9, burst_size: 100000"));
	passes_at_once(100000);
	ck_assert_int_eq(call_within(999999999 * SECOND), FLUME_LIMITED);
	rig.now_ns += 1000000000 * SECOND;
	passes_at_once(1);
	ck_assert_int_eq(call_within(SECOND), FLUME_LIMITED);
}
END_TEST

START_TEST(who_waits_for_more_than_a_life_is_refused)
{
	struct waiter waiters[4];
	set(LIMIT("requests_per_second: 1e-9"));
	passes_at_once(1);
	rig.held = true;
	for (int i = 0; i < 4; i++)
		begin_waiting(&waiters[i]);
	ck_assert_int_eq(call_with(NULL), FLUME_LIMITED);
	for (int i = 0; i < 4; i++)
		give_up(&waiters[i]);
	ck_assert_int_eq(call_within(1000000000 * SECOND), FLUME_LIMITED);
	give_up(begin_waiting(&waiters[0]));
}
END_TEST

START_TEST(a_long_quiet_time_does_not_overflow)
{
	set(LIMIT(TEN_A_SECOND ", burst_size: 2"));
	passes_at_once(2);
	rig.now_ns += 30 * 365 * 86400 * SECOND;
	passes_at_once(2);
	passes_after(100 * MS);
}
END_TEST

Suite *suite_connector_limit(void)
{
	Suite *suite = suite_create("connector_limit");
	TCase *tc = rig_case(suite, "limit");
	tcase_add_test(tc, a_burst_passes_and_the_next_wait_for_their_turns);
	tcase_add_test(tc, ten_a_second_one_at_a_time_when_nobody_says);
	tcase_add_test(tc, tokens_come_back_with_time_and_no_more_than_the_burst);
	tcase_add_test(tc, a_call_waits_within_its_deadline);
	tcase_add_test(tc, a_call_whose_turn_comes_too_late_is_refused_at_once);
	tcase_add_test(tc, a_refusal_is_an_event);
	tcase_add_test(tc, a_cancel_wakes_who_waits_and_gives_the_turn_back);
	tcase_add_test(tc, turns_come_in_the_order_of_the_calls);
	tcase_add_test(tc, a_turn_given_back_is_for_the_next_who_comes);
	tcase_add_test(tc, a_turn_given_back_late_lets_nobody_through_twice);
	tcase_add_test(tc, when_all_gave_up_nothing_is_owed);
	tcase_add_test(tc, more_than_can_be_remembered_are_lost_rather_than_given_twice);
	tcase_add_test(tc, a_turn_may_be_used_early_when_more_may_be_saved_up);
	tcase_add_test(tc, threads_get_as_many_tokens_as_there_are);
	tcase_add_test(tc, waiting_and_giving_up_from_many_threads_never_lets_too_many_through);
	tcase_add_test(tc, canary_calls_neither_wait_nor_take);
	tcase_add_test(tc, its_pipeline_may_wait);
	tcase_add_test(tc, failures_of_the_child_tell_the_way);
	tcase_add_test(tc, the_fastest_and_the_slowest_rates_hold);
	tcase_add_test(tc, a_large_burst_at_a_slow_rate_is_all_there);
	tcase_add_test(tc, who_waits_for_more_than_a_life_is_refused);
	tcase_add_test(tc, a_long_quiet_time_does_not_overflow);
	return suite;
}
