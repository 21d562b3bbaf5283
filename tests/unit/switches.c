/* The switches of a node: what comes of a change, whatever it is, and what is left of it. */
#include "tests/unit/suites.h"
#include "tests/unit/switches_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const a_and_b[2] = {"a", "b"};

/* A plain switch runs: everyone is in a. */
static void put_first(void)
{
	ck_assert_int_eq(lever_put("layout", 10, lever_text("1", "100", "0", "")), 0);
	site_until(".switches.layout.state", "running");
	ck_assert_str_eq(lever_variant("layout"), "a");
}

/* ---- changes ---- */

START_TEST(a_switch_is_in_force_when_it_is_put)
{
	put_first();
	site_says(".switches.layout.running.version", "1");
	site_says(".switches.layout.running.generation", "1");
	site_says(".switches.layout.wanted.revision", "10");
	site_until(".switches.layout.running.proven", "true");
	lever_put("layout", 11, lever_text("2", "0", "100", ""));
	ck_assert_str_eq(lever_variant("layout"), "b");
	site_says(".switches.layout.running.generation", "2");
	site_counts("flume_switch_update_total{switch=\"layout\",outcome=\"applied\"} 2");
	site_counts("flume_switch_generation{switch=\"layout\"} 2");
	lever_put("layout", 12, lever_text("3", "0", "100", "enabled: false\n"));
	ck_assert_str_eq(lever_variant("layout"), "a");
	site_counts("flume_switch_enabled{switch=\"layout\"} 0");
}
END_TEST

START_TEST(a_switch_that_is_gone_answers_no_more)
{
	put_first();
	lever_put("layout", 11, NULL);
	ck_assert_str_eq(lever_variant("layout"), "-");
	site_says(".switches", "-");
	site_until_file("switches/proven/layout", false);
	lever_put("layout", 12, lever_text("1", "0", "100", ""));
	ck_assert_str_eq(lever_variant("layout"), "b");
}
END_TEST

static const struct {
	const char *text, *stage, *error;
} broken[] = {
	{"variants: {a: 60, b: 50}\ndefault: a\nby: id\n", "check", "layout:1:11: the weights"},
	{"variants: {a: 50, b: 50}\ndefault: c\nby: id\n", "check", "layout:2:10: "},
	{"variants: {a: 50, b: 50}\ndefault: a\nby: id\nwights: 1\n", "check",
	 "layout:4:1: unknown key 'wights'"},
	{"variants: {a: 50, b: 50}\ndefault: a\nby: id\nenabled: perhaps\n", "check",
	 "layout:4:10: "},
	{"variants: {a: 50, b: 50}\ndefault: a\nby: id\noverrides: {x: c}\n", "check",
	 "layout:4:"},
	{"variants: {a: 50, b: 50\n", "parse", "layout:"},
	{"version: \"1\"\nvariants: {a: 50, b: 50}\ndefault: a\nby: id\n", "check",
	 "version 1 runs already, with other content"},
	{"variants: {a: 50, b: 50}\ndefault: a\nby: id\nfront: true\n", "check",
	 "layout:1:12: there is no schema 'a' on this node"},
};

START_TEST(a_broken_document_leaves_the_old_one_in_force)
{
	put_first();
	lever_put("layout", 11, broken[_i].text);
	site_says(".switches.layout.state", "rejected");
	site_says(".switches.layout.attempted.stage", broken[_i].stage);
	site_says_part(".switches.layout.attempted.error", broken[_i].error);
	site_says(".switches.layout.wanted.revision", "11");
	site_says(".switches.layout.running.version", "1");
	ck_assert_str_eq(lever_variant("layout"), "a");
	site_counts("flume_switch_last_update_successful{switch=\"layout\"} 0");
	lever_put("layout", 12, lever_text("2", "0", "100", ""));
	site_says(".switches.layout.state", "running");
	ck_assert_str_eq(lever_variant("layout"), "b");
}
END_TEST

START_TEST(a_lagging_member_does_not_take_a_switch_back)
{
	put_first();
	lever_put("layout", 12, lever_text("2", "0", "100", ""));
	lever_put("layout", 11, lever_text("1.5", "100", "0", ""));
	ck_assert_str_eq(lever_variant("layout"), "b");
	LEVER_LIST(11, {"layout", 10, lever_text("1", "100", "0", "")});
	ck_assert_str_eq(lever_variant("layout"), "b");
	lever_restart();
	ck_assert_uint_eq(lever.booted, 1);
	LIST_NOTHING(11);
	lever_put("layout", 11, lever_text("1.5", "100", "0", ""));
	site_turn();
	ck_assert_str_eq(lever_variant("layout"), "b");
}
END_TEST

START_TEST(a_store_that_was_wiped_is_followed_anew)
{
	put_first();
	lever.sink.reset(lever.sink.arg, 3);
	LEVER_LIST(3, {"layout", 2, lever_text("2", "0", "100", "")});
	site_says(".switches.layout.running.version", "2");
	ck_assert_str_eq(lever_variant("layout"), "b");
}
END_TEST

START_TEST(what_a_list_does_not_name_is_gone)
{
	put_first();
	lever_put("other", 11, lever_text("1", "100", "0", ""));
	LEVER_LIST(12, {"other", 11, lever_text("1", "100", "0", "")});
	ck_assert_str_eq(lever_variant("layout"), "-");
	ck_assert_str_eq(lever_variant("other"), "a");
}
END_TEST

START_TEST(too_many_deletions_at_once_are_held)
{
	static const char *const names[] = {"s1", "s2", "s3"};
	for (int i = 0; i < 3; i++)
		lever_put(names[i], 10 + i, lever_text("1", "100", "0", ""));
	site_open_sides();
	lever_delete_at_once(20, names, 3);
	site_says(".switches.s1.state", "held");
	site_says(".switches.s3.reason", "mass-delete");
	ck_assert_str_eq(lever_variant("s2"), "a");
	lever_put("s1", 21, lever_text("2", "0", "100", ""));
	site_says(".switches.s1.state", "running");
	site_say(ENGINE_CONFIRMS, "s2", 22, "{\"revision\": 20}");
	site_until(".switches.s2", "-");
	ck_assert_str_eq(lever_variant("s2"), "-");
	ck_assert_str_eq(lever_variant("s3"), "a");
}
END_TEST

START_TEST(a_held_fleet_keeps_its_switches_but_can_turn_them_off)
{
	put_first();
	site_open_sides();
	site_say(ENGINE_FREEZE, "freeze", 11, "{\"by\": \"ada\"}");
	lever_put("layout", 12, lever_text("2", "0", "100", ""));
	site_says(".switches.layout.state", "held");
	site_says(".switches.layout.reason", "frozen");
	ck_assert_str_eq(lever_variant("layout"), "a");
	lever_put("layout", 13, lever_text("3", "0", "100", "enabled: false\n"));
	site_says(".switches.layout.running.version", "3");
	lever_put("layout", 14, lever_text("4", "0", "100", ""));
	site_says(".switches.layout.reason", "frozen");
	site_say(ENGINE_FREEZE, "freeze", 15, NULL);
	site_until(".switches.layout.running.version", "4");
	ck_assert_str_eq(lever_variant("layout"), "b");
}
END_TEST

/* ---- beside schemas ---- */

START_TEST(a_switch_in_front_waits_for_its_schemas)
{
	site_put("a", 10, marking("1.0.0", 1, NULL));
	site_until("a.state", "running");
	lever_put("front", 11, lever_text("1", "50", "50", ""));
	site_says(".switches.front.state", "rejected");
	site_says_part(".switches.front.attempted.error",
		       "front:3:19: there is no schema 'b' on this node");
	ck_assert(!lever_is_front("front"));
	site_put("b", 12, marking("1.0.0", 2, CASE_GETS(2)));
	site_until(".switches.front.state", "running");
	site_says(".switches.front.running.front", "true");
	ck_assert(lever_is_front("front"));
}
END_TEST

START_TEST(schemas_and_switch_may_come_in_any_order_at_the_start)
{
	lever_restart();
	LEVER_LIST(12, {"front", 12, lever_text("1", "50", "50", "")});
	site_says(".switches.front.state", "waiting");
	site_says(".switches.front.reason", "starting");
	const char *a = marking("1.0.0", 1, CASE_GETS(1)), *b = marking("1.0.0", 2, NULL);
	LIST(12, {"a", 10, a}, {"b", 11, b});
	site_until(".switches.front.running.front", "true");
	ck_assert(lever_is_front("front"));
}
END_TEST

START_TEST(a_schema_that_a_switch_sends_documents_to_stays)
{
	site_put("a", 10, marking("1.0.0", 1, NULL));
	site_put("b", 11, marking("1.0.0", 2, NULL));
	site_until("b.state", "running");
	lever_put("front", 12, lever_text("1", "50", "50", ""));
	site_until(".switches.front.state", "running");
	site_delete("b", 13);
	site_says("b.state", "held");
	site_says("b.reason", "in-use");
	site_says_part("b.attempted.error", "switch 'front' sends documents to it");
	site_made_by("b", 2);
	site_submit("a", NULL);
	site_turn();
	ck_assert_int_eq(site.result, ENGINE_IN_USE);
	lever_put("front", 14, NULL);
	site_until("b", "-");
	ck_assert_int_eq(site_call("b"), FLUME_NOT_FOUND);
}
END_TEST

START_TEST(a_switch_has_no_name_of_a_schema)
{
	site_put("a", 10, marking("1.0.0", 1, NULL));
	site_until("a.state", "running");
	lever_put("a", 11, lever_text("1", "50", "50", ""));
	site_says(".switches.a.state", "rejected");
	site_says_part(".switches.a.attempted.error", "[name-taken]");
	ck_assert_str_eq(lever_variant("a"), "-");
	site_delete("a", 12);
	site_until(".switches.a.state", "running");
}
END_TEST

START_TEST(a_schema_that_takes_the_name_of_a_switch_in_front_is_served)
{
	site_put("a", 10, marking("1.0.0", 1, NULL));
	site_put("b", 11, marking("1.0.0", 2, NULL));
	site_until("b.state", "running");
	lever_put("front", 12, lever_text("1", "50", "50", ""));
	site_until(".switches.front.running.front", "true");
	site_put("front", 13, marking("1.0.0", 3, NULL));
	site_until(".switches.front.running.front", "false");
	site_says(".switches.front.reason", "not-in-front");
	site_says(".switches.front.why",
		  "a schema has its name: documents go to that, without variants");
	ck_assert(!lever_is_front("front"));
}
END_TEST

START_TEST(a_route_that_no_variant_reaches_is_refused_until_there_is_one)
{
	static const char *const a_and_c[2] = {"a", "c"};
	put_first();
	site_put("user", 11, asking("1.0.0", "layout", a_and_c));
	site_until("user.state", "rejected");
	site_says_part("user.attempted.error", "[unreachable-route]");
	lever_put("layout", 12,
		  "version: \"2\"\nby: user.id\nvariants: {a: 50, b: 50, c: 0}\ndefault: a\n");
	site_until("user.state", "running");
}
END_TEST

START_TEST(a_switch_does_not_lose_a_variant_that_a_schema_has_a_route_for)
{
	put_first();
	site_put("user", 11, asking("1.0.0", "layout", a_and_b));
	site_until("user.state", "running");
	lever_put("layout", 12, "version: \"2\"\nvariants: {a: 100}\ndefault: a\n");
	site_says(".switches.layout.state", "rejected");
	site_says_part(".switches.layout.attempted.error", "[unreachable-route]");
	site_says(".switches.layout.running.version", "1");
	site_put("user", 13, marking("1.1.0", 1, NULL));
	site_until(".switches.layout.running.version", "2");
}
END_TEST

START_TEST(a_switch_that_schemas_ask_stays_until_they_do_not)
{
	put_first();
	site_put("user", 11, asking("1.0.0", "layout", a_and_b));
	site_until("user.state", "running");
	lever_put("layout", 12, NULL);
	site_says(".switches.layout.state", "held");
	site_says(".switches.layout.reason", "in-use");
	ck_assert_str_eq(lever_variant("layout"), "a");
	site_delete("user", 13);
	site_until(".switches", "-");
	ck_assert_str_eq(lever_variant("layout"), "-");
}
END_TEST

/* A step below which somebody else moves everyone to b. */
static int move_all(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	static const char text[] = "{variants: {a: 0, b: 100}, default: b}";
	struct ab_switch *sw;
	(void)call, (void)item, (void)arg;
	int rc = ab_parse(&sw, "layout", text, sizeof text - 1, FLUME_YAML, NULL);
	rc = rc ? rc : switchboard_put(lever.board, sw);
	if (!rc)
		ab_unref(sw);
	return rc ? flume_fail(err, rc, "not moved") : 0;
}

START_TEST(a_case_does_not_fail_since_a_switch_moves_below_it)
{
	static const struct flume_component moving = {.name = "move", .run = move_all};
	put_first();
	ck_assert_int_eq(flume_factory_add(site.factory, &moving, NULL), 0);
	site_put("user", 11,
		 "version: \"1.0.0\"\n"
		 "components:\n"
		 "  processors: {one: {kind: set, fields: {way: a}}, "
		 "flag: {kind: set, fields: {flag: true}}}\n"
		 "  conditions: {which: {kind: ab, switch: layout}}\n"
		 "  predicates: {is-b: {kind: flag, switch: layout, variant: b}}\n"
		 "canary: {cases: [{input: {user: {id: u}}, "
		 "expect_exact: {user: {id: u}, way: a}}]}\n"
		 "type: sequence\n"
		 "children:\n"
		 "  - {type: switch, condition: which, routes: {a: {ref: one}}}\n"
		 "  - {ref: move}\n"
		 "  - {type: filter, predicate: is-b, then: {ref: flag}}\n");
	site_until("user.state", "running");
	ck_assert_str_eq(lever_variant("layout"), "b");
}
END_TEST

START_TEST(a_switch_that_comes_after_its_schema_decides_from_then_on)
{
	site_put("user", 10, asking("1.0.0", "layout", a_and_b));
	site_until("user.state", "running");
	ck_assert_int_eq(site_call("user"), 0);
	ck_assert_ptr_null(strstr(site.output, "made_by"));
	lever_put("layout", 11, "version: \"1\"\nvariants: {a: 0, b: 100}\ndefault: b\n");
	site_turn();
	site_made_by("user", 2);
}
END_TEST

START_TEST(a_switch_that_decides_nothing_says_so_until_a_schema_asks_it)
{
	put_first();
	site_until(".switches.layout.reason", "unasked");
	site_says_part(".switches.layout.why", "it decides nothing");
	site_counts(
		"flume_switch_state{switch=\"layout\",state=\"running\",reason=\"unasked\"} 1");
	lever_put("layout", 11, "version: \"2\"\nvariants: {a: 50}\ndefault: a\n");
	site_says(".switches.layout.state", "rejected");
	site_says(".switches.layout.reason", "-");
	lever_put("layout", 12, lever_text("2", "100", "0", ""));
	site_until(".switches.layout.reason", "unasked");
	site_put("user", 13, asking("1.0.0", "layout", a_and_b));
	site_until(".switches.layout.reason", "-");
	site_says(".switches.layout.why", "-");
	site_delete("user", 14);
	site_until(".switches.layout.reason", "unasked");
	lever_put("layout", 15, lever_text("3", "100", "0", "front: false\n"));
	site_until(".switches.layout.reason", "-");
}
END_TEST

/* ---- submissions ---- */

START_TEST(a_submission_is_answered_and_a_refused_one_leaves_nothing)
{
	lever_submit("layout", lever_text("1", "100", "0", ""));
	ck_assert_int_eq(site.result, ENGINE_APPLIED);
	ck_assert_uint_eq(site.generation, 1);
	lever_submit("layout", lever_text("1", "100", "0", "# the same\n"));
	ck_assert_int_eq(site.result, ENGINE_UNCHANGED);
	lever_submit("layout", lever_text("1", "0", "100", ""));
	ck_assert_int_eq(site.result, ENGINE_REJECTED);
	ck_assert_ptr_nonnull(strstr(site.reason, "version-reused"));
	lever_submit("layout", lever_text("2", "10", "100", ""));
	ck_assert_int_eq(site.result, ENGINE_REJECTED);
	ck_assert_uint_eq(site.findings, 1);
	site_says(".switches.layout.state", "running");
	site_says(".switches.layout.wanted.version", "1");
	LEVER_LIST(20, {"other", 19, lever_text("1", "100", "0", "")});
	ck_assert_str_eq(lever_variant("layout"), "a"); /* it is not the source's */
	lever_submit("layout", NULL);
	ck_assert_int_eq(site.result, ENGINE_APPLIED);
	lever_submit("layout", NULL);
	ck_assert_int_eq(site.result, ENGINE_NOT_FOUND);
	ck_assert_int_eq(site.answers, 6);
}
END_TEST

/* ---- the disk ---- */

START_TEST(a_node_starts_with_its_switches_byte_for_byte)
{
	const char *text = "version: \"1\" # mine\nvariants: {b: 100}\n\ndefault:   b\n";
	lever_put("layout", 10, text);
	site_until(".switches.layout.running.proven", "true");
	lever_restart();
	ck_assert_uint_eq(lever.booted, 1);
	ck_assert_str_eq(lever_variant("layout"), "b");
	site_says(".switches.layout.running.proven", "true");
	struct shelf *shelf = switches_get_shelf(lever.all);
	const struct shelf_view *view = shelf_take(shelf);
	size_t len;
	const char *kept =
		flume_schema_get_text(ab_document(shelf_find(view, "layout")->sw), &len);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_mem_eq(kept, text, len);
	shelf_release(shelf, view);
	LIST_NOTHING(10);
	LEVER_LIST(10, {"layout", 10, text});
	site_says(".switches.layout.running.generation", "1");
}
END_TEST

START_TEST(a_spoilt_copy_gives_way_to_the_one_before)
{
	put_first();
	site_until(".switches.layout.running.proven", "true");
	lever_put("layout", 11, lever_text("2", "0", "100", ""));
	site_until_file("switches/proven/layout@1", true);
	site_until(".switches.layout.running.proven", "true");
	lever_close();
	truncate(site_path("switches/proven/layout"), 200);
	lever_open();
	ck_assert_uint_eq(lever.booted, 1);
	ck_assert_str_eq(lever_variant("layout"), "a");
	site_says(".switches.layout.running.version", "1");
	LEVER_LIST(11, {"layout", 11, lever_text("2", "0", "100", "")});
	ck_assert_str_eq(lever_variant("layout"), "b");
}
END_TEST

START_TEST(a_disk_that_fails_costs_the_memory_alone)
{
	site_until_file("switches/proven", true);
	ck_assert_int_eq(rmdir(site_path("switches/proven")), 0);
	site_write("switches/proven", "a file in the way");
	put_first();
	site_until(".disk.ok", "false");
	site_says(".switches.layout.running.proven", "false");
	ck_assert_str_eq(lever_variant("layout"), "a");
	ck_assert_int_eq(unlink(site_path("switches/proven")), 0);
	site_until(".switches.layout.running.proven", "true");
	site_until(".disk.ok", "true");
	lever_restart();
	ck_assert_str_eq(lever_variant("layout"), "a");
}
END_TEST

/* ---- the split ---- */

START_TEST(a_split_that_cannot_be_chance_is_said)
{
	struct switch_slot *slot;
	struct switch_answer answer;
	lever_put("layout", 10, lever_text("1", "50", "50", ""));
	ck_assert_int_eq(switchboard_slot(lever.board, "layout", &slot), 0);
	/* Somebody else decides: no user of b is sent on to here. */
	struct ab_switch *sw = switchboard_dup(lever.board, "layout");
	for (int i = 0; i < 20000; i++) {
		char text[64];
		int n = snprintf(text, sizeof text, "u%d", i);
		if (ab_choose_key(sw, true, text, (size_t)n).variant)
			continue;
		struct document *document;
		n = snprintf(text, sizeof text, "{\"user\": {\"id\": \"u%d\"}}", i);
		ck_assert_int_eq(document_parse(&document, text, (size_t)n, NULL), 0);
		ck_assert(switch_ask(slot, NULL, document, &answer));
		document_free(document);
	}
	ab_unref(sw);
	site_until(".switches.layout.sample_ratio.mismatch", "true");
	site_counts("flume_switch_sample_ratio_mismatch{switch=\"layout\"} 1");
	lever_put("layout", 11, lever_text("2", "100", "0", ""));
	site_says(".switches.layout.sample_ratio", "-");
}
END_TEST

Suite *suite_switches(void)
{
	Suite *suite = suite_create("switches");
	TCase *tcase = lever_case(suite, "changes");
	tcase_add_test(tcase, a_switch_is_in_force_when_it_is_put);
	tcase_add_test(tcase, a_switch_that_is_gone_answers_no_more);
	tcase_add_loop_test(tcase, a_broken_document_leaves_the_old_one_in_force, 0,
			    sizeof broken / sizeof *broken);
	tcase_add_test(tcase, a_lagging_member_does_not_take_a_switch_back);
	tcase_add_test(tcase, a_store_that_was_wiped_is_followed_anew);
	tcase_add_test(tcase, what_a_list_does_not_name_is_gone);
	tcase_add_test(tcase, too_many_deletions_at_once_are_held);
	tcase_add_test(tcase, a_held_fleet_keeps_its_switches_but_can_turn_them_off);
	tcase_add_test(tcase, a_submission_is_answered_and_a_refused_one_leaves_nothing);
	tcase = lever_case(suite, "beside schemas");
	tcase_add_test(tcase, a_switch_in_front_waits_for_its_schemas);
	tcase_add_test(tcase, schemas_and_switch_may_come_in_any_order_at_the_start);
	tcase_add_test(tcase, a_schema_that_a_switch_sends_documents_to_stays);
	tcase_add_test(tcase, a_switch_has_no_name_of_a_schema);
	tcase_add_test(tcase, a_schema_that_takes_the_name_of_a_switch_in_front_is_served);
	tcase_add_test(tcase, a_route_that_no_variant_reaches_is_refused_until_there_is_one);
	tcase_add_test(tcase, a_switch_does_not_lose_a_variant_that_a_schema_has_a_route_for);
	tcase_add_test(tcase, a_switch_that_schemas_ask_stays_until_they_do_not);
	tcase_add_test(tcase, a_case_does_not_fail_since_a_switch_moves_below_it);
	tcase_add_test(tcase, a_switch_that_comes_after_its_schema_decides_from_then_on);
	tcase_add_test(tcase, a_switch_that_decides_nothing_says_so_until_a_schema_asks_it);
	tcase = lever_case(suite, "the disk and the split");
	tcase_add_test(tcase, a_node_starts_with_its_switches_byte_for_byte);
	tcase_add_test(tcase, a_spoilt_copy_gives_way_to_the_one_before);
	tcase_add_test(tcase, a_disk_that_fails_costs_the_memory_alone);
	tcase_add_test(tcase, a_split_that_cannot_be_chance_is_said);
	return suite;
}
