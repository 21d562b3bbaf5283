/* What the original gets wrong in a call, each as a promise of ours. */
#include "tests/unit/stamps.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <string.h>

/* ---- clones ---- */

static const char *const cloning[] = {
	"{type: retry, child: {ref: a}}",
	"{type: fallback, children: [{ref: a}, {ref: b}]}",
	"{type: concurrent, children: [{ref: a}, {ref: b}]}",
	"{type: concurrent, reducer: nothing, children: [{ref: a}, {ref: b}]}",
	"{type: race, children: [{ref: a}, {ref: b}]}",
	"{type: contest, predicate: yes, children: [{ref: a}, {ref: b}]}",
	"{type: worker-pool, children: [{ref: a}, {ref: b}]}",
	"{type: sequence, children: [{stream: box, child: {ref: a}}]}",
};

/* Theirs: a panic in a clone ends the process.  A C function cannot throw; it returns NULL. */
START_TEST(a_clone_that_fails_is_an_error_of_the_call)
{
	for (long nth = 1; nth <= 2; nth++) {
		rig.clones = 0;
		rig.fail_clone = nth;
		int rc = rig_run(cloning[_i], 1);
		if (rig.clones >= nth)
			ck_assert_msg(rc < 0 || rig.item->marks[0], "%s: %d", cloning[_i], rc);
		while (rig.items != 1) /* ours, and what was left behind goes too */
			sched_yield();
		rig.fail_clone = 0;
		ck_assert_int_eq(rig_run(cloning[_i], 1), 0);
	}
}
END_TEST

/* ---- marks ---- */

/* Theirs: an attempt begins with what the one before has done to the item. */
START_TEST(failed_attempts_leave_no_marks)
{
	rig.fails_left = 2;
	ck_assert_int_eq(rig_run("{type: retry, child: {type: sequence, children: [{ref: a}, "
				 "{ref: inc}, {ref: flaky}]}}",
				 1),
			 0);
	rig_left("af");
	ck_assert_int_eq(rig.item->value, 2);
	ck_assert_int_eq(rig_run("{type: fallback, children: [{type: sequence, children: "
				 "[{ref: a}, {ref: fail}]}, {ref: b}]}",
				 1),
			 0);
	rig_left("b");
}
END_TEST

/* Theirs: whoever reads the channel reads what the pipeline is writing. */
START_TEST(stream_and_pipeline_share_no_item)
{
	ck_assert_int_eq(rig_run("{stream: box, children: [{ref: inc}, {ref: a}]}", 7), 0);
	rig_left("a"); /* the channel marks what it gets */
	ck_assert_int_eq(rig.item->value, 8);
	ck_assert_uint_eq(rig.n_sent, 1);
	ck_assert_int_eq(rig.sent[0], 7);
}
END_TEST

/* ---- state ---- */

static int call(const char *id)
{
	return rig_process(id, 1);
}

/* Theirs: every reload closes every breaker, even that of the identical schema. */
START_TEST(an_open_breaker_stays_open_over_a_reload)
{
	rig_must_set("s", "{version: '1', type: circuit-breaker, failure_threshold: 2, "
			  "child: {ref: fail}}");
	ck_assert_int_eq(call("s"), FLUME_FAILED);
	ck_assert_int_eq(call("s"), FLUME_FAILED);
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	ck_assert_int_eq(rig_set("s", "{type: circuit-breaker, version: '1', "
				      "failure_threshold: 2, child: {ref: fail}}"),
			 FLUME_UNCHANGED);
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	rig_must_set("s", "{version: '2', type: circuit-breaker, failure_threshold: 2, "
			  "child: {ref: a}}");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
}
END_TEST

/* Theirs: every reload fills every bucket. */
START_TEST(an_empty_bucket_stays_empty_over_a_reload)
{
	rig_must_set("s", "{version: '1', type: rate-limit, requests_per_second: 1, "
			  "burst_size: 2, child: {ref: a}}");
	ck_assert_int_eq(call("s"), 0);
	ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(rig.n_slept, 0);
	rig_must_set("s", "{version: '2', type: rate-limit, requests_per_second: 1, "
			  "burst_size: 2, child: {ref: b}}");
	ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(rig.n_slept, 1); /* it had to wait for a token */
}
END_TEST

enum { PROBES = 50 };

static atomic_int refused, passed;

static void *probe(void *arg)
{
	void *item = rig_item(1);
	int rc = flume_binding_process(arg, NULL, &item, NULL);
	if (rc == FLUME_REFUSED)
		refused++;
	else
		passed += rc == 0;
	rig_free_item(item);
	return NULL;
}

/* Theirs: everybody. */
START_TEST(half_open_lets_one_probe_through)
{
	pthread_t probes[PROBES];
	flume_binding *binding = NULL;
	refused = passed = 0;
	rig_must_set("s", "{type: circuit-breaker, failure_threshold: 1, recovery_timeout: 1s, "
			  "child: {type: sequence, children: [{ref: flaky}, {ref: gate}]}}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	rig.fails_left = 1;
	ck_assert_int_eq(call("s"), FLUME_FAILED);
	rig.now_ns += 1000000001;
	for (int i = 0; i < PROBES; i++)
		begin_thread(&probes[i], probe, binding);
	while (refused < PROBES - 1)
		sched_yield();
	ck_assert_int_eq(rig.at_gate, 1);
	rig.gate_open = true;
	for (int i = 0; i < PROBES; i++)
		pthread_join(probes[i], NULL);
	ck_assert_int_eq(passed, 1);
	ck_assert_int_eq(call("s"), 0); /* and closed by it */
	flume_binding_unref(binding);
}
END_TEST

/* ---- cancellation ---- */

static atomic_int hanging;

/* Until it is told to stop. */
static int run_hang(const struct flume_call *c, void **item, void *arg, struct flume_err *err)
{
	(void)item, (void)arg;
	hanging++;
	while (!flume_cancel_requested(c->cancel))
		sched_yield();
	return flume_fail(err, FLUME_CANCELLED, "told to stop");
}

static const char *const parallel[] = {
	"{type: race, children: [{ref: hang}, {ref: hang}]}",
	"{type: contest, predicate: yes, children: [{ref: hang}, {ref: hang}]}",
	"{type: concurrent, children: [{ref: hang}, {ref: hang}]}",
	"{type: concurrent, reducer: nothing, children: [{ref: hang}, {ref: hang}]}",
	"{type: worker-pool, children: [{ref: hang}, {ref: hang}]}",
};

static void *cancel_soon(void *arg)
{
	while (!hanging)
		sched_yield();
	flume_cancel_request(arg);
	return NULL;
}

/* Theirs: the call succeeds, with the input as it came. */
START_TEST(a_cancelled_call_is_no_success)
{
	pthread_t canceller;
	flume_cancel *cancel = flume_cancel_new();
	const struct flume_call one = {.cancel = cancel};
	hanging = 0;
	rig_add(&(struct flume_component){.name = "hang", .run = run_hang, .blocks = true});
	begin_thread(&canceller, cancel_soon, cancel);
	ck_assert_int_eq(rig_run_call(parallel[_i], 1, &one), FLUME_CANCELLED);
	pthread_join(canceller, NULL);
	rig_left("");
	ck_assert_int_eq(rig_run_call(parallel[_i], 1, &one), FLUME_CANCELLED);
	flume_cancel_free(cancel);
}
END_TEST

Suite *suite_original_faults_calls(void)
{
	Suite *suite = suite_create("original_faults_calls");
	TCase *tc = tcase_create("original_faults_calls");
	tcase_add_checked_fixture(tc, stamps_open, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, a_clone_that_fails_is_an_error_of_the_call, 0,
			    sizeof cloning / sizeof *cloning);
	tcase_add_test(tc, failed_attempts_leave_no_marks);
	tcase_add_test(tc, stream_and_pipeline_share_no_item);
	tcase_add_test(tc, an_open_breaker_stays_open_over_a_reload);
	tcase_add_test(tc, an_empty_bucket_stays_empty_over_a_reload);
	tcase_add_test(tc, half_open_lets_one_probe_through);
	tcase_add_loop_test(tc, a_cancelled_call_is_no_success, 0,
			    sizeof parallel / sizeof *parallel);
	return suite;
}
