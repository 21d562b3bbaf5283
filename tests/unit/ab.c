/* A switch: what it may say, and what it answers. */
#include "agent/split/ab.h"

#include "agent/split/weight.h"
#include "tests/unit/ab_fixture.h"
#include "tests/unit/cases.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <stdio.h>

#define CASES "tests/schemas/switches"

static struct cases cases;

/* ---- reading ---- */

START_TEST(a_document_is_taken_or_refused_in_these_words)
{
	const char *name = cases.names[_i];
	bool yaml = case_has(CASES, name, "in.yaml");
	const char *path = case_path(CASES, name, yaml ? "in.yaml" : "in.json");
	char *text = case_read(path);
	struct ab_switch *sw = NULL;
	struct text said = {0};
	flume_report *report = flume_report_new();
	int rc = ab_parse(&sw, "layout", text, strlen(text), yaml ? FLUME_YAML : FLUME_JSON,
			  report);
	add_findings(&said, report);
	ck_assert_msg((rc == 0) == (flume_report_size(report) == 0), "%s: %d", path, rc);
	ck_assert_msg((rc == 0) == !case_has(CASES, name, "expected"), "%s: %s", path,
		      said.s ? said.s : "taken");
	if (rc)
		case_expect(case_path(CASES, name, "expected"), path, said.s);
	ab_unref(sw);
	text_fini(&said);
	flume_report_free(report);
	free(text);
}
END_TEST

START_TEST(a_switch_is_what_its_document_says)
{
	struct ab_switch *sw =
		read_switch("layout", "version: '3'\n"
				      "by: user.id\n"
				      "variants: {control: 89.999, compact: 10.001}\n"
				      "default: control\n"
				      "where: {zone: [a, b], tier: gold}\n"
				      "front: true\n");
	static const char *const here[] = {"tier=gold", "zone=b", NULL},
				 *const elsewhere[] = {"zone=c", "tier=gold", NULL},
				 *const half[] = {"zone=a", "tiers=gold", NULL};
	ck_assert_str_eq(ab_name(sw), "layout");
	ck_assert_str_eq(flume_schema_get_version(ab_document(sw)), "3");
	ck_assert_uint_eq(ab_count(sw), 2);
	ck_assert_str_eq(ab_variant(sw, 0)->name, "compact");
	ck_assert_uint_eq(ab_variant(sw, 0)->weight, 10001);
	ck_assert_uint_eq(ab_variant(sw, 1)->weight, 89999);
	ck_assert_ptr_null(ab_variant(sw, 2));
	ck_assert_int_eq(ab_find(sw, "control"), 1);
	ck_assert_int_eq(ab_find(sw, "con"), -1);
	ck_assert_uint_eq(ab_default(sw), 1);
	ck_assert(ab_enabled(sw));
	ck_assert_int_eq(ab_front(sw), AB_FRONT_YES);
	ck_assert(ab_applies(sw, here));
	ck_assert(!ab_applies(sw, elsewhere));
	ck_assert(!ab_applies(sw, half));
	ck_assert(!ab_applies(sw, NULL));
	ab_unref(sw);
}
END_TEST

/* As with schemas: comments, formats and the order of keys mean nothing. */
START_TEST(the_order_of_variants_changes_neither_digest_nor_choice)
{
	struct ab_switch *a =
		read_switch("s", "{by: id, variants: {x: 20, y: 30, z: 50}, default: x}");
	struct ab_switch *b = read_switch(
		"s", "# shuffled\ndefault: x\nvariants: {z: 50, x: 20, y: 30}\nby: id\n");
	ck_assert_str_eq(flume_schema_get_digest(ab_document(a)),
			 flume_schema_get_digest(ab_document(b)));
	for (int i = 0; i < 1000; i++) {
		char key[16];
		int n = snprintf(key, sizeof key, "%d", i);
		ck_assert_uint_eq(ab_choose_key(a, true, key, (size_t)n).variant,
				  ab_choose_key(b, true, key, (size_t)n).variant);
	}
	ab_unref(a);
	ab_unref(b);
}
END_TEST

START_TEST(ten_thousand_overrides_are_the_most)
{
	struct text t = {0};
	text_add(&t, "{\"by\":\"id\",\"variants\":{\"a\":100,\"b\":0},\"default\":\"a\","
		     "\"overrides\":{");
	for (int i = 0; i < AB_OVERRIDES; i++)
		text_addf(&t, "%s\"%d\":\"b\"", i ? "," : "", i);
	size_t len = t.len;
	text_add(&t, "}}");
	struct ab_switch *sw = NULL;
	ck_assert_int_eq(ab_parse(&sw, "s", t.s, t.len, FLUME_JSON, NULL), 0);
	expect_variant(sw, "{\"id\":0}", "b", AB_OVERRIDE);
	expect_variant(sw, "{\"id\":9999}", "b", AB_OVERRIDE);
	expect_variant(sw, "{\"id\":10000}", "a", AB_WEIGHT);
	ab_unref(sw);
	t.len = len;
	text_add(&t, ",\"x\":\"b\"}}");
	flume_report *report = flume_report_new();
	ck_assert_int_eq(ab_parse(&sw, "s", t.s, t.len, FLUME_JSON, report), FLUME_REJECTED);
	ck_assert_str_eq(flume_report_get_issue(report, 0)->code, "too-many");
	flume_report_free(report);
	text_fini(&t);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused)
{
	static const char yaml[] = "{variants: {a: 100}, default: a}";
	char name[AB_NAME + 1];
	struct ab_switch *sw = NULL;
	memset(name, 'a', sizeof name);
	name[AB_NAME] = '\0';
	ck_assert_int_eq(ab_parse(&sw, name, yaml, sizeof yaml - 1, FLUME_YAML, NULL),
			 FLUME_REJECTED);
	ck_assert_int_eq(ab_parse(&sw, "", yaml, sizeof yaml - 1, FLUME_YAML, NULL),
			 FLUME_REJECTED);
	name[AB_NAME - 1] = '\0';
	ck_assert_int_eq(ab_parse(&sw, name, yaml, sizeof yaml - 1, FLUME_YAML, NULL), 0);
	ab_unref(sw);
}
END_TEST

START_TEST(weights_are_read_digit_by_digit)
{
	static const struct {
		const char *text;
		enum weight_outcome outcome;
		uint32_t weight;
		const char *written;
	} rows[] = {
		{"0", WEIGHT_GOOD, 0, "0"},
		{"100", WEIGHT_GOOD, 100000, "100"},
		{"33.333", WEIGHT_GOOD, 33333, "33.333"},
		{"0.001", WEIGHT_GOOD, 1, "0.001"},
		{"12.50", WEIGHT_GOOD, 12500, "12.5"},
		{"7.00000", WEIGHT_GOOD, 7000, "7"},
		{"0.0001", WEIGHT_TOO_FINE, 0, NULL},
		{"99.9999", WEIGHT_TOO_FINE, 0, NULL},
		{"100.0001", WEIGHT_TOO_FINE, 0, NULL},
		{"100.001", WEIGHT_TOO_LARGE, 0, NULL},
		{"4294967296", WEIGHT_TOO_LARGE, 0, NULL},
		{"-1", WEIGHT_NO_NUMBER, 0, NULL},
		{"1e1", WEIGHT_NO_NUMBER, 0, NULL},
		{"1.", WEIGHT_NO_NUMBER, 0, NULL},
		{".5", WEIGHT_NO_NUMBER, 0, NULL},
		{"", WEIGHT_NO_NUMBER, 0, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t got = 0;
		char written[WEIGHT_TEXT];
		ck_assert_msg(weight_read(rows[i].text, &got) == rows[i].outcome &&
				      got == rows[i].weight,
			      "%s: %u", rows[i].text, got);
		weight_write(written, got);
		if (rows[i].written)
			ck_assert_str_eq(written, rows[i].written);
	}
}
END_TEST

/* ---- choosing ---- */

#define PLAIN "{by: user.id, variants: {all: 100, none: 0}, default: none"

START_TEST(without_a_key_it_is_the_default)
{
	static const char *const documents[] = {
		"{}",
		"{\"user\":1}",
		"{\"user\":{\"id\":null}}",
		"{\"user\":{\"id\":\"\"}}",
		"{\"user\":{\"id\":[1]}}",
		"{\"user\":{\"id\":{\"a\":1}}}",
		"[1]",
		"7",
	};
	struct ab_switch *sw = read_switch("s", PLAIN "}");
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		expect_variant(sw, documents[i], "none", AB_NO_KEY);
	expect_variant(sw, "{\"user\":{\"id\":\"x\"}}", "all", AB_WEIGHT);
	ck_assert_int_eq(ab_choose_key(sw, true, "", 0).why, AB_NO_KEY);
	ab_unref(sw);
}
END_TEST

START_TEST(a_key_is_the_value_as_it_is_written)
{
	struct ab_switch *sw = read_switch(
		"s", PLAIN ", overrides: {'1.50': none, 'true': none, '1e3': none, "
			   "'\xc3\xa4': none, '123456789012345678901234567890': none}}");
	static const char *const overridden[] = {"1.50",
						 "\"1.50\"",
						 "true",
						 "\"true\"",
						 "1e3",
						 "\"\\u00e4\"",
						 "123456789012345678901234567890"},
				 *const others[] = {"1.5", "15e-1", "false", "1000", "\"a\""};
	char document[100];
	for (size_t i = 0; i < sizeof overridden / sizeof *overridden; i++) {
		snprintf(document, sizeof document, "{\"user\":{\"id\":%s}}", overridden[i]);
		expect_variant(sw, document, "none", AB_OVERRIDE);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		snprintf(document, sizeof document, "{\"user\":{\"id\":%s}}", others[i]);
		expect_variant(sw, document, "all", AB_WEIGHT);
	}
	ab_unref(sw);
}
END_TEST

START_TEST(a_key_with_a_nul_is_not_the_one_before_it)
{
	struct ab_switch *sw = read_switch("s", PLAIN ", overrides: {a: none}}");
	expect_variant(sw, "{\"user\":{\"id\":\"a\"}}", "none", AB_OVERRIDE);
	expect_variant(sw, "{\"user\":{\"id\":\"a\\u0000b\"}}", "all", AB_WEIGHT);
	ab_unref(sw);
}
END_TEST

/* What a step has computed is written nowhere; it counts as it would be written. */
START_TEST(a_computed_number_is_a_key_too)
{
	struct ab_switch *sw =
		read_switch("s", PLAIN ", overrides: {'2.5': none, '-7': none}}");
	struct document *document = read_document("{\"user\":{\"id\":1}}");
	struct path path = read_path("user.id");
	ck_assert_int_eq(document_set_real(document, &path, 2.5, NULL), 0);
	ck_assert_int_eq(ab_choose(sw, true, document).why, AB_OVERRIDE);
	ck_assert_int_eq(document_set_integer(document, &path, -7, NULL), 0);
	ck_assert_int_eq(ab_choose(sw, true, document).why, AB_OVERRIDE);
	path_fini(&path);
	document_free(document);
	ab_unref(sw);
}
END_TEST

START_TEST(switched_off_everyone_gets_the_default_overridden_or_not)
{
	struct ab_switch *sw = read_switch("s", PLAIN ", enabled: false, overrides: {x: all}}");
	expect_variant(sw, "{\"user\":{\"id\":\"x\"}}", "none", AB_DISABLED);
	expect_variant(sw, "{\"user\":{\"id\":\"y\"}}", "none", AB_DISABLED);
	ck_assert_int_eq(ab_choose_key(sw, false, "x", 1).why, AB_DISABLED);
	ab_unref(sw);
}
END_TEST

START_TEST(elsewhere_everyone_gets_the_default_overridden_or_not)
{
	struct ab_switch *sw =
		read_switch("s", PLAIN ", where: {zone: a}, overrides: {x: all}}");
	struct ab_choice choice = ab_choose_key(sw, false, "x", 1);
	ck_assert_int_eq(choice.why, AB_ELSEWHERE);
	ck_assert_uint_eq(choice.variant, ab_default(sw));
	ck_assert_int_eq(ab_choose_key(sw, true, "x", 1).why, AB_OVERRIDE);
	ab_unref(sw);
}
END_TEST

START_TEST(what_everyone_gets_needs_no_key)
{
	struct ab_switch *sw = read_switch("s", "{variants: {new: 100, old: 0}, default: old}");
	expect_variant(sw, "{}", "new", AB_WEIGHT);
	expect_variant(sw, "[]", "new", AB_WEIGHT);
	ab_unref(sw);
}
END_TEST

START_TEST(the_salt_tells_switches_apart_unless_they_share_one)
{
	static const char halves[] = "{by: id, variants: {a: 50, b: 50}, default: a}",
			  salted[] =
				  "{by: id, variants: {a: 50, b: 50}, default: a, salt: one}";
	struct ab_switch *one = read_switch("one", halves), *two = read_switch("two", halves),
			 *like_one = read_switch("two", salted);
	int same = 0;
	for (int i = 0; i < 1000; i++) {
		char key[16];
		size_t n = (size_t)snprintf(key, sizeof key, "%d", i);
		size_t variant = ab_choose_key(one, true, key, n).variant;
		same += variant == ab_choose_key(two, true, key, n).variant;
		ck_assert_uint_eq(variant, ab_choose_key(like_one, true, key, n).variant);
	}
	ck_assert_int_gt(same, 400);
	ck_assert_int_lt(same, 600);
	ab_unref(one);
	ab_unref(two);
	ab_unref(like_one);
}
END_TEST

START_TEST(asking_takes_no_memory)
{
	struct ab_switch *sw = read_switch(
		"s", "{by: id, variants: {a: 50, b: 50}, default: a, overrides: {x: b}}");
	struct document *document = read_document("{\"id\":\"user-1\"}");
	long before = memory_taken();
	for (int i = 0; i < 100; i++)
		(void)ab_choose(sw, true, document);
	ck_assert_int_eq(memory_taken(), before);
	document_free(document);
	ab_unref(sw);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	static const char yaml[] =
		"version: '1'\nby: user.id\nvariants: {control: 90, compact: 10}\n"
		"default: control\nwhere: {zone: [a]}\noverrides: {x: compact, y: control}\n";
	static const char wrong[] =
		"by: user.[\nvariants: {control: 90, compact: 9}\ndefault: x\n"
		"where: {zone: []}\noverrides: {x: y}\n";
	const char *const texts[] = {yaml, wrong};
	for (size_t i = 0; i < 2; i++) {
		bool failed = true;
		for (long nth = 1; failed; nth++) {
			struct ab_switch *sw = NULL;
			flume_report *report = flume_report_new();
			memory_fails_at(nth);
			int rc = ab_parse(&sw, "s", texts[i], strlen(texts[i]), FLUME_YAML,
					  report);
			failed = memory_is_back();
			ck_assert_msg(rc == FLUME_NOMEM || !failed || i == 1, "%ld: %d", nth,
				      rc);
			ck_assert(rc == 0 || !sw);
			ck_assert(failed || rc == (i ? FLUME_REJECTED : FLUME_OK));
			ab_unref(sw);
			flume_report_free(report);
		}
	}
}
END_TEST

Suite *suite_ab(void)
{
	Suite *suite = suite_create("ab");
	TCase *tests = tcase_create("reading");
	cases = cases_list(CASES);
	tcase_add_loop_test(tests, a_document_is_taken_or_refused_in_these_words, 0,
			    (int)cases.n);
	tcase_add_test(tests, a_switch_is_what_its_document_says);
	tcase_add_test(tests, the_order_of_variants_changes_neither_digest_nor_choice);
	tcase_add_test(tests, ten_thousand_overrides_are_the_most);
	tcase_add_test(tests, a_name_that_is_too_long_is_refused);
	tcase_add_test(tests, weights_are_read_digit_by_digit);
	tcase_add_test(tests, each_allocation_may_fail);
	suite_add_tcase(suite, tests);
	tests = tcase_create("choosing");
	tcase_add_test(tests, without_a_key_it_is_the_default);
	tcase_add_test(tests, a_key_is_the_value_as_it_is_written);
	tcase_add_test(tests, a_key_with_a_nul_is_not_the_one_before_it);
	tcase_add_test(tests, a_computed_number_is_a_key_too);
	tcase_add_test(tests, switched_off_everyone_gets_the_default_overridden_or_not);
	tcase_add_test(tests, elsewhere_everyone_gets_the_default_overridden_or_not);
	tcase_add_test(tests, what_everyone_gets_needs_no_key);
	tcase_add_test(tests, the_salt_tells_switches_apart_unless_they_share_one);
	tcase_add_test(tests, asking_takes_no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
