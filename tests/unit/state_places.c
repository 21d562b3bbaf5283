/* Which node of a schema is the one of before; what does not keep its place is told. */
#include "tests/unit/state_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* ---- what does not keep its place ---- */

START_TEST(a_new_name_loses_what_was_open)
{
	rig_listen();
	state_open_with(
		"{version: '1', type: sequence, children: [" BREAKER("name: pay, ") "]}");
	state_set("{version: '2', type: sequence, children: [" BREAKER("name: charge, ") "]}");
	ck_assert_int_eq(state_call("s"), 0);
	ck_assert_uint_eq(state_lost("pay"), 1);
	ck_assert_uint_eq(state_lost_in_all(), 1);
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
	state_open_with(BREAKER("name: a, "));
	state_set(BREAKER("name: b, "));
	ck_assert_str_eq(told, "an open circuit-breaker was not kept: the schema has no such "
			       "node now");
	state_set("{type: circuit-breaker, name: b, child: {ref: flaky}}");
	state_fails("s");
	state_set(LIMIT("name: b, requests_per_second: 1"));
	ck_assert_str_eq(told, "a circuit-breaker that has counted failures was not kept: the "
			       "schema has no such node now");
	state_calls_at_once(1);
	state_set("ref: a");
	ck_assert_str_eq(told, "a rate-limit whose bucket is not full was not kept: the schema "
			       "has no such node now");
}
END_TEST

START_TEST(a_node_without_a_name_loses_it_when_it_moves)
{
	rig_listen();
	state_open_with("{type: sequence, children: [{ref: a}, " BREAKER("") "]}");
	state_set("{type: sequence, children: [{ref: a}, {ref: b}, " BREAKER("") "]}");
	ck_assert_int_eq(state_call("s"), 0);
	ck_assert_uint_eq(state_lost("root.children[1]"), 1);
}
END_TEST

START_TEST(what_says_nothing_goes_in_silence)
{
	rig_listen();
	state_set(BREAKER("name: x, "));
	ck_assert_int_eq(state_call("s"), 0);
	state_set(LIMIT("name: x, requests_per_second: 1"));
	ck_assert_int_eq(state_call("s"), 0);
	rig.now_ns += SECOND;
	state_set("ref: a");
	ck_assert_uint_eq(state_lost_in_all(), 0);
}
END_TEST

START_TEST(another_type_is_another_place)
{
	rig_listen();
	state_open_with(BREAKER("name: x, "));
	state_set(LIMIT("name: x, requests_per_second: 1"));
	ck_assert_int_eq(state_call("s"), 0);
	ck_assert_uint_eq(state_lost("x"), 1);
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
		state_set(cases[i].yaml);
		state_fails("s");
		state_set("ref: a");
		ck_assert_msg(state_lost(cases[i].path) == 1, "%s", cases[i].path);
	}
}
END_TEST

/* ---- two of a name ---- */

START_TEST(nodes_of_one_name_are_told_apart_by_their_order)
{
	state_set(TWO("1", BREAKER("name: x, "), BREAKER("name: x, ")));
	state_fails("s");
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
	ck_assert_int_eq(rig_process("s", 2), 0);
	state_set(TWO("2", BREAKER("name: x, "), BREAKER("name: x, ")));
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
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
		state_set(text);
		if (i == 1)
			state_fails("s");
		ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
		ck_assert_int_eq(rig_process("s", 2), 0);
	}
	state_set("ref: a");
	ck_assert_uint_eq(state_lost_in_all(), 1);
}
END_TEST

START_TEST(deep_aliases_are_told_apart_too)
{
	rig_listen();
	state_set("type: sequence\n"
		  "children:\n"
		  "  - &part {type: sequence, children: [" BREAKER("") ", " BREAKER(
			  "") "]}\n"
			      "  - *part\n"
			      "  - *part\n");
	rig.word = "x";
	state_fails("s"); /* the first of all */
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
	rig.now_ns += 60 * SECOND;
	ck_assert_int_eq(state_call("s"), 0);
	for (int nth = 1; nth < 6; nth++) {
		char name[64];
		snprintf(name, sizeof name, "root.children[%d].children[%d]", nth / 2, nth % 2);
		ck_assert_uint_eq(state_lost(name), 0);
	}
	state_fails("s");
	state_set("ref: a");
	ck_assert_uint_eq(state_lost("root.children[0].children[0]"), 1);
	ck_assert_uint_eq(state_lost_in_all(), 1);
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
	state_set(yaml);
	for (int i = 0; i < N; i += 7) {
		rig.fails_left = 1;
		ck_assert_int_eq(rig_process("s", i), FLUME_FAILED);
	}
	sprintf(yaml + n, "}, version: '2'}");
	state_set(yaml);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(rig_process("s", i), i % 7 ? 0 : FLUME_REFUSED);
}
END_TEST

Suite *suite_state_places(void)
{
	Suite *suite = suite_create("state_places");
	TCase *tc = rig_case(suite, "places");
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
	return suite;
}
