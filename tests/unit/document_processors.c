/* The processors, as a schema uses them: declared, built and run by a factory. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

START_TEST(set_stores_constants_parents_first)
{
	expect_output(with_processor("{kind: set, fields: {status: accepted}}"), "{\"id\":1}",
		      "{\"id\":1,\"status\":\"accepted\"}");
	expect_output(with_processor(
			      "{kind: set, fields: {a.b: 2, a: {c: 1}, 'l[1]': y, 'l[0]': x}}"),
		      "{}", "{\"a\":{\"c\":1,\"b\":2},\"l\":[\"x\",\"y\"]}");
	expect_output(
		with_processor("{kind: set, fields: {'a\\.b': [1.5, '2', null, {x: true}]}}"),
		"{}", "{\"a.b\":[1.5,\"2\",null,{\"x\":true}]}");
	expect_failure(with_processor("{kind: set, fields: {total.net: 1}}"), "{\"total\":5}",
		       "total.net: parent is a number");
}
END_TEST

START_TEST(remove_takes_paths_as_the_document_is_before)
{
	expect_output(with_processor("{kind: remove, fields: [a, b.c, none, x.y]}"),
		      "{\"a\":1,\"b\":{\"c\":2,\"d\":3},\"x\":5}", "{\"b\":{\"d\":3},\"x\":5}");
	expect_output(with_processor("{kind: remove, fields: ['[0]', '[2]', '[0]', '[2].a']}"),
		      "[1,2,3,4]", "[2,4]");
}
END_TEST

START_TEST(keep_leaves_what_is_named)
{
	const char *schema = with_processor(
		"{kind: keep, fields: [id, a.b, 'l[1]', 'l[2].x', a.b.c, 'none.x', s.t]}");
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
	const char *schema =
		with_processor("{kind: require, fields: [id, total, 'items[0].sku']}");
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
	ck_assert_int_eq(process_document(with_processor(list), "{}", &document, &err),
			 FLUME_FAILED);
	expect_within(err.text, "missing: a, field000, field001, ");
	expect_within(err.text, "field022 and 77 more");
	document_free(document);
}
END_TEST

START_TEST(rename_moves_all_at_once)
{
	expect_output(with_processor("{kind: rename, fields: {a: b, b: a, none: c}}"),
		      "{\"a\":1,\"b\":2,\"x\":3}", "{\"x\":3,\"a\":2,\"b\":1}");
	expect_output(with_processor("{kind: rename, fields: {a: a.b}}"), "{\"a\":1}",
		      "{\"a\":{\"b\":1}}");
	expect_output(with_processor("{kind: rename, fields: {a.b: a}}"),
		      "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":1}");
	expect_output(with_processor("{kind: rename, fields: {'l[0]': first, 'l[1]': second}}"),
		      "{\"l\":[1,2,3]}", "{\"l\":[3],\"first\":1,\"second\":2}");
	expect_output(with_processor("{kind: rename, fields: {a: a}}"), "{\"a\":1}",
		      "{\"a\":1}");
}
END_TEST

START_TEST(a_rename_that_fails_loses_nothing)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	const char *schema =
		with_processor("{kind: rename, fields: {a: n.x, b: k, 'l[0]': z, q.r: zz}}");
	ck_assert_int_eq(
		process_document(schema,
				 "{\"n\":5,\"a\":1,\"b\":2,\"l\":[3,4],\"q\":{\"r\":6}}",
				 &document, &err),
		FLUME_FAILED);
	ck_assert_str_eq(err.text, "n.x: parent is a number");
	expect_document(document, "{\"n\":5,\"l\":[3,4],\"q\":{\"r\":6},\"k\":2,\"a\":1}");
}
END_TEST

START_TEST(two_renames_to_one_place_are_a_finding)
{
	expect_finding(with_processor("{kind: rename, fields: {a: c, b: c}}"),
		       "two fields are moved to 'c' [bad-path]");
}
END_TEST

START_TEST(drop_lets_the_document_leave)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	ck_assert_int_eq(
		process_document(with_processor("{kind: drop}"), "{}", &document, &err),
		FLUME_DROPPED);
	document_free(document);
}
END_TEST

Suite *suite_document_processors(void)
{
	Suite *suite = suite_create("document_processors");
	TCase *cases = tcase_create("processors");
	tcase_add_test(cases, set_stores_constants_parents_first);
	tcase_add_test(cases, remove_takes_paths_as_the_document_is_before);
	tcase_add_test(cases, keep_leaves_what_is_named);
	tcase_add_test(cases, require_names_all_that_is_missing);
	tcase_add_test(cases, require_says_how_many_names_had_no_room);
	tcase_add_test(cases, rename_moves_all_at_once);
	tcase_add_test(cases, a_rename_that_fails_loses_nothing);
	tcase_add_test(cases, two_renames_to_one_place_are_a_finding);
	tcase_add_test(cases, drop_lets_the_document_leave);
	suite_add_tcase(suite, cases);
	return suite;
}
