/* What chooses the way: in, between, cidr, bucket. */
#include "agent/document/networks.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does the predicate hold for {"a": json}? */
static bool holds(const char *predicate, const char *json)
{
	char yaml[4000], input[400];
	struct document *document = NULL;
	struct flume_err err = {0};
	snprintf(yaml, sizeof yaml,
		 "components:\n"
		 "  predicates: {p: %s}\n"
		 "  processors: {drop: {kind: drop}}\n"
		 "type: filter\npredicate: p\nthen: {ref: drop}\n",
		 predicate);
	snprintf(input, sizeof input, json ? "{\"a\":%s}" : "{}", json);
	int rc = process_document(yaml, input, &document, &err);
	ck_assert_msg(rc == 0 || rc == FLUME_DROPPED, "%s", err.text);
	document_free(document);
	return rc == FLUME_DROPPED;
}

START_TEST(in_looks_for_a_value_of_any_kind)
{
	const char *in = "{kind: in, field: a, values: [DE, AT, '7', 10, 2.5, true, null, DE, "
			 "99999999999999999999]}";
	static const char *const inside[] = {"\"DE\"", "\"AT\"", "\"7\"",
					     "10",     "10.0",   "2.5",
					     "true",   "null",   "99999999999999999999",
					     "1e1"};
	static const char *const outside[] = {"\"D\"", "\"de\"", "7",  "\"10\"",
					      "false", "[10]",   "{}", NULL};
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		ck_assert_msg(holds(in, inside[i]), "%s", inside[i]);
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		ck_assert_msg(!holds(in, outside[i]), "%s",
			      outside[i] ? outside[i] : "nothing");
}
END_TEST

START_TEST(in_finds_each_of_many)
{
	char list[3000] = "{kind: in, field: a, values: [x0", value[20];
	for (int i = 1; i < 200; i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), ", %s%d",
			 i % 2 ? "" : "x", i * 7 % 200);
	strcat(list, "]}");
	for (int i = 0; i < 200; i += 9) {
		bool text = i * 7 % 200 == 0 || i % 2 == 0;
		snprintf(value, sizeof value, text ? "\"x%d\"" : "%d", i * 7 % 200);
		ck_assert_msg(holds(list, value), "%s", value);
	}
	ck_assert(!holds(list, "\"x201\""));
	ck_assert(!holds(list, "1.5"));
}
END_TEST

START_TEST(between_has_bounds_that_count_or_not)
{
	static const struct {
		const char *bounds;
		bool from, to;
	} rows[] = {{"both", true, true},
		    {"from", true, false},
		    {"to", false, true},
		    {"none", false, false}};
	char declaration[200];
	for (size_t i = 0; i < 4; i++) {
		snprintf(declaration, sizeof declaration,
			 "{kind: between, field: a, from: 10, to: 20.5, bounds: %s}",
			 rows[i].bounds);
		ck_assert_int_eq(holds(declaration, "10"), rows[i].from);
		ck_assert_int_eq(holds(declaration, "20.50"), rows[i].to);
		ck_assert(holds(declaration, "10.5"));
		ck_assert(!holds(declaration, "9.9"));
		ck_assert(!holds(declaration, "21"));
		ck_assert(!holds(declaration, "\"15\""));
		ck_assert(!holds(declaration, NULL));
	}
	ck_assert(holds("{kind: between, field: a, from: b, to: d}", "\"c\""));
	ck_assert(!holds("{kind: between, field: a, from: b, to: d}", "\"da\""));
	ck_assert(holds("{kind: between, field: a, from: 1, to: 1}", "1"));
}
END_TEST

START_TEST(an_address_is_in_a_block_or_not)
{
	const char *cidr =
		"{kind: cidr, field: a, blocks: ['2001:db8::/32', 10.0.0.0/8, 10.1.0.0/16, "
		"192.0.2.7, '::ffff:172.16.0.0/108', 'fe80::1/128']}";
	static const char *const inside[] = {
		"10.0.0.0",        "10.255.255.255", "10.1.2.3",
		"192.0.2.7",       "2001:db8::",     "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		"::ffff:10.0.0.1", "172.31.255.255", "fe80::1",
		"2001:DB8::A"};
	static const char *const outside[] = {
		"9.255.255.255",  "11.0.0.0",   "192.0.2.8", "2001:db9::", "fe80::2",
		"172.32.0.0",     "::10.0.0.1", "",          "10",         "10.0.0",
		"10.0.0.0/8",     " 10.0.0.1",  "10.0.0.1 ", "010.0.0.1",  "host",
		"10.0.0.1\\u0000"};
	char value[100];
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
		snprintf(value, sizeof value, "\"%s\"", inside[i]);
		ck_assert_msg(holds(cidr, value), "%s", value);
	}
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		snprintf(value, sizeof value, "\"%s\"", outside[i]);
		ck_assert_msg(!holds(cidr, value), "%s", value);
	}
	ck_assert(!holds(cidr, "167772160"));
	ck_assert(!holds(cidr, NULL));
}
END_TEST

START_TEST(all_addresses_of_one_family_are_a_block)
{
	ck_assert(holds("{kind: cidr, field: a, blocks: [0.0.0.0/0]}", "\"255.255.255.255\""));
	ck_assert(!holds("{kind: cidr, field: a, blocks: [0.0.0.0/0]}", "\"::1\""));
	ck_assert(holds("{kind: cidr, field: a, blocks: ['::/0']}", "\"ff::1\""));
	ck_assert(!holds("{kind: cidr, field: a, blocks: ['::/0']}", "\"10.0.0.1\""));
}
END_TEST

static void expect_bucket(const char *condition, const char *json, const char *way)
{
	char yaml[1000], input[200], output[200];
	snprintf(yaml, sizeof yaml,
		 "components:\n"
		 "  conditions: {size: %s}\n"
		 "  processors: {s: {kind: set, fields: {w: s}}, m: {kind: set, fields: {w: "
		 "m}}, "
		 "l: {kind: set, fields: {w: l}}, o: {kind: set, fields: {w: o}}}\n"
		 "type: switch\ncondition: size\n"
		 "routes: {small: {ref: s}, medium: {ref: m}, large: {ref: l}}\ndefault: {ref: "
		 "o}\n",
		 condition);
	snprintf(input, sizeof input, "{\"a\":%s}", json);
	snprintf(output, sizeof output, "{\"a\":%s,\"w\":\"%s\"}", json, way);
	expect_output(yaml, input, output);
}

START_TEST(a_number_falls_into_its_bucket)
{
	const char *size =
		"{kind: bucket, field: a, below: {medium: 100.5, small: 10}, above: large}";
	expect_bucket(size, "-5", "s");
	expect_bucket(size, "9.5", "s");
	expect_bucket(size, "10", "m");
	expect_bucket(size, "100.5", "l");
	expect_bucket(size, "\"5\"", "o");
	expect_bucket(size, "null", "o");
	expect_bucket("{kind: bucket, field: a, below: {small: 10}}", "10", "o");
}
END_TEST

Suite *suite_document_choose(void)
{
	Suite *suite = suite_create("document_choose");
	TCase *cases = tcase_create("choose");
	tcase_add_test(cases, in_looks_for_a_value_of_any_kind);
	tcase_add_test(cases, in_finds_each_of_many);
	tcase_add_test(cases, between_has_bounds_that_count_or_not);
	tcase_add_test(cases, an_address_is_in_a_block_or_not);
	tcase_add_test(cases, all_addresses_of_one_family_are_a_block);
	tcase_add_test(cases, a_number_falls_into_its_bucket);
	suite_add_tcase(suite, cases);
	return suite;
}
