/* What the parallel connectors have in common: who runs what, and what is left when not. */
#include "tests/unit/memory.h"
#include "tests/unit/parallel.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* ---- nesting ---- */

/* `depth` steps of the kinds in turn around `leaf`. */
static const char *nested(const char *const *kinds, size_t n, int depth, const char *leaf)
{
	static char yaml[16384];
	size_t used = 0;
	for (int i = 0; i < depth; i++)
		used += (size_t)snprintf(yaml + used, sizeof yaml - used, "%s",
					 kinds[(size_t)i % n]);
	used += (size_t)snprintf(yaml + used, sizeof yaml - used, "%s", leaf);
	for (int i = depth; i-- > 0;)
		used += (size_t)snprintf(yaml + used, sizeof yaml - used, "%s",
					 strstr(kinds[(size_t)i % n], "children") ? "]}" : "}");
	ck_assert_uint_lt(used, sizeof yaml);
	return yaml;
}

static const char *const kinds[] = {
	"{type: race, children: [{ref: fail}, ",
	"{type: timeout, child: ",
	"{type: contest, predicate: yes, children: [{ref: drop}, ",
	"{type: concurrent, reducer: list, children: [{ref: a}, ",
	"{type: worker-pool, workers: 2, children: [{ref: a}, {ref: b}, ",
	"{type: fallback, children: [{ref: fail}, ",
};

START_TEST(steps_nest_deeper_than_there_are_workers)
{
	for (int depth = 1; depth <= 18; depth++)
		ck_assert_int_eq(rig_run(nested(kinds, 6, depth, "{ref: a}"), 1), 0);
	ck_assert_uint_le(parallel_info().workers, 1);
	UNTIL(rig.items == 1);
}
END_TEST

START_TEST(each_kind_nests_in_itself)
{
	for (size_t k = 0; k < 5; k++)
		ck_assert_int_eq(rig_run(nested(&kinds[k], 1, 12, "{ref: inc}"), 1), 0);
	UNTIL(rig.items == 1);
}
END_TEST

static void *call_nested(void *arg)
{
	flume_binding *binding = NULL;
	flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL);
	for (int i = 0; i < 30; i++) {
		void *item = rig_item(1);
		int rc = flume_binding_process(binding, NULL, &item, NULL);
		*(atomic_int *)arg += rc != 0;
		rig_free_item(item);
	}
	flume_binding_unref(binding);
	return NULL;
}

START_TEST(many_that_nest_get_by_with_one_worker)
{
	pthread_t callers[8];
	atomic_int bad = 0;
	rig_must_set("s", nested(kinds, 3, 6, "{ref: inc}"));
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&callers[i], NULL, call_nested, &bad), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(callers[i], NULL);
	ck_assert_int_eq(bad, 0);
	ck_assert_uint_le(parallel_info().workers, 1);
}
END_TEST

/* The one worker waits for its own child, which it can run; another call's cannot be run. */
START_TEST(an_inner_step_is_not_held_up_by_a_full_queue)
{
	struct errand outer, other;
	struct flume_call call = {.cancel = parallel.cancel};
	errand_begin(&outer,
		     "{type: race, children: [{type: sequence, children: [{ref: gate}, "
		     "{type: timeout, child: {ref: inc}}]}]}",
		     1, NULL);
	UNTIL(rig.at_gate);
	errand_begin(&other, "{type: race, children: [{ref: until-told}]}", 1, &call);
	UNTIL(parallel_info().queued);
	rig.gate_open = true;
	ck_assert_int_eq(errand_end(&outer), 0);
	ck_assert_int_eq(rig.item->value, 2);
	flume_cancel_request(parallel.cancel);
	ck_assert_int_eq(errand_end(&other), FLUME_CANCELLED);
}
END_TEST

/* ---- what can be seen ---- */

START_TEST(the_queue_can_be_seen)
{
	struct errand busy, waits;
	struct flume_call call = {.cancel = parallel.cancel};
	ck_assert_uint_eq(parallel_info().workers, 0);
	errand_begin(&busy, "{type: race, children: [{ref: gate}]}", 1, NULL);
	UNTIL(rig.at_gate);
	errand_begin(&waits, "{type: timeout, child: {ref: count-in}}", 1, &call);
	UNTIL(parallel_info().queued);
	ck_assert_uint_eq(parallel_info().queued, 1);
	ck_assert_uint_eq(parallel_info().busy, 1);
	ck_assert_uint_eq(parallel_info().workers, 1);
	flume_cancel_request(parallel.cancel);
	ck_assert_int_eq(errand_end(&waits), FLUME_CANCELLED);
	ck_assert_uint_eq(parallel_info().queued, 0); /* it left nothing behind */
	rig.gate_open = true;
	ck_assert_int_eq(errand_end(&busy), 0);
	UNTIL(!parallel_info().busy);
	ck_assert_int_eq(parallel.ran, 0);
}
END_TEST

START_TEST(who_waits_in_the_queue_leaves_at_its_deadline)
{
	struct errand busy, waits;
	errand_begin(&busy, "{type: race, children: [{ref: gate}]}", 1, NULL);
	UNTIL(rig.at_gate);
	errand_begin(&waits, "{type: timeout, duration: 5ms, child: {ref: count-in}}", 1, NULL);
	UNTIL(rig.asleep);
	rig.now_ns += 5 * MS;
	ck_assert_int_eq(errand_end(&waits), FLUME_TIMED_OUT);
	rig_failed_at("timeout", "not done within 5ms");
	rig.gate_open = true;
	ck_assert_int_eq(errand_end(&busy), 0);
	ck_assert_int_eq(parallel.ran, 0);
}
END_TEST

/* ---- without threads ---- */

START_TEST(without_threads_the_caller_does_what_it_can)
{
	no_threads(true);
	ck_assert_int_eq(rig_run("{type: concurrent, reducer: list, children: "
				 "[{ref: triple}, {ref: triple, name: again}]}",
				 2),
			 0);
	ck_assert_str_eq(parallel.merged, "triple=6 again=6");
	ck_assert_int_eq(rig_run("{type: worker-pool, children: [{ref: count-in}, "
				 "{ref: count-in}, {ref: count-in}]}",
				 2),
			 0);
	ck_assert_int_eq(parallel.ran, 3);
	no_threads(false);
}
END_TEST

START_TEST(without_threads_the_others_fail_and_say_so)
{
	static const char *const yaml[] = {
		"{type: race, name: x, children: [{ref: a}, {ref: b}]}",
		"{type: contest, name: x, predicate: yes, children: [{ref: a}]}",
		"{type: timeout, name: x, child: {ref: a}}",
	};
	no_threads(true);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(rig_run(yaml[i], 1), FLUME_LIMITED);
		rig_failed_at("x", "no thread could be started for it");
		ck_assert_int_eq(rig.items, 1);
	}
	no_threads(false);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(rig_run(yaml[i], 1), 0);
}
END_TEST

/* ---- without memory ---- */

static const struct {
	const char *yaml;
	int rc;
} steps[] = {
	{"{type: concurrent, children: [{ref: a}, {ref: inc}]}", 0},
	{"{type: concurrent, children: [{ref: a}, {ref: fail}]}", FLUME_FAILED},
	{"{type: concurrent, reducer: list, children: [{ref: fail}, {ref: inc}]}", 0},
	{"{type: race, children: [{ref: fail}, {ref: inc}]}", 0},
	{"{type: race, children: [{ref: fail}, {ref: fail}]}", FLUME_FAILED},
	{"{type: contest, predicate: even, children: [{ref: a}, {ref: inc}]}", 0},
	{"{type: contest, predicate: no, children: [{ref: a}, {ref: fail}]}", FLUME_FAILED},
	{"{type: timeout, child: {ref: inc}}", 0},
	{"{type: timeout, child: {ref: fail}}", FLUME_FAILED},
	{"{type: worker-pool, children: [{ref: a}, {ref: b}, {ref: fail}]}", FLUME_FAILED},
};

static int build(flume_schema *schema, flume_pipeline **out)
{
	*out = NULL;
	return flume_schema_build(schema, rig.factory, out, NULL);
}

/* Again and again, with a later allocation that fails, until none does. */
static void process_without_memory(flume_pipeline *pipeline, int wanted)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		void *item = rig_item(1);
		memory_fails_at(nth);
		int rc = flume_pipeline_process(pipeline, NULL, &item, &rig.err);
		failed = memory_is_back();
		ck_assert_msg(rc == wanted || (failed && rc < 0), "%ld: %s", nth,
			      flume_code_text(rc));
		ck_assert(item);
		rig_free_item(item);
		UNTIL(rig.items == 0);
	}
}

START_TEST(without_memory_steps_fail_and_leak_nothing)
{
	ck_assert_int_eq(rig_run("{type: race, children: [{ref: a}]}", 1), 0); /* a worker */
	rig_free_item(rig.item);
	rig.item = NULL;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		bool failed = true;
		flume_pipeline *pipeline = NULL;
		flume_schema *schema = rig_schema(steps[i].yaml);
		for (long nth = 1; failed; nth++) {
			memory_fails_at(nth);
			int rc = build(schema, &pipeline);
			failed = memory_is_back();
			ck_assert(rc == 0 || (failed && rc == FLUME_NOMEM));
			if (rc == 0 && failed)
				flume_pipeline_unref(pipeline);
		}
		flume_schema_unref(schema);
		process_without_memory(pipeline, steps[i].rc);
		flume_pipeline_unref(pipeline);
	}
}
END_TEST

/* ---- what is prompt ---- */

static bool may_block(const char *yaml)
{
	flume_pipeline *pipeline;
	flume_schema *schema = rig_schema(yaml);
	ck_assert_int_eq(build(schema, &pipeline), 0);
	bool may = flume_pipeline_may_block(pipeline);
	flume_pipeline_unref(pipeline);
	flume_schema_unref(schema);
	return may;
}

START_TEST(one_child_that_is_not_prompt_takes_all_to_workers)
{
	rig_add(&(struct flume_component){
		.name = "slow", .run = rig_parts[0].run, .arg = rig_parts[0].arg});
	ck_assert(!may_block("{type: race, children: [{ref: a}, {ref: b}]}"));
	ck_assert(may_block("{type: race, children: [{ref: a}, {ref: slow}]}"));
	ck_assert(!may_block("{type: sequence, children: [{ref: slow}, {type: timeout, child: "
			     "{ref: a}}, {ref: slow}]}"));
	ck_assert(may_block("{type: timeout, child: {type: filter, predicate: yes, then: "
			    "{type: retry, child: {ref: slow}}}}"));
	ck_assert(may_block("{type: timeout, child: {ref: blocking}}"));
	ck_assert(may_block(
		"{type: timeout, child: {type: retry, backoff: 1s, child: {ref: a}}}"));
	ck_assert(may_block(
		"{type: timeout, child: {type: retry, attempts: 100, child: {ref: a}}}"));
	ck_assert(may_block("{type: timeout, child: {stream: box}}"));
}
END_TEST

START_TEST(schemas_that_are_referred_to_count)
{
	rig_add(&(struct flume_component){
		.name = "slow", .run = rig_parts[0].run, .arg = rig_parts[0].arg});
	rig_must_set("quick", "{type: sequence, children: [{ref: a}, {ref: b}]}");
	rig_must_set("slower", "{type: sequence, children: [{ref: a}, {ref: slow}]}");
	ck_assert(!may_block("{type: timeout, child: {ref: quick}}"));
	ck_assert(may_block("{type: timeout, child: {ref: slower}}"));
	ck_assert(may_block("{type: sequence, children: [{ref: slower}, {type: timeout, child: "
			    "{ref: slower}}]}"));
	ck_assert(
		!may_block("{type: sequence, children: [{ref: slower}, {type: timeout, child: "
			   "{ref: quick}}, {ref: slower}]}"));
}
END_TEST

static bool slow_test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call, (void)item, (void)arg;
	return true;
}

START_TEST(a_predicate_is_prompt_when_all_it_is_made_of_are)
{
	rig_add_makers();
	rig_add(&(struct flume_component){.name = "slow", .test = slow_test});
	ck_assert(!may_block("{components: {predicates: {p: {kind: all, of: [yes, no]}}}, "
			     "type: contest, predicate: p, children: [{ref: a}]}"));
	ck_assert(may_block("{components: {predicates: {p: {kind: all, of: [yes, q]}, "
			    "q: {kind: all, of: slow}}}, "
			    "type: contest, predicate: p, children: [{ref: a}]}"));
}
END_TEST

Suite *suite_group(void)
{
	Suite *suite = suite_create("group");
	TCase *tc = parallel_case(suite, "one worker", parallel_open_one, parallel_close);
	tcase_add_test(tc, steps_nest_deeper_than_there_are_workers);
	tcase_add_test(tc, each_kind_nests_in_itself);
	tcase_add_test(tc, many_that_nest_get_by_with_one_worker);
	tcase_add_test(tc, an_inner_step_is_not_held_up_by_a_full_queue);
	tcase_add_test(tc, the_queue_can_be_seen);
	tcase_add_test(tc, who_waits_in_the_queue_leaves_at_its_deadline);
	tcase_add_test(tc, without_threads_the_caller_does_what_it_can);
	tcase_add_test(tc, without_threads_the_others_fail_and_say_so);
	tcase_add_test(tc, without_memory_steps_fail_and_leak_nothing);
	tc = parallel_case(suite, "in place", parallel_open_in_place, parallel_close);
	tcase_add_test(tc, steps_nest_deeper_than_there_are_workers);
	tcase_add_test(tc, each_kind_nests_in_itself);
	tcase_add_test(tc, without_memory_steps_fail_and_leak_nothing);
	tcase_add_test(tc, one_child_that_is_not_prompt_takes_all_to_workers);
	tcase_add_test(tc, schemas_that_are_referred_to_count);
	tcase_add_test(tc, a_predicate_is_prompt_when_all_it_is_made_of_are);
	return suite;
}
