/* The component kinds, as a schema uses them: declared, built and run by a factory. */
#include "agent/document/kinds.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static flume_factory *new_factory(void)
{
	flume_factory *factory = NULL;
	struct flume_options options = {.type = &document_type};
	struct flume_err err = {0};
	ck_assert_int_eq(flume_factory_new(&factory, &options, &err), 0);
	ck_assert_int_eq(document_register(factory, &err), 0);
	return factory;
}

/* What building the schema gives; the findings are written to `found`, one line each. */
static int build(flume_factory *factory, const char *yaml, flume_pipeline **out, char *found,
		 size_t size)
{
	flume_schema *schema = NULL;
	flume_report *report = flume_report_new();
	int rc = flume_schema_parse(&schema, yaml, strlen(yaml), FLUME_YAML, NULL, report);
	if (!rc)
		rc = flume_schema_build(schema, factory, out, report);
	found[0] = '\0';
	for (size_t i = 0, at = 0; i < flume_report_size(report) && at < size; i++) {
		const struct flume_issue *issue = flume_report_get_issue(report, i);
		at += (size_t)snprintf(found + at, size - at, "%s: %s [%s]\n", issue->path,
				       issue->text, issue->code);
	}
	flume_report_free(report);
	flume_schema_unref(schema);
	return rc;
}

static void expect_finding(const char *yaml, const char *finding)
{
	char found[2000];
	flume_factory *factory = new_factory();
	flume_pipeline *pipeline = NULL;
	ck_assert_int_eq(build(factory, yaml, &pipeline, found, sizeof found), FLUME_REJECTED);
	expect_within(found, finding);
	flume_factory_free(factory);
}

/* Runs one document through a schema; gives what is left of it. */
static int process(const char *yaml, const char *input, struct document **out,
		   struct flume_err *err)
{
	char found[2000];
	flume_factory *factory = new_factory();
	flume_pipeline *pipeline = NULL;
	int rc = build(factory, yaml, &pipeline, found, sizeof found);
	ck_assert_msg(rc == 0, "%s\n%s", yaml, found);
	void *item = read_document(input);
	rc = flume_pipeline_process(pipeline, NULL, &item, err);
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
	*out = item;
	return rc;
}

static void expect_output(const char *yaml, const char *input, const char *output)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	int rc = process(yaml, input, &document, &err);
	ck_assert_msg(rc == 0, "%s: %s", input, err.text);
	expect_document(document, output);
}

static void expect_failure(const char *yaml, const char *input, const char *why)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	ck_assert_int_eq(process(yaml, input, &document, &err), FLUME_FAILED);
	ck_assert_str_eq(err.text, why);
	document_free(document);
}

/* A schema whose one processor is declared so. */
static const char *with(const char *processor)
{
	static char yaml[4000];
	snprintf(yaml, sizeof yaml, "components:\n  processors:\n    p: %s\nref: p\n",
		 processor);
	return yaml;
}

/* Does the predicate `p`, declared among others, hold for the document? */
static bool holds(const char *predicates, const char *input)
{
	char yaml[4000];
	struct document *document = NULL;
	struct flume_err err = {0};
	snprintf(yaml, sizeof yaml,
		 "components:\n"
		 "  predicates: {%s}\n"
		 "  processors: {drop: {kind: drop}}\n"
		 "type: filter\n"
		 "predicate: p\n"
		 "then: {ref: drop}\n",
		 predicates);
	int rc = process(yaml, input, &document, &err);
	ck_assert_msg(rc == 0 || rc == FLUME_DROPPED, "%s", err.text);
	document_free(document);
	return rc == FLUME_DROPPED;
}

START_TEST(set_stores_constants_parents_first)
{
	expect_output(with("{kind: set, fields: {status: accepted}}"), "{\"id\":1}",
		      "{\"id\":1,\"status\":\"accepted\"}");
	expect_output(with("{kind: set, fields: {a.b: 2, a: {c: 1}, 'l[1]': y, 'l[0]': x}}"),
		      "{}", "{\"a\":{\"c\":1,\"b\":2},\"l\":[\"x\",\"y\"]}");
	expect_output(with("{kind: set, fields: {'a\\.b': [1.5, '2', null, {x: true}]}}"), "{}",
		      "{\"a.b\":[1.5,\"2\",null,{\"x\":true}]}");
	expect_failure(with("{kind: set, fields: {total.net: 1}}"), "{\"total\":5}",
		       "total.net: parent is a number");
}
END_TEST

START_TEST(remove_takes_paths_as_the_document_is_before)
{
	expect_output(with("{kind: remove, fields: [a, b.c, none, x.y]}"),
		      "{\"a\":1,\"b\":{\"c\":2,\"d\":3},\"x\":5}", "{\"b\":{\"d\":3},\"x\":5}");
	expect_output(with("{kind: remove, fields: ['[0]', '[2]', '[0]', '[2].a']}"),
		      "[1,2,3,4]", "[2,4]");
}
END_TEST

START_TEST(keep_leaves_what_is_named)
{
	const char *schema =
		with("{kind: keep, fields: [id, a.b, 'l[1]', 'l[2].x', a.b.c, 'none.x', s.t]}");
	expect_output(schema,
		      "{\"z\":0,\"s\":\"t\",\"id\":7,\"a\":{\"b\":{\"c\":1,\"d\":2},\"e\":3},"
		      "\"l\":[1,2,{\"x\":3,\"y\":4},5]}",
		      "{\"id\":7,\"a\":{\"b\":{\"c\":1,\"d\":2}},\"l\":[2,{\"x\":3}]}");
	expect_output(schema, "{\"a\":{\"e\":1},\"l\":[]}", "{}");
	expect_output(schema, "[1,2]", "[]");
	expect_failure(schema, "7", "the document is a number");
}
END_TEST

START_TEST(require_names_all_that_is_missing)
{
	const char *schema = with("{kind: require, fields: [id, total, 'items[0].sku']}");
	expect_output(schema, "{\"id\":1,\"total\":0,\"items\":[{\"sku\":false}]}",
		      "{\"id\":1,\"total\":0,\"items\":[{\"sku\":false}]}");
	expect_failure(schema, "{\"id\":1,\"items\":[{\"sku\":1}]}", "missing: total");
	expect_failure(schema, "{\"id\":1,\"total\":null,\"items\":[]}",
		       "missing: total, items[0].sku");
}
END_TEST

START_TEST(require_says_how_many_names_had_no_room)
{
	char list[3000] = "{kind: require, fields: [a";
	for (int i = 0; i < 100; i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), ", field%03d", i);
	snprintf(list + strlen(list), sizeof list - strlen(list), "]}");
	struct document *document = NULL;
	struct flume_err err = {0};
	ck_assert_int_eq(process(with(list), "{}", &document, &err), FLUME_FAILED);
	expect_within(err.text, "missing: a, field000, field001, ");
	expect_within(err.text, "field022 and 77 more");
	document_free(document);
}
END_TEST

START_TEST(rename_moves_all_at_once)
{
	expect_output(with("{kind: rename, fields: {a: b, b: a, none: c}}"),
		      "{\"a\":1,\"b\":2,\"x\":3}", "{\"x\":3,\"a\":2,\"b\":1}");
	expect_output(with("{kind: rename, fields: {a: a.b}}"), "{\"a\":1}",
		      "{\"a\":{\"b\":1}}");
	expect_output(with("{kind: rename, fields: {a.b: a}}"), "{\"a\":{\"b\":1,\"c\":2}}",
		      "{\"a\":1}");
	expect_output(with("{kind: rename, fields: {'l[0]': first, 'l[1]': second}}"),
		      "{\"l\":[1,2,3]}", "{\"l\":[3],\"first\":1,\"second\":2}");
	expect_output(with("{kind: rename, fields: {a: a}}"), "{\"a\":1}", "{\"a\":1}");
}
END_TEST

START_TEST(a_rename_that_fails_loses_nothing)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	const char *schema = with("{kind: rename, fields: {a: n.x, b: k, 'l[0]': z, q.r: zz}}");
	ck_assert_int_eq(process(schema,
				 "{\"n\":5,\"a\":1,\"b\":2,\"l\":[3,4],\"q\":{\"r\":6}}",
				 &document, &err),
			 FLUME_FAILED);
	ck_assert_str_eq(err.text, "n.x: parent is a number");
	expect_document(document, "{\"n\":5,\"l\":[3,4],\"q\":{\"r\":6},\"k\":2,\"a\":1}");
}
END_TEST

START_TEST(two_renames_to_one_place_are_a_finding)
{
	expect_finding(with("{kind: rename, fields: {a: c, b: c}}"),
		       "two fields are renamed to 'c' [bad-path]");
}
END_TEST

START_TEST(drop_lets_the_document_leave)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	ck_assert_int_eq(process(with("{kind: drop}"), "{}", &document, &err), FLUME_DROPPED);
	document_free(document);
}
END_TEST

START_TEST(equals_compares_by_value)
{
	const char *tier = "p: {kind: equals, field: tier, value: premium}";
	ck_assert(holds(tier, "{\"tier\":\"premium\"}"));
	ck_assert(!holds(tier, "{\"tier\":\"basic\"}"));
	ck_assert(!holds(tier, "{}"));
	ck_assert(!holds(tier, "{\"tier\":[\"premium\"]}"));
	ck_assert(holds("p: {kind: equals, field: n, value: 1}", "{\"n\":1.0}"));
	ck_assert(!holds("p: {kind: equals, field: n, value: '1'}", "{\"n\":1}"));
	ck_assert(holds("p: {kind: equals, field: n, value: null}", "{\"n\":null}"));
	ck_assert(!holds("p: {kind: equals, field: n, value: null}", "{}"));
	ck_assert(holds("p: {kind: equals, field: n, value: false}", "{\"n\":false}"));
	ck_assert(!holds("p: {kind: equals, field: n, value: 9007199254740993}",
			 "{\"n\":9007199254740992}"));
}
END_TEST

START_TEST(exists_takes_null_for_missing)
{
	const char *exists = "p: {kind: exists, field: 'a[0].b'}";
	ck_assert(holds(exists, "{\"a\":[{\"b\":false}]}"));
	ck_assert(!holds(exists, "{\"a\":[{\"b\":null}]}"));
	ck_assert(!holds(exists, "{\"a\":[]}"));
}
END_TEST

START_TEST(greater_and_less_order_numbers_and_texts)
{
	const char *greater = "p: {kind: greater, field: n, value: 10}";
	ck_assert(holds(greater, "{\"n\":10.5}"));
	ck_assert(!holds(greater, "{\"n\":10}"));
	ck_assert(!holds(greater, "{\"n\":\"11\"}"));
	ck_assert(!holds(greater, "{}"));
	const char *less = "p: {kind: less, field: n, value: m}";
	ck_assert(holds(less, "{\"n\":\"a\"}"));
	ck_assert(!holds(less, "{\"n\":\"m\"}"));
	ck_assert(!holds(less, "{\"n\":1}"));
}
END_TEST

START_TEST(what_has_no_order_is_a_finding)
{
	expect_finding("components: {predicates: {p: {kind: less, field: n, value: true}}}\n"
		       "type: filter\npredicate: p\nthen: {ref: x}\n",
		       "components.predicates.p.value: a boolean has no order");
}
END_TEST

START_TEST(all_any_and_not_join_predicates)
{
#define AB "a: {kind: exists, field: a}, b: {kind: exists, field: b}, "
	ck_assert(holds(AB "p: {kind: all, of: [a, b]}", "{\"a\":1,\"b\":1}"));
	ck_assert(!holds(AB "p: {kind: all, of: [a, b]}", "{\"a\":1}"));
	ck_assert(holds(AB "p: {kind: any, of: [a, b]}", "{\"b\":1}"));
	ck_assert(!holds(AB "p: {kind: any, of: [a, b]}", "{}"));
	ck_assert(holds(AB "p: {kind: not, of: a}", "{\"b\":1}"));
	ck_assert(!holds(AB "p: {kind: not, of: a}", "{\"a\":1}"));
	ck_assert(!holds(AB "p: {kind: not, of: [a, b]}", "{\"b\":1}"));
	ck_assert(holds(AB "p: {kind: all, of: [a, n]}, n: {kind: not, of: b}", "{\"a\":1}"));
#undef AB
	expect_finding("components: {predicates: {p: {kind: any, of: [nobody]}}}\n"
		       "type: filter\npredicate: p\nthen: {ref: x}\n",
		       "predicate 'nobody' not found");
}
END_TEST

/* The route that a document takes, told by the field `via` that each sets. */
static const char route_schema[] =
	"components:\n"
	"  conditions: {by: {kind: field, field: t}}\n"
	"  processors:\n"
	"    text: {kind: set, fields: {via: text}}\n"
	"    number: {kind: set, fields: {via: number}}\n"
	"    truth: {kind: set, fields: {via: truth}}\n"
	"    other: {kind: set, fields: {via: other}}\n"
	"type: switch\n"
	"condition: by\n"
	"routes: {eu: {ref: text}, '1.5': {ref: number}, 'true': {ref: truth}}\n"
	"default: {ref: other}\n";

START_TEST(field_picks_a_route_by_the_text_of_a_value)
{
	expect_output(route_schema, "{\"t\":\"eu\"}", "{\"t\":\"eu\",\"via\":\"text\"}");
	expect_output(route_schema, "{\"t\":1.50}", "{\"t\":1.5,\"via\":\"number\"}");
	expect_output(route_schema, "{\"t\":true}", "{\"t\":true,\"via\":\"truth\"}");
	expect_output(route_schema, "{\"t\":\"eu\\u0000\"}",
		      "{\"t\":\"eu\\u0000\",\"via\":\"other\"}");
	expect_output(route_schema, "{\"t\":null}", "{\"t\":null,\"via\":\"other\"}");
	expect_output(route_schema, "{}", "{\"via\":\"other\"}");
}
END_TEST

START_TEST(a_handler_sets_fields_and_recovers)
{
	static const char schema[] =
		"components:\n"
		"  processors: {need: {kind: require, fields: [total]}}\n"
		"  error_handlers: {mark: {kind: set, fields: {state.ok: false}}}\n"
		"type: handle\n"
		"error_handler: mark\n"
		"child: {ref: need}\n";
	expect_output(schema, "{\"total\":1}", "{\"total\":1}");
	expect_output(schema, "{}", "{\"state\":{\"ok\":false}}");
	expect_failure(schema, "{\"state\":1}",
		       "missing: total; then the handler failed: state.ok: parent is a number");
}
END_TEST

START_TEST(bad_paths_are_findings_all_of_them)
{
	char found[2000];
	flume_factory *factory = new_factory();
	flume_pipeline *pipeline = NULL;
	static const char schema[] =
		"components:\n"
		"  processors:\n"
		"    r: {kind: remove, fields: ['a..b', ok, 'x[']}\n"
		"    s: {kind: set, fields: {'a]': 1, '[a': 2, b: 1e999}}\n"
		"    m: {kind: rename, fields: {a: '.b', 'c.': d}}\n"
		"  predicates: {e: {kind: equals, field: '[', value: 99999999999999999999}}\n"
		"ref: r\n";
	ck_assert_int_eq(build(factory, schema, &pipeline, found, sizeof found),
			 FLUME_REJECTED);
	expect_within(found,
		      "components.processors.r.fields[0]: 'a..b' is not a path: column 3: "
		      "expected a key [bad-path]\n");
	expect_within(found, "components.processors.r.fields[2]: 'x[' is not a path");
	expect_within(found, "components.processors.s.fields.[a: '[a' is not a path");
	expect_within(found,
		      "components.processors.s.fields.b: the number is too large [bad-value]");
	expect_within(found, "components.processors.m.fields.a: '.b' is not a path");
	expect_within(found, "components.processors.m.fields.c.: 'c.' is not a path");
	expect_within(found, "components.predicates.e.field: '[' is not a path");
	expect_within(found, "components.predicates.e.value: the number is too large");
	flume_factory_free(factory);
}
END_TEST

START_TEST(channels_are_for_the_node_alone)
{
	for (size_t i = 0; document_kinds[i]; i++)
		ck_assert_int_eq(document_kinds[i]->local,
				 document_kinds[i]->of == FLUME_CHANNEL);
}
END_TEST

START_TEST(every_kind_explains_itself)
{
	for (size_t i = 0; document_kinds[i]; i++) {
		ck_assert_ptr_nonnull(document_kinds[i]->about);
		const struct flume_field *field = document_kinds[i]->fields;
		for (; field && field->name; field++)
			ck_assert_ptr_nonnull(field->about);
	}
}
END_TEST

Suite *suite_document_kinds(void)
{
	Suite *suite = suite_create("document_kinds");
	TCase *cases = tcase_create("kinds");
	tcase_add_test(cases, set_stores_constants_parents_first);
	tcase_add_test(cases, remove_takes_paths_as_the_document_is_before);
	tcase_add_test(cases, keep_leaves_what_is_named);
	tcase_add_test(cases, require_names_all_that_is_missing);
	tcase_add_test(cases, require_says_how_many_names_had_no_room);
	tcase_add_test(cases, rename_moves_all_at_once);
	tcase_add_test(cases, a_rename_that_fails_loses_nothing);
	tcase_add_test(cases, two_renames_to_one_place_are_a_finding);
	tcase_add_test(cases, drop_lets_the_document_leave);
	tcase_add_test(cases, equals_compares_by_value);
	tcase_add_test(cases, exists_takes_null_for_missing);
	tcase_add_test(cases, greater_and_less_order_numbers_and_texts);
	tcase_add_test(cases, what_has_no_order_is_a_finding);
	tcase_add_test(cases, all_any_and_not_join_predicates);
	tcase_add_test(cases, field_picks_a_route_by_the_text_of_a_value);
	tcase_add_test(cases, a_handler_sets_fields_and_recovers);
	tcase_add_test(cases, bad_paths_are_findings_all_of_them);
	tcase_add_test(cases, channels_are_for_the_node_alone);
	tcase_add_test(cases, every_kind_explains_itself);
	suite_add_tcase(suite, cases);
	return suite;
}
