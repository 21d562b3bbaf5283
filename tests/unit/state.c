/* What a step remembers is kept when its schema is set again, and what is not is told. */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)

#define BREAKER(options) \
	"{type: circuit-breaker, " options "failure_threshold: 1, child: {ref: flaky}}"
#define LIMIT(options) "{type: rate-limit, " options ", child: {ref: a}}"

static void set(const char *yaml)
{
	rig_must_set("s", yaml);
}

static int call(const char *id)
{
	return rig_process(id, 1);
}

/* One call that fails. */
static void fails(const char *id)
{
	rig.fails_left = 1;
	ck_assert_int_eq(call(id), FLUME_FAILED);
}

/* Of schema "s": its breaker is open from now on. */
static void open_with(const char *yaml)
{
	set(yaml);
	fails("s");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
}

static size_t lost(const char *place)
{
	return rig_saw(FLUME_EVENT_STATE_LOST, place);
}

static size_t lost_in_all(void)
{
	size_t n = 0;
	for (size_t i = 0; i < rig.n_seen; i++)
		n += rig.seen[i].kind == FLUME_EVENT_STATE_LOST;
	return n;
}

/* ---- what keeps its place ---- */

START_TEST(an_open_breaker_stays_open_when_its_schema_is_set_again)
{
	rig_listen();
	open_with("{version: '1', type: sequence, children: [" BREAKER("") "]}");
	set("{version: '2', type: sequence, children: [" BREAKER("") "]}");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	rig.now_ns += 60 * SECOND;
	ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(lost_in_all(), 0);
}
END_TEST

START_TEST(failures_are_counted_on)
{
	set("{version: '1', type: circuit-breaker, failure_threshold: 2, child: {ref: flaky}}");
	fails("s");
	set("{version: '2', type: circuit-breaker, failure_threshold: 2, child: {ref: flaky}}");
	fails("s");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_breaker_goes_by_its_new_parameters_at_once)
{
	open_with(BREAKER("recovery_timeout: 1h, "));
	rig.now_ns += 10 * SECOND;
	set(BREAKER("recovery_timeout: 10s, "));
	ck_assert_int_eq(call("s"), 0);
	set("{type: circuit-breaker, failure_threshold: 3, child: {ref: flaky}}");
	fails("s");
	fails("s");
	set("{type: circuit-breaker, failure_threshold: 2, child: {ref: flaky}}");
	fails("s");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_name_keeps_its_state_wherever_it_goes)
{
	rig_listen();
	open_with(BREAKER("name: pay, "));
	set("{type: sequence, children: [{ref: a}, {type: fallback, children: "
	    "[{ref: fail}, " BREAKER("name: pay, ") "]}]}");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	ck_assert_uint_eq(lost_in_all(), 0);
}
END_TEST

START_TEST(a_path_keeps_its_state_whatever_changes_around_it)
{
	open_with("{type: sequence, children: [{ref: a}, " BREAKER("") "]}");
	set("{type: scaffold, name: x, children: [{ref: b}, " BREAKER("") ", {ref: c}]}");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(an_empty_bucket_stays_empty)
{
	set(LIMIT("requests_per_second: 1, burst_size: 2"));
	ck_assert_int_eq(call("s"), 0);
	ck_assert_int_eq(call("s"), 0);
	set("{version: '2', type: rate-limit, requests_per_second: 1, burst_size: 2, "
	    "child: {ref: b}}");
	ck_assert_int_eq(call("s"), 0);
	ck_assert_int_eq(rig.slept[0], SECOND);
}
END_TEST

/* ---- tokens at another rate ---- */

static void calls_at_once(int n)
{
	size_t before = rig.n_slept;
	while (n--)
		ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(rig.n_slept, before);
}

static void call_sleeps(int64_t ns)
{
	size_t before = rig.n_slept;
	ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(rig.n_slept, before + 1);
	ck_assert_int_eq(rig.slept[before], ns);
}

START_TEST(tokens_stay_when_the_rate_changes)
{
	set(LIMIT("requests_per_second: 1, burst_size: 10"));
	calls_at_once(6);
	set(LIMIT("requests_per_second: 1000, burst_size: 10"));
	calls_at_once(4);
	call_sleeps(MS);
	set(LIMIT("requests_per_second: 0.5, burst_size: 10"));
	call_sleeps(2 * SECOND);
}
END_TEST

START_TEST(tokens_are_cut_to_the_new_burst_and_not_made_up_for_it)
{
	set(LIMIT("requests_per_second: 1, burst_size: 10"));
	calls_at_once(3);
	set(LIMIT("requests_per_second: 1, burst_size: 2"));
	calls_at_once(2);
	call_sleeps(SECOND);
	set(LIMIT("requests_per_second: 1, burst_size: 10"));
	call_sleeps(SECOND);
	rig.now_ns += 60 * SECOND;
	calls_at_once(10);
	call_sleeps(SECOND);
}
END_TEST

START_TEST(half_a_token_is_half_a_token_at_any_rate)
{
	set(LIMIT("requests_per_second: 1"));
	calls_at_once(1);
	rig.now_ns += SECOND / 2;
	set(LIMIT("requests_per_second: 10"));
	call_sleeps(50 * MS);
}
END_TEST

START_TEST(a_strict_limit_that_is_loosened_keeps_nobody_waiting)
{
	set(LIMIT("requests_per_second: 0.0001"));
	calls_at_once(1);
	set(LIMIT("requests_per_second: 100"));
	call_sleeps(10 * MS);
}
END_TEST

START_TEST(the_rate_of_a_candidate_is_not_in_force)
{
	flume_change *change = NULL;
	flume_schema *schema = rig_schema(LIMIT("requests_per_second: 1000"));
	set(LIMIT("requests_per_second: 1"));
	calls_at_once(1);
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "s", schema, &change, NULL), 0);
	call_sleeps(SECOND);
	flume_change_free(change);
	call_sleeps(SECOND);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(a_rejected_schema_changes_no_rate)
{
	set(LIMIT("requests_per_second: 1"));
	calls_at_once(1);
	ck_assert_int_eq(rig_set("s", "{type: sequence, children: [{ref: nobody}, " LIMIT(
					      "requests_per_second: 1000") "]}"),
			 FLUME_REJECTED);
	call_sleeps(SECOND);
}
END_TEST

/* ---- what does not keep its place ---- */

START_TEST(a_new_name_loses_what_was_open)
{
	rig_listen();
	open_with("{version: '1', type: sequence, children: [" BREAKER("name: pay, ") "]}");
	set("{version: '2', type: sequence, children: [" BREAKER("name: charge, ") "]}");
	ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(lost("pay"), 1);
	ck_assert_uint_eq(lost_in_all(), 1);
	const struct seen *seen = rig_last(FLUME_EVENT_STATE_LOST);
	ck_assert_str_eq(seen->schema_id, "s");
	ck_assert_str_eq(seen->version, "2");
	ck_assert_str_eq(seen->old_version, "1");
	ck_assert_uint_eq(seen->generation, 2);
	ck_assert_int_eq(seen->code, FLUME_NOT_FOUND);
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_STATE_LOST), "state.lost");
}
END_TEST

static char told[320];

static void write_text(const struct flume_event *event, void *arg)
{
	(void)arg;
	if (event->kind == FLUME_EVENT_STATE_LOST)
		memcpy(told, event->err->text, sizeof told);
}

START_TEST(the_event_says_what_was_lost)
{
	ck_assert_int_gt(flume_factory_listen(rig.factory, write_text, NULL), 0);
	open_with(BREAKER("name: a, "));
	set(BREAKER("name: b, "));
	ck_assert_str_eq(told, "an open circuit-breaker was not kept: the schema has no such "
			       "node now");
	set("{type: circuit-breaker, name: b, child: {ref: flaky}}");
	fails("s");
	set(LIMIT("name: b, requests_per_second: 1"));
	ck_assert_str_eq(told, "a circuit-breaker that has counted failures was not kept: the "
			       "schema has no such node now");
	calls_at_once(1);
	set("ref: a");
	ck_assert_str_eq(told, "a rate-limit whose bucket is not full was not kept: the schema "
			       "has no such node now");
}
END_TEST

START_TEST(a_node_without_a_name_loses_it_when_it_moves)
{
	rig_listen();
	open_with("{type: sequence, children: [{ref: a}, " BREAKER("") "]}");
	set("{type: sequence, children: [{ref: a}, {ref: b}, " BREAKER("") "]}");
	ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(lost("root.children[1]"), 1);
}
END_TEST

START_TEST(what_says_nothing_goes_in_silence)
{
	rig_listen();
	set(BREAKER("name: x, "));
	ck_assert_int_eq(call("s"), 0);
	set(LIMIT("name: x, requests_per_second: 1"));
	ck_assert_int_eq(call("s"), 0);
	rig.now_ns += SECOND;
	set("ref: a");
	ck_assert_uint_eq(lost_in_all(), 0);
}
END_TEST

START_TEST(another_type_is_another_place)
{
	rig_listen();
	open_with(BREAKER("name: x, "));
	set(LIMIT("name: x, requests_per_second: 1"));
	ck_assert_int_eq(call("s"), 0);
	ck_assert_uint_eq(lost("x"), 1);
}
END_TEST

START_TEST(paths_are_those_of_the_document)
{
	static const struct {
		const char *yaml, *path;
	} cases[] = {
		{BREAKER(""), "root"},
		{"{type: retry, attempts: 1, child: " BREAKER("") "}", "root.child"},
		{"{type: filter, predicate: yes, then: {type: sequence, children: "
		 "[{ref: a}, " BREAKER("") "]}}",
		 "root.then.children[1]"},
		{"{type: filter, predicate: no, then: {ref: a}, else: " BREAKER("") "}",
		 "root.else"},
		{"{type: switch, condition: word, routes: {x: {ref: b}, w: " BREAKER("") "}}",
		 "root.routes.w"},
		{"{type: switch, condition: value, routes: {w: {ref: a}}, "
		 "default: " BREAKER("") "}",
		 "root.default"},
		{"{type: fallback, children: [{ref: fail}, " BREAKER("") "]}",
		 "root.children[1](fallback)"},
		{"{stream: box, children: [{ref: a}, {type: handle, error_handler: leave, "
		 "child: " BREAKER("") "}]}",
		 "root.children[1].child"},
	};
	rig.word = "w";
	rig_listen();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rig.n_seen = 0;
		set(cases[i].yaml);
		fails("s");
		set("ref: a");
		ck_assert_msg(lost(cases[i].path) == 1, "%s", cases[i].path);
	}
}
END_TEST

/* ---- two of a name ---- */

#define TWO(version, odd, even) \
	"{version: '" version "', type: filter, predicate: even, then: " even ", else: " odd "}"

START_TEST(nodes_of_one_name_are_told_apart_by_their_order)
{
	set(TWO("1", BREAKER("name: x, "), BREAKER("name: x, ")));
	fails("s");
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	ck_assert_int_eq(rig_process("s", 2), 0);
	set(TWO("2", BREAKER("name: x, "), BREAKER("name: x, ")));
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	ck_assert_int_eq(rig_process("s", 2), 0);
}
END_TEST

START_TEST(an_alias_has_a_state_of_its_own)
{
	static const char yaml[] =
		"type: filter\npredicate: even\n"
		"x-one: &one " BREAKER("") "\nelse: *one\nthen: *one\nversion: '%d'\n";
	char text[512];
	rig_listen();
	for (int i = 1; i < 4; i++) {
		snprintf(text, sizeof text, yaml, i);
		set(text);
		if (i == 1)
			fails("s");
		ck_assert_int_eq(call("s"), FLUME_REFUSED);
		ck_assert_int_eq(rig_process("s", 2), 0);
	}
	set("ref: a");
	ck_assert_uint_eq(lost_in_all(), 1);
}
END_TEST

START_TEST(deep_aliases_are_told_apart_too)
{
	rig_listen();
	set("type: sequence\n"
	    "children:\n"
	    "  - &part {type: sequence, children: [" BREAKER("") ", " BREAKER(
		    "") "]}\n"
			"  - *part\n"
			"  - *part\n");
	rig.word = "x";
	fails("s"); /* the first of all */
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	rig.now_ns += 60 * SECOND;
	ck_assert_int_eq(call("s"), 0);
	for (int nth = 1; nth < 6; nth++) {
		char name[64];
		snprintf(name, sizeof name, "root.children[%d].children[%d]", nth / 2, nth % 2);
		ck_assert_uint_eq(lost(name), 0);
	}
	fails("s");
	set("ref: a");
	ck_assert_uint_eq(lost("root.children[0].children[0]"), 1);
	ck_assert_uint_eq(lost_in_all(), 1);
}
END_TEST

START_TEST(thousands_of_one_name_are_told_apart)
{
	enum { N = 2000 };
	static char yaml[N * 100];
	size_t n = (size_t)sprintf(yaml, "{type: switch, condition: value, routes: {");
	for (int i = 0; i < N; i++)
		n += (size_t)sprintf(yaml + n, "'%d': %s,", i,
				     i % 2 ? BREAKER("name: x, ") : BREAKER(""));
	sprintf(yaml + n, "}}");
	set(yaml);
	for (int i = 0; i < N; i += 7) {
		rig.fails_left = 1;
		ck_assert_int_eq(rig_process("s", i), FLUME_FAILED);
	}
	sprintf(yaml + n, "}, version: '2'}");
	set(yaml);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(rig_process("s", i), i % 7 ? 0 : FLUME_REFUSED);
}
END_TEST

/* ---- generations ---- */

START_TEST(a_rollback_finds_what_the_generation_before_left)
{
	open_with(BREAKER("name: x, recovery_timeout: 1h, "));
	set(BREAKER("name: x, recovery_timeout: 2h, "));
	set(BREAKER("name: x, recovery_timeout: 1h, "));
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_rollback_of_a_new_name_finds_what_calls_still_use)
{
	struct flight flight;
	static const char one[] = TWO("1", "{ref: gate}", BREAKER("name: x, "));
	set(one);
	rig_take_off(&flight, "s");
	rig.fails_left = 1;
	ck_assert_int_eq(rig_process("s", 2), FLUME_FAILED);
	set(TWO("2", "{ref: gate}", BREAKER("name: y, ")));
	ck_assert_int_eq(rig_process("s", 2), 0);
	set(one);
	ck_assert_int_eq(rig_process("s", 2), FLUME_REFUSED);
	ck_assert_int_eq(rig_land(&flight), 0);
	ck_assert_int_eq(rig_process("s", 2), FLUME_REFUSED);
}
END_TEST

START_TEST(a_call_on_the_old_generation_counts_in_the_new_one)
{
	struct flight flight;
	static const char gated[] =
		"{version: '%d', type: circuit-breaker, failure_threshold: 1, child: "
		"{type: filter, predicate: even, then: {ref: a}, else: {type: sequence, "
		"children: [{ref: gate}, {ref: fail}]}}}";
	char yaml[512];
	snprintf(yaml, sizeof yaml, gated, 1);
	set(yaml);
	rig_take_off(&flight, "s");
	snprintf(yaml, sizeof yaml, gated, 2);
	set(yaml);
	ck_assert_int_eq(rig_process("s", 2), 0);
	ck_assert_int_eq(rig_land(&flight), FLUME_FAILED);
	ck_assert_int_eq(rig_process("s", 2), FLUME_REFUSED);
}
END_TEST

START_TEST(a_candidate_shares_it_with_what_serves)
{
	flume_change *change = NULL;
	flume_schema *schema = rig_schema("{version: '2', type: circuit-breaker, "
					  "failure_threshold: 1, child: {ref: flaky}}");
	open_with("{version: '1', type: circuit-breaker, failure_threshold: 1, child: "
		  "{ref: flaky}}");
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "s", schema, &change, NULL), 0);
	void *item = rig_item(1);
	ck_assert_int_eq(
		flume_pipeline_process(flume_change_get_pipeline(change, 0), NULL, &item, NULL),
		FLUME_REFUSED);
	rig_free_item(item);
	flume_change_free(change);
	flume_schema_unref(schema);
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
}
END_TEST

START_TEST(it_dies_with_the_last_pipeline_that_uses_it)
{
	flume_binding *binding = NULL;
	open_with(BREAKER(""));
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	flume_binding_unref(binding);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	set(BREAKER(""));
	ck_assert_int_eq(call("s"), FLUME_REFUSED);
	flume_pipeline_unref(pipeline);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	set(BREAKER(""));
	ck_assert_int_eq(call("s"), 0);
}
END_TEST

START_TEST(it_may_outlive_its_factory)
{
	flume_binding *binding = NULL;
	open_with(BREAKER(""));
	ck_assert_int_eq(flume_factory_bind(rig.factory, "s", "s", 0, &binding, NULL), 0);
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	flume_binding_unref(binding);
	rig.factory = flume_factory_free(rig.factory);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), FLUME_REFUSED);
	rig_free_item(item);
	flume_pipeline_unref(pipeline);
}
END_TEST

/* ---- schemas that refer to others ---- */

START_TEST(all_who_refer_to_a_schema_share_its_breaker)
{
	rig_must_set("pay", BREAKER(""));
	rig_must_set("one", "{version: '1', ref: pay}");
	rig_must_set("two", "{type: sequence, children: [{ref: a}, {ref: pay}]}");
	fails("one");
	ck_assert_int_eq(call("two"), FLUME_REFUSED);
	ck_assert_int_eq(call("pay"), FLUME_REFUSED);
	rig_must_set("one", "{version: '2', ref: pay}");
	ck_assert_int_eq(call("one"), FLUME_REFUSED);
	rig_must_set("pay", BREAKER("recovery_timeout: 1s, "));
	ck_assert_int_eq(call("one"), FLUME_REFUSED);
	ck_assert_int_eq(call("two"), FLUME_REFUSED);
	rig.now_ns += SECOND;
	ck_assert_int_eq(call("two"), 0);
	ck_assert_int_eq(call("one"), 0);
}
END_TEST

START_TEST(the_same_name_in_another_schema_is_another_place)
{
	rig_must_set("pay", BREAKER("name: x, "));
	rig_must_set("s", "{type: fallback, children: [{ref: pay}, " BREAKER("name: x, ") "]}");
	rig.fails_left = 1;
	ck_assert_int_eq(call("pay"), FLUME_FAILED);
	ck_assert_int_eq(call("s"), 0);
}
END_TEST

START_TEST(what_a_shared_schema_loses_is_told_once)
{
	rig_must_set("pay", BREAKER("name: x, "));
	rig_must_set("one", "ref: pay");
	rig_must_set("two", "ref: pay");
	fails("one");
	rig_listen();
	rig_must_set("pay", BREAKER("name: y, "));
	ck_assert_uint_eq(lost("x"), 1);
	ck_assert_str_eq(rig_last(FLUME_EVENT_STATE_LOST)->schema_id, "pay");
	ck_assert_uint_eq(lost_in_all(), 1);
}
END_TEST

START_TEST(who_no_longer_refers_to_a_schema_loses_nothing)
{
	rig_must_set("pay", BREAKER("name: x, "));
	rig_must_set("one", "ref: pay");
	fails("one");
	rig_listen();
	rig_must_set("one", "ref: a");
	ck_assert_uint_eq(lost_in_all(), 0);
	rig_must_set("one", "ref: pay");
	ck_assert_int_eq(call("one"), FLUME_REFUSED);
}
END_TEST

START_TEST(a_pipeline_outside_the_store_shares_nothing)
{
	rig_must_set("pay", BREAKER(""));
	fails("pay");
	ck_assert_int_eq(rig_run("ref: pay", 1), 0);
	rig.fails_left = 1;
	ck_assert_int_eq(rig_run(BREAKER(""), 1), FLUME_FAILED);
	ck_assert_int_eq(rig_run(BREAKER(""), 1), 0);
}
END_TEST

static TCase *add_kept(Suite *suite)
{
	TCase *tc = rig_case(suite, "kept");
	tcase_add_test(tc, an_open_breaker_stays_open_when_its_schema_is_set_again);
	tcase_add_test(tc, failures_are_counted_on);
	tcase_add_test(tc, a_breaker_goes_by_its_new_parameters_at_once);
	tcase_add_test(tc, a_name_keeps_its_state_wherever_it_goes);
	tcase_add_test(tc, a_path_keeps_its_state_whatever_changes_around_it);
	tcase_add_test(tc, an_empty_bucket_stays_empty);
	tcase_add_test(tc, tokens_stay_when_the_rate_changes);
	tcase_add_test(tc, tokens_are_cut_to_the_new_burst_and_not_made_up_for_it);
	tcase_add_test(tc, half_a_token_is_half_a_token_at_any_rate);
	tcase_add_test(tc, a_strict_limit_that_is_loosened_keeps_nobody_waiting);
	tcase_add_test(tc, the_rate_of_a_candidate_is_not_in_force);
	tcase_add_test(tc, a_rejected_schema_changes_no_rate);
	return tc;
}

Suite *suite_state(void)
{
	Suite *suite = suite_create("state");
	TCase *tc = add_kept(suite);
	tcase_add_test(tc, a_new_name_loses_what_was_open);
	tcase_add_test(tc, the_event_says_what_was_lost);
	tcase_add_test(tc, a_node_without_a_name_loses_it_when_it_moves);
	tcase_add_test(tc, what_says_nothing_goes_in_silence);
	tcase_add_test(tc, another_type_is_another_place);
	tcase_add_test(tc, paths_are_those_of_the_document);
	tcase_add_test(tc, nodes_of_one_name_are_told_apart_by_their_order);
	tcase_add_test(tc, an_alias_has_a_state_of_its_own);
	tcase_add_test(tc, deep_aliases_are_told_apart_too);
	tcase_add_test(tc, thousands_of_one_name_are_told_apart);
	tcase_add_test(tc, a_rollback_finds_what_the_generation_before_left);
	tcase_add_test(tc, a_rollback_of_a_new_name_finds_what_calls_still_use);
	tcase_add_test(tc, a_call_on_the_old_generation_counts_in_the_new_one);
	tcase_add_test(tc, a_candidate_shares_it_with_what_serves);
	tcase_add_test(tc, it_dies_with_the_last_pipeline_that_uses_it);
	tcase_add_test(tc, it_may_outlive_its_factory);
	tcase_add_test(tc, all_who_refer_to_a_schema_share_its_breaker);
	tcase_add_test(tc, the_same_name_in_another_schema_is_another_place);
	tcase_add_test(tc, what_a_shared_schema_loses_is_told_once);
	tcase_add_test(tc, who_no_longer_refers_to_a_schema_loses_nothing);
	tcase_add_test(tc, a_pipeline_outside_the_store_shares_nothing);
	return suite;
}
