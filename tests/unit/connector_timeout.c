#include "tests/unit/parallel.h"
#include "tests/unit/suites.h"

/* ---- on workers and in place ---- */

START_TEST(what_is_done_in_time_is_taken)
{
	ck_assert_int_eq(rig_run("{type: timeout, duration: 5ms, child: {type: sequence, "
				 "children: [{ref: replace}, {ref: a}]}}",
				 1),
			 0);
	ck_assert_int_eq(rig.item->value, 101);
	rig_left("a");
	ck_assert_int_eq(rig.clones, 1);
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(a_dropped_item_is_dropped)
{
	ck_assert_int_eq(rig_run("{type: timeout, child: {ref: drop}}", 1), FLUME_DROPPED);
	rig_left("D");
}
END_TEST

START_TEST(a_failure_in_time_is_the_childs)
{
	ck_assert_int_eq(rig_run("{type: timeout, child: {ref: fail}}", 1), FLUME_FAILED);
	rig_failed_at("timeout > fail", "no to 1");
	rig_left("");
	ck_assert_int_eq(rig_run("{type: timeout, child: {ref: own-time}}", 1),
			 FLUME_TIMED_OUT);
	rig_failed_at("timeout > own-time", "the bank did not answer");
}
END_TEST

START_TEST(what_comes_late_is_discarded)
{
	ck_assert_int_eq(rig_run("{type: timeout, duration: 1ms, child: {type: sequence, "
				 "children: [{ref: a}, {ref: pass-time}]}}",
				 1),
			 FLUME_TIMED_OUT);
	rig_failed_at("timeout", "not done within 1ms");
	rig_left("");
	ck_assert_int_eq(rig.items, 1);
}
END_TEST

START_TEST(a_failure_that_comes_late_is_late)
{
	ck_assert_int_eq(rig_run("{type: timeout, duration: 1ms, child: {type: sequence, "
				 "children: [{ref: pass-time}, {ref: fail}]}}",
				 1),
			 FLUME_TIMED_OUT);
	rig_failed_at("timeout", "not done within 1ms");
}
END_TEST

START_TEST(the_child_is_told_how_much_time_it_has)
{
	ck_assert_int_eq(rig_run("{type: timeout, duration: 5ms, child: {ref: look}}", 1), 0);
	ck_assert_int_eq(parallel.deadline_ns, rig.now_ns + 5 * MS);
	ck_assert_int_eq(rig_run("{type: timeout, child: {ref: look}}", 1), 0);
	ck_assert_int_eq(parallel.deadline_ns, rig.now_ns + 30000 * MS);
}
END_TEST

START_TEST(of_two_deadlines_the_nearer_one_wins)
{
	struct flume_call call = {.deadline_ns = rig.now_ns + MS};
	ck_assert_int_eq(
		rig_run_call("{type: timeout, duration: 5ms, child: {ref: look}}", 1, &call),
		0);
	ck_assert_int_eq(parallel.deadline_ns, call.deadline_ns);
	ck_assert_int_eq(rig_run_call("{type: timeout, duration: 5ms, child: {ref: pass-time}}",
				      1, &call),
			 FLUME_TIMED_OUT);
	rig_failed_at("timeout", "the deadline of the call has passed");
	call.deadline_ns = rig.now_ns + 10 * MS;
	ck_assert_int_eq(
		rig_run_call("{type: timeout, duration: 1ms, name: outer, child: "
			     "{type: timeout, duration: 5ms, child: {ref: pass-time}}}",
			     1, &call),
		FLUME_TIMED_OUT);
	rig_failed_at("outer", "not done within 1ms");
}
END_TEST

START_TEST(the_longest_duration_there_is_does_not_overflow)
{
	ck_assert_int_eq(rig_run("{type: timeout, duration: 2562047h47m16.854775807s, "
				 "child: {ref: look}}",
				 1),
			 0);
	ck_assert_int_eq(parallel.deadline_ns, INT64_MAX);
}
END_TEST

START_TEST(what_was_cancelled_is_no_success)
{
	struct flume_call call = {.cancel = parallel.cancel};
	ck_assert_int_eq(rig_run_call("{type: timeout, child: {ref: give-up}}", 1, &call),
			 FLUME_CANCELLED);
	rig_failed_at("timeout", "the call was cancelled");
}
END_TEST

START_TEST(an_item_that_cannot_be_cloned_is_no_memory)
{
	rig.fail_clone = 1;
	ck_assert_int_eq(rig_run("{type: timeout, child: {ref: a}}", 1), FLUME_NOMEM);
	rig_failed_at("timeout", "out of memory");
	rig_left("");
}
END_TEST

/* ---- on workers ---- */

#define HANGS                                                                             \
	"{type: timeout, duration: 5ms, child: {type: sequence, children: [{ref: gate}, " \
	"{ref: "                                                                          \
	"replace}]}}"

START_TEST(nobody_holds_a_caller_past_its_deadline)
{
	struct errand errand;
	errand_begin(&errand, HANGS, 1, NULL);
	UNTIL(rig.at_gate && rig.asleep);
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&errand), FLUME_TIMED_OUT);
	rig_failed_at("timeout", "not done within 5ms");
	ck_assert_int_eq(rig.at_gate, 1);
	ck_assert_int_eq(rig.items, 2);
	rig_left("");
	rig.gate_open = true;
	UNTIL(rig.items == 1); /* its late result is freed */
}
END_TEST

START_TEST(the_childs_sleep_ends_with_its_time)
{
	struct errand errand;
	errand_begin(&errand,
		     "{type: timeout, duration: 5ms, child: {type: retry, backoff: 1h, child: "
		     "{ref: fail}}}",
		     1, NULL);
	UNTIL(rig.asleep == 2); /* child and caller */
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&errand), FLUME_TIMED_OUT);
	UNTIL(!rig.asleep);
}
END_TEST

static void *end_factory(void *arg)
{
	atomic_bool *over = arg;
	rig.factory = flume_factory_free(rig.factory);
	*over = true;
	return NULL;
}

START_TEST(a_factory_waits_for_what_was_left_behind)
{
	struct errand errand;
	pthread_t end;
	atomic_bool over = false;
	errand_begin(&errand, HANGS, 1, NULL);
	UNTIL(rig.at_gate && rig.asleep);
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&errand), FLUME_TIMED_OUT);
	ck_assert_int_eq(pthread_create(&end, NULL, end_factory, &over), 0);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	ck_assert(!over);
	ck_assert_int_eq(rig.at_gate, 1);
	rig.gate_open = true;
	pthread_join(end, NULL);
	ck_assert_int_eq(rig.items, 1);
	ck_assert_int_eq(rig.done, rig.added);
}
END_TEST

START_TEST(a_stored_schema_waits_for_it_too)
{
	struct flight flight;
	rig_must_set("s", HANGS);
	rig_take_off(&flight, "s");
	UNTIL(rig.asleep);
	rig.now_ns += 5 * MS;
	pthread_join(flight.thread, NULL);
	ck_assert_int_eq(flight.rc, FLUME_TIMED_OUT);
	rig_must_set("s", "ref: a"); /* swapped away underneath */
	ck_assert_int_eq(rig.at_gate, 1);
	rig.gate_open = true;
	flume_binding_unref(flight.binding);
	rig.item = flight.item;
}
END_TEST

START_TEST(what_hangs_may_end_after_factory_and_pipeline_are_gone)
{
	struct errand errand;
	flume_schema *schema = rig_schema(HANGS);
	errand = (struct errand){.item = rig_item(1)};
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &errand.pipeline, NULL), 0);
	flume_schema_unref(schema);
	rig.factory = flume_factory_free(rig.factory);
	errand_start(&errand);
	UNTIL(rig.at_gate && rig.asleep);
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&errand), FLUME_TIMED_OUT); /* lets go of the pipeline */
	ck_assert_int_lt(rig.done, rig.added);
	rig.gate_open = true;
	UNTIL(rig.done == rig.added);
}
END_TEST

static void add_both(TCase *tc)
{
	tcase_add_test(tc, what_is_done_in_time_is_taken);
	tcase_add_test(tc, a_dropped_item_is_dropped);
	tcase_add_test(tc, a_failure_in_time_is_the_childs);
	tcase_add_test(tc, what_comes_late_is_discarded);
	tcase_add_test(tc, a_failure_that_comes_late_is_late);
	tcase_add_test(tc, the_child_is_told_how_much_time_it_has);
	tcase_add_test(tc, of_two_deadlines_the_nearer_one_wins);
	tcase_add_test(tc, the_longest_duration_there_is_does_not_overflow);
	tcase_add_test(tc, what_was_cancelled_is_no_success);
	tcase_add_test(tc, an_item_that_cannot_be_cloned_is_no_memory);
}

Suite *suite_connector_timeout(void)
{
	Suite *suite = suite_create("connector_timeout");
	TCase *tc = parallel_case(suite, "on workers", parallel_open, parallel_close);
	add_both(tc);
	tcase_add_test(tc, nobody_holds_a_caller_past_its_deadline);
	tcase_add_test(tc, the_childs_sleep_ends_with_its_time);
	tcase_add_test(tc, a_factory_waits_for_what_was_left_behind);
	tcase_add_test(tc, a_stored_schema_waits_for_it_too);
	tcase_add_test(tc, what_hangs_may_end_after_factory_and_pipeline_are_gone);
	tc = parallel_case(suite, "in place", parallel_open_in_place, parallel_close_in_place);
	add_both(tc);
	return suite;
}
