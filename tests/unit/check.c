#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Structure alone is told by the golden cases; here stands what needs a factory, and sizes. */

START_TEST(names_that_mean_nothing_get_a_suggestion)
{
	rig_refuses("s", "type: sequence\nchildren:\n  - {ref: inf}\n  - {ref: elsewhere}\n",
		    "3:11: root.children[0]: processor 'inf' not found [unknown-ref] "
		    "(did you mean 'inc'?)");
	rig_found("4:11: root.children[1]: processor 'elsewhere' not found [unknown-ref]");
	rig_refuses("s", "{type: filter, predicate: evne, then: {ref: a}}",
		    "1:27: root: predicate 'evne' not found [unknown-component] "
		    "(did you mean 'even'?)");
	rig_refuses("s", "{type: switch, condition: wrod, routes: {x: {ref: a}}}",
		    "1:27: root: condition 'wrod' not found [unknown-component] "
		    "(did you mean 'word'?)");
	rig_refuses("s", "{type: handle, error_handler: laeve, child: {ref: a}}",
		    "1:31: root: error handler 'laeve' not found [unknown-component] "
		    "(did you mean 'leave'?)");
	rig_refuses("s", "stream: bax",
		    "1:9: root: channel 'bax' not found [unknown-component] "
		    "(did you mean 'box'?)");
}
END_TEST

START_TEST(a_schema_may_be_what_was_meant)
{
	rig_must_set("payment", "ref: a");
	rig_refuses("s", "ref: paymnet",
		    "1:6: root: processor 'paymnet' not found [unknown-ref] "
		    "(did you mean 'payment'?)");
}
END_TEST

START_TEST(a_name_of_another_kind_is_not_that_name)
{
	rig_refuses("s", "ref: even", "1:6: root: processor 'even' not found [unknown-ref]");
	rig_refuses("s", "stream: a", "1:9: root: channel 'a' not found [unknown-component]");
}
END_TEST

START_TEST(findings_stand_in_document_order)
{
	rig_refuses("s",
		    "type: switch\n"
		    "condition: value\n"
		    "default: {ref: zzz4}\n"
		    "routes:\n"
		    "  z: {ref: zzz5}\n"
		    "  a: {ref: zzz6}\n"
		    "  m: {ref: b, zzz: 7}\n"
		    "components: {zzz: 8}\n"
		    "version: ''\n",
		    "3:16: root.default: processor 'zzz4' not found [unknown-ref]");
	unsigned line = 0;
	ck_assert_uint_eq(flume_report_size(rig.report), 6);
	for (size_t i = 0; i < flume_report_size(rig.report); i++) {
		ck_assert_uint_gt(flume_report_get_issue(rig.report, i)->line, line);
		line = flume_report_get_issue(rig.report, i)->line;
	}
}
END_TEST

START_TEST(structure_can_be_checked_without_a_factory)
{
	flume_schema *schema = rig_schema("{type: sequence, children: [{ref: nobody}]}");
	ck_assert_int_eq(flume_schema_check(schema, NULL, NULL), 0);
	ck_assert_int_eq(flume_schema_check(schema, rig.factory, NULL), FLUME_REJECTED);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(a_check_changes_nothing)
{
	rig_listen();
	ck_assert_int_eq(rig_check("ref: a"), 0);
	ck_assert_int_eq(rig_check("ref: zzz"), FLUME_REJECTED);
	char **ids = flume_factory_dup_schema_ids(rig.factory);
	ck_assert_ptr_null(ids[0]);
	free(ids);
	rig_told("schema.validation.started schema.validation.completed "
		 "schema.validation.started schema.validation.failed");
}
END_TEST

START_TEST(descriptions_and_x_keys_are_allowed_at_every_node)
{
	ck_assert_int_eq(
		rig_check("{type: filter, predicate: yes, description: why, x-owner: [me], "
			  "then: {ref: a, x-y: {z: 1}}, else: {stream: box, description: d}}"),
		0);
}
END_TEST

START_TEST(a_schema_may_not_refer_to_itself)
{
	rig_refuses(
		"s", "{type: sequence, children: [{ref: a}, {ref: s}]}",
		"1:45: root.children[1]: schemas that refer to one another: s -> s [cycle]");
}
END_TEST

START_TEST(a_cycle_is_refused_with_the_whole_chain)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("middle", "{type: sequence, children: [{ref: leaf}, {ref: a}]}");
	rig_must_set("top", "{type: sequence, children: [{ref: a}, {ref: middle}]}");
	rig_refuses("leaf", "{type: retry, child: {ref: top}}",
		    "1:28: root.child: schemas that refer to one another: "
		    "leaf -> top -> middle -> leaf [cycle]");
	ck_assert_int_eq(rig_process("top", 1), 0);
}
END_TEST

START_TEST(two_ways_to_the_same_schema_are_no_cycle)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("left", "ref: leaf");
	rig_must_set("right", "ref: leaf");
	rig_must_set("top",
		     "{type: sequence, children: [{ref: left}, {ref: right}, {ref: leaf}]}");
	rig_must_set("leaf", "ref: b");
	ck_assert_int_eq(rig_process("top", 1), 0);
	rig_left("bbb");
}
END_TEST

START_TEST(a_sibling_is_not_part_of_the_chain)
{
	rig_must_set("x", "ref: a");
	rig_must_set("y", "ref: a");
	rig_must_set("z", "ref: x");
	rig_must_set("m", "{type: sequence, children: [{ref: y}, {ref: z}]}");
	rig_refuses("x", "ref: m",
		    "1:6: root: schemas that refer to one another: x -> m -> z -> x [cycle]");
}
END_TEST

START_TEST(cases_are_not_interpreted)
{
	ck_assert_int_eq(
		rig_check("canary: {cases: [{input: {a: [1]}, expect: 5}, {input: }]}\n"
			  "ref: a"),
		0);
}
END_TEST

/* ---- sizes ---- */

static char *flat(size_t nodes)
{
	size_t cap = nodes * 10 + 64, len = 0;
	char *yaml = malloc(cap);
	ck_assert_ptr_nonnull(yaml);
	len += (size_t)snprintf(yaml, cap, "{type: sequence, children: [");
	for (size_t i = 1; i < nodes; i++)
		len += (size_t)snprintf(yaml + len, cap - len, "{ref: a},");
	snprintf(yaml + len, cap - len, "]}");
	return yaml;
}

static char *deep(int levels)
{
	char *yaml = calloc(1, (size_t)levels * 32 + 16);
	ck_assert_ptr_nonnull(yaml);
	for (int i = 1; i < levels; i++)
		strcat(yaml, "{type: retry, child: ");
	strcat(yaml, "{ref: a}");
	for (int i = 1; i < levels; i++)
		strcat(yaml, "}");
	return yaml;
}

static int set_and_free(const char *id, char *yaml)
{
	int rc = rig_set(id, yaml);
	free(yaml);
	return rc;
}

static const char *first_code(void)
{
	return flume_report_size(rig.report) ? flume_report_get_issue(rig.report, 0)->code : "";
}

START_TEST(ten_thousand_nodes_pass_and_one_more_does_not)
{
	ck_assert_int_eq(set_and_free("s", flat(10000)), 0);
	ck_assert_int_eq(set_and_free("s", flat(10001)), FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(rig.report), 1);
	ck_assert_str_eq(first_code(), "too-many-nodes");
}
END_TEST

START_TEST(sixty_four_levels_pass_and_one_more_does_not)
{
	ck_assert_int_eq(set_and_free("s", deep(64)), 0);
	ck_assert_int_eq(set_and_free("s", deep(65)), FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(rig.report), 1);
	ck_assert_str_eq(first_code(), "too-deep");
}
END_TEST

START_TEST(aliases_count_as_often_as_they_are_used)
{
	/* 5 lists of 10 that share: 10 + 100 + ... nodes, in a text of a few hundred bytes */
	ck_assert_int_eq(
		rig_set("s",
			"type: sequence\n"
			"children:\n"
			"- &a {type: sequence, children: [{ref: a},{ref: a},{ref: a}]}\n"
			"- &b {type: sequence, children: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]}\n"
			"- &c {type: sequence, children: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]}\n"
			"- &d {type: sequence, children: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]}\n"
			"- {type: sequence, children: [*d,*d,*d]}\n"),
		FLUME_REJECTED);
	ck_assert_str_eq(first_code(), "too-many-nodes");
	rig_must_set("t", "type: sequence\n"
			  "children:\n"
			  "- &a {type: sequence, children: [{ref: a},{ref: b}]}\n"
			  "- {type: sequence, children: [*a,*a]}\n");
	ck_assert_int_eq(rig_process("t", 1), 0);
	rig_left("ababab");
}
END_TEST

START_TEST(the_embedding_program_sets_the_limits)
{
	flume_factory *factory = NULL;
	const struct flume_limits limits = {.nodes = 3, .depth = 2};
	const struct flume_options options = {.type = &rig_items, .limits = &limits};
	const struct flume_component row = rig_parts[0];
	ck_assert_int_eq(flume_factory_new(&factory, &options, NULL), 0);
	ck_assert_int_eq(flume_factory_add(factory, &row, NULL), 0);
	flume_schema *fits = rig_schema("{type: sequence, children: [{ref: a}, {ref: a}]}");
	flume_schema *wide =
		rig_schema("{type: sequence, children: [{ref: a}, {ref: a}, {ref: a}]}");
	flume_schema *high = rig_schema("{type: retry, child: {type: retry, child: {ref: a}}}");
	ck_assert_int_eq(flume_schema_check(fits, factory, NULL), 0);
	ck_assert_int_eq(flume_schema_check(wide, factory, NULL), FLUME_REJECTED);
	ck_assert_int_eq(flume_schema_check(high, factory, NULL), FLUME_REJECTED);
	ck_assert_int_eq(flume_schema_check(wide, NULL, NULL), 0);
	flume_schema_unref(fits);
	flume_schema_unref(wide);
	flume_schema_unref(high);
	flume_factory_free(factory);
}
END_TEST

START_TEST(ten_thousand_wrong_names_are_told_quickly_and_not_all)
{
	char *yaml = flat(10000);
	for (char *s = yaml; (s = strstr(s, "ref: a")); s++)
		s[5] = 'z';
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	ck_assert_int_eq(set_and_free("s", yaml), FLUME_REJECTED);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_uint_eq(flume_report_size(rig.report), 1001);
	ck_assert_int_lt(after.tv_sec - before.tv_sec, 5); /* were it quadratic, minutes */
}
END_TEST

START_TEST(a_report_that_is_full_says_that_there_is_more)
{
	size_t size = 1 << 16, len = 0;
	char *yaml = malloc(size);
	ck_assert_ptr_nonnull(yaml);
	for (int i = 0; i < 1500; i++)
		len += (size_t)snprintf(yaml + len, size - len, "same: %d\n", i);
	flume_schema *schema = NULL;
	ck_assert_int_eq(flume_schema_parse(&schema, yaml, len, FLUME_YAML, NULL, rig.report),
			 FLUME_SYNTAX);
	free(yaml);
	ck_assert_uint_eq(flume_report_size(rig.report), 1001);
	ck_assert_str_eq(flume_report_get_issue(rig.report, 1000)->code, "too-many-findings");
}
END_TEST

START_TEST(a_fault_elsewhere_does_not_hide_those_of_declarations)
{
	rig_add_makers();
	ck_assert_int_eq(rig_set("s", "components: {processors: {x: {kind: nope}}}\n"
				      "ref: x\n"
				      "canary: {probation: {max_error_rate: 200%}}\n"),
			 FLUME_REJECTED);
	rig_found("1:37: components.processors.x: no kind of processor is called 'nope' "
		  "[unknown-kind] (did you mean 'note'?)");
	rig_found("3:38: canary.probation.max_error_rate: expected 0% to 100%, found '200%' "
		  "[bad-percent] (write it like 1% or 0.5%)");
}
END_TEST

Suite *suite_check(void)
{
	Suite *suite = suite_create("check");
	TCase *tc = rig_case(suite, "check");
	tcase_add_test(tc, names_that_mean_nothing_get_a_suggestion);
	tcase_add_test(tc, a_schema_may_be_what_was_meant);
	tcase_add_test(tc, a_name_of_another_kind_is_not_that_name);
	tcase_add_test(tc, findings_stand_in_document_order);
	tcase_add_test(tc, structure_can_be_checked_without_a_factory);
	tcase_add_test(tc, a_check_changes_nothing);
	tcase_add_test(tc, descriptions_and_x_keys_are_allowed_at_every_node);
	tcase_add_test(tc, a_schema_may_not_refer_to_itself);
	tcase_add_test(tc, a_cycle_is_refused_with_the_whole_chain);
	tcase_add_test(tc, two_ways_to_the_same_schema_are_no_cycle);
	tcase_add_test(tc, a_sibling_is_not_part_of_the_chain);
	tcase_add_test(tc, cases_are_not_interpreted);
	tc = rig_case(suite, "sizes");
	tcase_add_test(tc, ten_thousand_nodes_pass_and_one_more_does_not);
	tcase_add_test(tc, sixty_four_levels_pass_and_one_more_does_not);
	tcase_add_test(tc, aliases_count_as_often_as_they_are_used);
	tcase_add_test(tc, the_embedding_program_sets_the_limits);
	tcase_add_test(tc, ten_thousand_wrong_names_are_told_quickly_and_not_all);
	tcase_add_test(tc, a_report_that_is_full_says_that_there_is_more);
	tcase_add_test(rig_case(suite, "declarations"),
		       a_fault_elsewhere_does_not_hide_those_of_declarations);
	return suite;
}
