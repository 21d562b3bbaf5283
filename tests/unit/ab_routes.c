/* What schemas and switches expect of each other. */
#include "agent/split/routes.h"

#include "tests/unit/ab_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

static const char schema_yaml[] =
	"components:\n"
	"  conditions:\n"
	"    layout: {kind: ab, switch: layout}\n"
	"    other: {kind: ab, switch: to-come}\n"
	"    field: {kind: field, field: a}\n"
	"  predicates:\n"
	"    is-large: {kind: flag, switch: layout, variant: large}\n"
	"    is-compact: {kind: flag, switch: layout, variant: compact}\n"
	"canary: {cases: [{input: {type: switch, condition: layout, routes: {x: 1}}}]}\n"
	"x-note: {type: switch, condition: layout, routes: {x: 1}}\n"
	"type: sequence\n"
	"children:\n"
	"  - {ref: a}\n"
	"  - type: switch\n"
	"    condition: layout\n"
	"    routes:\n"
	"      compact: {type: switch, condition: layout, routes: {compcat: {ref: a}}}\n"
	"      huge: {ref: a}\n"
	"      default: {ref: a}\n"
	"    default: {type: switch, condition: shared, routes: {tiny: {ref: a}}}\n"
	"  - {type: switch, condition: other, routes: {anything: {ref: a}}}\n"
	"  - {type: switch, condition: field, routes: {anything: {ref: a}}}\n";

static const char shared_yaml[] =
	"{conditions: {shared: {kind: ab, switch: layout}, field: {kind: ab, switch: layout}}}";

static flume_schema *schema;
static flume_value *shared;
static struct ab_switch *layout;

static void open_all(void)
{
	ck_assert_int_eq(flume_schema_parse(&schema, schema_yaml, sizeof schema_yaml - 1,
					    FLUME_YAML, NULL, NULL),
			 0);
	shared = read_value(shared_yaml, FLUME_YAML);
	layout = read_switch("layout", "by: id\nvariants: {control: 90, compact: 10}\n"
				       "default: control\n");
}

static void close_all(void)
{
	flume_schema_unref(schema);
	flume_value_free(shared);
	ab_unref(layout);
}

static const struct ab_switch *find(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "layout") ? NULL : layout;
}

static const struct ab_switch *find_none(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

START_TEST(a_route_that_no_variant_reaches_is_found)
{
	struct text said = {0};
	flume_report *report = flume_report_new();
	ck_assert_int_eq(ab_check_schema(schema, shared, find, NULL, report), FLUME_REJECTED);
	add_findings(&said, report);
	ck_assert_str_eq(
		said.s,
		"7:53: error: switch 'layout' has no variant 'large' [unknown-variant]\n"
		"  path: components.predicates.is-large.variant\n"
		"  hint: it has compact, control\n"
		"17:59: error: switch 'layout' has no variant 'compcat' [unreachable-route]\n"
		"  path: root.children[1].routes.compact.routes.compcat\n"
		"  hint: did you mean 'compact'?\n"
		"18:7: error: switch 'layout' has no variant 'huge' [unreachable-route]\n"
		"  path: root.children[1].routes.huge\n"
		"  hint: it has compact, control\n"
		"20:57: error: switch 'layout' has no variant 'tiny' [unreachable-route]\n"
		"  path: root.children[1].default.routes.tiny\n"
		"  hint: it has compact, control\n");
	text_fini(&said);
	flume_report_free(report);
}
END_TEST

START_TEST(a_switch_that_is_to_come_is_no_fault)
{
	ck_assert_int_eq(ab_check_schema(schema, shared, find_none, NULL, NULL), 0);
}
END_TEST

START_TEST(a_switch_may_not_take_away_what_a_schema_has_a_route_to)
{
	struct text said = {0};
	flume_report *report = flume_report_new();
	struct ab_switch *next = read_switch("layout", "by: id\n"
						       "variants: {compact: 50, huge: 25, "
						       "large: 25, compcat: 0}\n"
						       "default: compact\n");
	ck_assert_int_eq(ab_check_switch(next, "checkout", schema, shared, report),
			 FLUME_REJECTED);
	add_findings(&said, report);
	ck_assert_str_eq(said.s,
			 "2:11: error: schema 'checkout' has 'tiny' at "
			 "root.children[1].default.routes.tiny, and no variant is called so "
			 "[unreachable-route]\n"
			 "  path: switch.variants\n"
			 "  hint: take the route out of the schema first\n");
	ck_assert_int_eq(ab_check_switch(next, "checkout", schema, NULL, NULL), 0);
	ab_unref(next);
	text_fini(&said);
	flume_report_free(report);
}
END_TEST

START_TEST(a_switch_of_another_name_is_not_meant)
{
	struct ab_switch *other =
		read_switch("other", "{variants: {none: 100}, default: none}");
	ck_assert_int_eq(ab_check_switch(other, "checkout", schema, shared, NULL), 0);
	ab_unref(other);
}
END_TEST

static int add_name(void *arg, const char *name)
{
	struct text *t = arg;
	text_addf(t, "%s ", name);
	return t->len > 100 ? 7 : 0;
}

START_TEST(each_switch_that_is_named_is_told)
{
	struct text names = {0};
	ck_assert_int_eq(ab_each_name(schema, shared, add_name, &names), 0);
	ck_assert_str_eq(names.s, "layout to-come layout layout layout layout ");
	while (names.len < 100)
		text_add(&names, "x");
	ck_assert_int_eq(ab_each_name(schema, NULL, add_name, &names), 7);
	text_fini(&names);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		flume_report *report = flume_report_new();
		memory_fails_at(nth);
		int rc = ab_check_schema(schema, shared, find, NULL, report);
		failed = memory_is_back();
		ck_assert(rc == FLUME_REJECTED || (failed && rc == FLUME_NOMEM));
		flume_report_free(report);
	}
}
END_TEST

Suite *suite_ab_routes(void)
{
	Suite *suite = suite_create("ab_routes");
	TCase *tests = tcase_create("routes");
	tcase_add_checked_fixture(tests, open_all, close_all);
	tcase_add_test(tests, a_route_that_no_variant_reaches_is_found);
	tcase_add_test(tests, a_switch_that_is_to_come_is_no_fault);
	tcase_add_test(tests, a_switch_may_not_take_away_what_a_schema_has_a_route_to);
	tcase_add_test(tests, a_switch_of_another_name_is_not_meant);
	tcase_add_test(tests, each_switch_that_is_named_is_told);
	tcase_add_test(tests, each_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
