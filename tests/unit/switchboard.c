/* The switches of a node: asked while they change, and counted. */
#include "agent/split/switchboard.h"

#include "agent/split/kinds.h"
#include "tests/unit/board_fixture.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static void ask_many(struct switch_slot *slot, int from, int to)
{
	char json[40];
	for (int i = from; i < to; i++) {
		snprintf(json, sizeof json, "{\"id\":%d}", i);
		ask_board(slot, json, NULL);
	}
}

START_TEST(a_slot_waits_for_its_switch_and_follows_it)
{
	struct switch_slot *slot = slot_of("s");
	ck_assert_str_eq(ask_board(slot, "{\"id\":1}", NULL), "none ");
	board_put("s", "{variants: {a: 100}, default: a}");
	ck_assert_str_eq(ask_board(slot, "{\"id\":1}", NULL), "a weight");
	board_put("s", "{variants: {b: 100}, default: b}");
	ck_assert_str_eq(ask_board(slot, "{\"id\":1}", NULL), "b weight");
	ck_assert(switchboard_remove(board, "s"));
	ck_assert_str_eq(ask_board(slot, "{\"id\":1}", NULL), "none ");
	ck_assert(!switchboard_remove(board, "s"));
	ck_assert(!switchboard_remove(board, "never"));
	ck_assert_ptr_eq(slot, slot_of("s"));
}
END_TEST

START_TEST(what_is_there_can_be_had)
{
	board_put("s", HALVES);
	struct ab_switch *sw = switchboard_dup(board, "s");
	switchboard_remove(board, "s");
	ck_assert_str_eq(ab_name(sw), "s");
	ab_unref(sw);
	ck_assert_ptr_null(switchboard_dup(board, "s"));
	ck_assert_ptr_null(switchboard_dup(board, "t"));
}
END_TEST

/* "a weight" */
static const char *ask_as(struct switch_slot *slot, const struct ab_switch *sw,
			  const char *json)
{
	static char text[2 * AB_NAME];
	struct switch_answer answer;
	struct document *document = read_document(json);
	switch_ask_as(slot, sw, switchboard_generation(board), NULL, document, &answer);
	snprintf(text, sizeof text, "%s %s", answer.variant, ab_why_text(answer.why));
	document_free(document);
	return text;
}

START_TEST(who_began_with_a_switch_is_answered_by_it_and_counted_when_it_is_gone)
{
	struct switch_slot *slot = slot_of("s");
	board_put("s", "{by: id, variants: {a: 100, b: 0}, default: b, where: {zone: a}}");
	struct ab_switch *sw = switchboard_dup(board, "s");
	ck_assert_str_eq(ask_as(slot, sw, "{\"id\":1}"), "a weight");
	board_put("s", "{by: id, variants: {b: 0, c: 100}, default: b}");
	ck_assert_str_eq(ask_as(slot, sw, "{\"id\":1}"), "a weight");
	ck_assert_str_eq(ask_board(slot, "{\"id\":1}", NULL), "c weight");
	switchboard_remove(board, "s");
	ck_assert_str_eq(ask_as(slot, sw, "{\"id\":1}"), "a weight");
	ck_assert_str_eq(ask_as(slot, sw, "{}"), "b no-key");
	for (int i = 0; i < 2; i++)
		switchboard_tidy(board);
	ck_assert_int_eq(switchboard_set_labels(board, NULL), 0);
	ck_assert_str_eq(ask_as(slot, sw, "{\"id\":1}"), "b elsewhere");
	ab_unref(sw);
	expect_counts("s.a.weight=3 s.b.elsewhere=1 s.b.no-key=1 s.c.weight=1 ");
}
END_TEST

START_TEST(labels_decide_whether_a_switch_is_for_this_node)
{
	static const char *const other[] = {"zone=b", NULL};
	struct switch_slot *slot = slot_of("s");
	board_put("s", "{variants: {new: 100, old: 0}, default: old, where: {zone: a}}");
	board_put("t", "{variants: {new: 100, old: 0}, default: old}");
	ck_assert_str_eq(ask_board(slot, "{}", NULL), "new weight");
	ck_assert_int_eq(switchboard_set_labels(board, other), 0);
	ck_assert_str_eq(ask_board(slot, "{}", NULL), "old elsewhere");
	ck_assert_str_eq(ask_board(slot_of("t"), "{}", NULL), "new weight");
	ck_assert_int_eq(switchboard_set_labels(board, NULL), 0);
	ck_assert_str_eq(ask_board(slot, "{}", NULL), "old elsewhere");
	board_put("s", "{variants: {new: 100, old: 0}, default: old, where: {zone: b}}");
	ck_assert_int_eq(switchboard_set_labels(board, other), 0);
	ck_assert_str_eq(ask_board(slot, "{}", NULL), "new weight");
	expect_counts("s.new.weight=2 s.old.weight=0 s.old.elsewhere=2 t.new.weight=1 "
		      "t.old.weight=0 ");
}
END_TEST

START_TEST(documents_are_counted_by_variant_and_reason)
{
	struct switch_slot *slot = slot_of("s");
	expect_counts("");
	board_put("s", "{by: id, variants: {a: 100, b: 0}, default: b, overrides: {x: b}}");
	expect_counts("s.a.weight=0 s.b.weight=0 ");
	ask_board(slot, "{\"id\":1}", NULL);
	ask_board(slot, "{\"id\":1}", NULL);
	ask_board(slot, "{\"id\":\"x\"}", NULL);
	ask_board(slot, "{}", NULL);
	expect_counts("s.a.weight=2 s.b.weight=0 s.b.override=1 s.b.no-key=1 ");
	board_put("s", "{by: id, enabled: false, variants: {b: 50, c: 50}, default: c}");
	ask_board(slot, "{\"id\":1}", NULL);
	expect_counts("s.a.weight=2 s.b.weight=0 s.b.override=1 s.b.no-key=1 s.c.weight=0 "
		      "s.c.disabled=1 ");
	switchboard_remove(board, "s");
	expect_counts("s.a.weight=2 s.b.override=1 s.b.no-key=1 s.c.disabled=1 ");
}
END_TEST

START_TEST(a_canary_chooses_and_is_not_counted)
{
	const struct flume_call canary = {.flags = FLUME_CALL_CANARY}, other = {0};
	struct switch_slot *slot = slot_of("s");
	board_put("s", "{variants: {a: 100}, default: a}");
	ck_assert_str_eq(ask_board(slot, "{}", &canary), "a weight");
	expect_counts("s.a.weight=0 ");
	ask_board(slot, "{}", &other);
	expect_counts("s.a.weight=1 ");
}
END_TEST

/* Names that come and go do not fill the memory. */
START_TEST(of_variants_that_are_gone_the_last_ones_are_remembered)
{
	char yaml[100];
	struct switch_slot *slot = slot_of("s");
	struct text counts = {0};
	for (int i = 0; i < 200; i++) {
		snprintf(yaml, sizeof yaml, "{variants: {v%03d: 100}, default: v%03d}", i, i);
		board_put("s", yaml);
		ask_board(slot, "{}", NULL);
	}
	switchboard_counts(board, add_count, &counts);
	ck_assert_ptr_null(strstr(counts.s, "s.v100.weight"));
	ck_assert_ptr_nonnull(strstr(counts.s, "s.v170.weight=1 "));
	ck_assert_ptr_nonnull(strstr(counts.s, "s.v199.weight=1 "));
	text_fini(&counts);
}
END_TEST

/* ---- the ratio ---- */

START_TEST(a_busy_key_is_no_evidence)
{
	struct switch_slot *slot = slot_of("s");
	struct ratio none;
	ck_assert_int_eq(switchboard_ratio(board, "s", &none), FLUME_NOT_FOUND);
	board_put("s", HALVES);
	for (int i = 0; i < 3000; i++)
		ask_board(slot, "{\"id\":7}", NULL);
	ck_assert_int_eq(ratio_of("s").verdict, RATIO_WAIT);
	ck_assert_uint_eq(ratio_of("s").keys, 1);
	ask_many(slot, 0, 3000);
	ck_assert_int_eq(ratio_of("s").verdict, RATIO_GOOD);
	ck_assert_uint_gt(ratio_of("s").keys, 2000);
}
END_TEST

/* What happens when a second switch is salted as the first, and sees what the first lets through. */
START_TEST(keys_that_were_sifted_before_are_noticed)
{
	struct switch_slot *first = slot_of("first"), *second = slot_of("second");
	board_put("first", HALVES);
	board_put("second", "{by: id, variants: {a: 50, b: 50}, default: a, salt: first}");
	for (int i = 0; i < 2000; i++) {
		char json[40];
		snprintf(json, sizeof json, "{\"id\":%d}", i);
		if (*ask_board(first, json, NULL) == 'b')
			ask_board(second, json, NULL);
	}
	ck_assert_int_eq(ratio_of("first").verdict, RATIO_GOOD);
	ck_assert_int_eq(ratio_of("second").verdict, RATIO_BAD);
}
END_TEST

START_TEST(keys_are_counted_anew_when_the_weights_change_and_not_before)
{
	struct switch_slot *slot = slot_of("s");
	board_put("s", HALVES);
	ask_many(slot, 0, 500);
	uint64_t keys = ratio_of("s").keys;
	ck_assert_uint_gt(keys, 450);
	board_put("s", "{by: id, variants: {a: 50, b: 50}, default: b, overrides: {x: a}}");
	ck_assert_uint_eq(ratio_of("s").keys, keys);
	board_put("s", "{by: id, variants: {a: 60, b: 40}, default: b}");
	ck_assert_uint_eq(ratio_of("s").keys, 0);
}
END_TEST

/* ---- schemas ---- */

static void expect_run(flume_pipeline *pipeline, const char *output)
{
	void *item = read_document("{\"id\":1}");
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), 0);
	expect_document(item, output);
}

static flume_pipeline *build(flume_factory *factory)
{
	flume_pipeline *pipeline = NULL;
	char found[1000];
	int rc = build_schema(factory, ASKS_FIRST ASKS_AGAIN, &pipeline, found, sizeof found);
	ck_assert_msg(rc == 0, "%s", found);
	return pipeline;
}

START_TEST(a_pipeline_goes_where_its_switch_says)
{
	flume_factory *factory = new_document_factory();
	ck_assert_int_eq(switchboard_register(board, factory, NULL), 0);
	flume_pipeline *pipeline = build(factory);
	ck_assert(!flume_pipeline_may_block(pipeline));
	expect_run(pipeline, "{\"id\":1}");
	board_put("s", "{variants: {a: 100, b: 0}, default: a}");
	expect_run(pipeline, "{\"id\":1,\"way\":\"a\"}");
	board_put("s", "{variants: {a: 0, b: 100}, default: a}");
	expect_run(pipeline, "{\"id\":1,\"way\":\"b\",\"flag\":true}");
	switchboard_remove(board, "s");
	expect_run(pipeline, "{\"id\":1}");
	expect_counts("s.a.weight=2 s.b.weight=2 ");
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
}
END_TEST

START_TEST(a_pipeline_keeps_the_board_it_asks)
{
	flume_factory *factory = new_document_factory();
	ck_assert_int_eq(switchboard_register(board, factory, NULL), 0);
	flume_pipeline *pipeline = build(factory);
	board_put("s", "{variants: {a: 100, b: 0}, default: a}");
	flume_factory_free(factory);
	board_close();
	expect_run(pipeline, "{\"id\":1,\"way\":\"a\"}");
	flume_pipeline_unref(pipeline);
}
END_TEST

START_TEST(over_no_board_there_is_no_switch)
{
	flume_factory *factory = new_document_factory();
	ck_assert_int_eq(switchboard_register(NULL, factory, NULL), 0);
	ck_assert_int_eq(switchboard_register(board, factory, NULL), FLUME_EXISTS);
	flume_pipeline *pipeline = build(factory);
	expect_run(pipeline, "{\"id\":1}");
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
}
END_TEST

START_TEST(the_examples_are_right)
{
	const struct board_kind *kinds[] = {&kind_ab, &kind_flag};
	flume_factory *factory = new_document_factory();
	ck_assert_int_eq(switchboard_register(board, factory, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		char yaml[500], found[500];
		flume_pipeline *pipeline = NULL;
		snprintf(yaml, sizeof yaml,
			 "components: {processors: {x: {kind: drop}}, %s: {mine: %s}}\nref: "
			 "x\n",
			 flume_kind_key(kinds[i]->row.of), kinds[i]->row.example);
		int rc = build_schema(factory, yaml, &pipeline, found, sizeof found);
		ck_assert_msg(rc == 0, "%s: %s", yaml, found);
		flume_pipeline_unref(pipeline);
	}
	flume_factory_free(factory);
}
END_TEST

/* ---- memory ---- */

static int go_through_all(struct ab_switch *sw, flume_schema *schema)
{
	static const char *const labels[] = {"zone=b", "tier=x", NULL};
	struct switchboard *own = NULL;
	struct switch_slot *slot;
	flume_factory *factory = NULL;
	flume_pipeline *pipeline = NULL;
	int rc = switchboard_new(&own, labels);
	if (!rc)
		rc = switchboard_slot(own, "t", &slot);
	if (!rc)
		rc = switchboard_put(own, sw);
	if (!rc)
		rc = switchboard_set_labels(own, labels + 1);
	if (!rc && switchboard_remove(own, "s"))
		rc = switchboard_put(own, sw);
	if (!rc)
		rc = flume_factory_new(&factory,
				       &(struct flume_options){.type = &document_type}, NULL);
	if (!rc)
		rc = switchboard_register(own, factory, NULL);
	if (!rc)
		rc = flume_schema_build(schema, factory, &pipeline, NULL);
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
	switchboard_unref(own);
	return rc;
}

START_TEST(each_allocation_may_fail)
{
	static const char yaml[] =
		"components:\n"
		"  conditions: {which: {kind: ab, switch: s}}\n"
		"  predicates: {is-b: {kind: flag, switch: u, variant: b}}\n"
		"type: switch\ncondition: which\n"
		"routes: {a: {type: filter, predicate: is-b, then: {type: filter, predicate: "
		"is-b, then: {type: switch, condition: which, routes: {b: {ref: x}}}}}}\n";
	struct ab_switch *sw =
		read_switch("s", "{variants: {a: 100, b: 0}, default: b, where: {zone: b}}");
	flume_schema *schema = NULL;
	ck_assert_int_eq(
		flume_schema_parse(&schema, yaml, sizeof yaml - 1, FLUME_YAML, NULL, NULL), 0);
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		int rc = go_through_all(sw, schema);
		failed = memory_is_back();
		ck_assert_msg(failed ? rc == FLUME_NOMEM || rc == FLUME_REJECTED
				     : rc == FLUME_REJECTED,
			      "%ld: %d", nth, rc); /* 'x' means nothing */
	}
	flume_schema_unref(schema);
	ab_unref(sw);
}
END_TEST

Suite *suite_switchboard(void)
{
	Suite *suite = suite_create("switchboard");
	TCase *tests = tcase_create("switchboard");
	tcase_add_checked_fixture(tests, board_open, board_close);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_slot_waits_for_its_switch_and_follows_it);
	tcase_add_test(tests, what_is_there_can_be_had);
	tcase_add_test(tests,
		       who_began_with_a_switch_is_answered_by_it_and_counted_when_it_is_gone);
	tcase_add_test(tests, labels_decide_whether_a_switch_is_for_this_node);
	tcase_add_test(tests, documents_are_counted_by_variant_and_reason);
	tcase_add_test(tests, a_canary_chooses_and_is_not_counted);
	tcase_add_test(tests, of_variants_that_are_gone_the_last_ones_are_remembered);
	tcase_add_test(tests, a_busy_key_is_no_evidence);
	tcase_add_test(tests, keys_that_were_sifted_before_are_noticed);
	tcase_add_test(tests, keys_are_counted_anew_when_the_weights_change_and_not_before);
	tcase_add_test(tests, a_pipeline_goes_where_its_switch_says);
	tcase_add_test(tests, a_pipeline_keeps_the_board_it_asks);
	tcase_add_test(tests, over_no_board_there_is_no_switch);
	tcase_add_test(tests, the_examples_are_right);
	tcase_add_test(tests, each_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
