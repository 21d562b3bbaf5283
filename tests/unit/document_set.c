/* What is set, copied, filled in and moved; and what handlers leave. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(set_copies_what_was_there_before_it_sets_constants)
{
	const char *schema = with_processor(
		"{kind: set, fields: {status: new}, copy: {was: status, who.name: customer, "
		"'first\\.sku': 'items[0].sku', none: nowhere}}");
	expect_output(
		schema,
		"{\"status\":\"old\",\"customer\":{\"n\":[1,2]},\"items\":[{\"sku\":\"a\"}]}",
		"{\"status\":\"new\",\"customer\":{\"n\":[1,2]},\"items\":[{\"sku\":\"a\"}],"
		"\"first.sku\":\"a\",\"was\":\"old\",\"who\":{\"name\":{\"n\":[1,2]}}}");
	expect_output(schema, "{}", "{\"status\":\"new\"}");
}
END_TEST

START_TEST(a_copy_may_go_into_what_it_copies)
{
	expect_output(with_processor("{kind: set, copy: {a.b: a}}"), "{\"a\":{\"x\":1}}",
		      "{\"a\":{\"x\":1,\"b\":{\"x\":1}}}");
	expect_output(with_processor("{kind: set, copy: {a: a.b}}"), "{\"a\":{\"b\":[1]}}",
		      "{\"a\":[1]}");
	expect_output(with_processor("{kind: set, copy: {a: b}, fields: {a.c: 2}}"),
		      "{\"b\":{\"d\":1}}", "{\"b\":{\"d\":1},\"a\":{\"d\":1,\"c\":2}}");
}
END_TEST

START_TEST(copies_do_not_grow_without_end)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	char yaml[6000] = "components: {processors: {d: {kind: set, copy: {a.l: b, a.r: b}}, "
			  "m: {kind: rename, fields: {a: b}}}}\n"
			  "type: sequence\nchildren: [{ref: d}";
	for (int i = 0; i < 60; i++)
		strcat(yaml, ", {ref: m}, {ref: d}");
	strcat(yaml, "]\n");
	ck_assert_int_eq(process_document(yaml, "{\"b\":\"some text\"}", &document, &err),
			 FLUME_FAILED);
	ck_assert_str_eq(err.text, "a.l: longer than 1 MiB");
	document_free(document);
}
END_TEST

START_TEST(copies_do_not_nest_without_end)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	char yaml[9000] = "components: {processors: {d: {kind: set, copy: {b.b.b.b: b}}}}\n"
			  "type: sequence\nchildren: [{ref: d}";
	for (int i = 0; i < 100; i++)
		strcat(yaml, ", {ref: d}");
	strcat(yaml, "]\n");
	ck_assert_int_eq(process_document(yaml, "{\"b\":{\"]\":\"[\\\"{\"}}", &document, &err),
			 FLUME_FAILED);
	ck_assert_str_eq(err.text, "b.b.b.b: nested too deep");
	char *text = document_dump(document, NULL);
	struct document *again = read_document(text);
	free(text);
	document_free(again);
	document_free(document);
}
END_TEST

START_TEST(default_fills_in_what_is_missing_or_null)
{
	const char *schema =
		with_processor("{kind: default, fields: {tier: basic, a.b: {c: [1]}, n: 0}}");
	expect_output(schema, "{\"tier\":null}",
		      "{\"tier\":\"basic\",\"a\":{\"b\":{\"c\":[1]}},\"n\":0}");
	expect_output(schema, "{\"tier\":false,\"a\":{\"b\":\"\"},\"n\":1}",
		      "{\"tier\":false,\"a\":{\"b\":\"\"},\"n\":1}");
	expect_failure(schema, "{\"tier\":1,\"a\":2}", "a.b: parent is a number");
}
END_TEST

START_TEST(move_gathers_fields_under_their_own_keys)
{
	expect_output(
		with_processor(
			"{kind: move, fields: [street, billing.city, none], to: address}"),
		"{\"street\":\"S\",\"billing\":{\"city\":\"C\",\"n\":1},\"x\":2}",
		"{\"billing\":{\"n\":1},\"x\":2,\"address\":{\"city\":\"C\",\"street\":\"S\"}"
		"}");
	expect_output(with_processor("{kind: move, fields: [a.x, 'a.y\\.z']}"),
		      "{\"a\":{\"x\":1,\"y.z\":2}}", "{\"a\":{},\"x\":1,\"y.z\":2}");
	expect_output(with_processor("{kind: move, fields: ['items[0].sku'], to: 'l[0]'}"),
		      "{\"items\":[{\"sku\":1}]}", "{\"items\":[{}],\"l\":[{\"sku\":1}]}");
	expect_failure(with_processor("{kind: move, fields: [a], to: b}"), "{\"a\":1,\"b\":2}",
		       "b.a: parent is a number");
}
END_TEST

#define HANDLED(how)                                                             \
	"components:\n"                                                          \
	"  processors: {need: {kind: fail, text: 'no {total}'}, s: {kind: set, " \
	"fields: {s: 1}}}\n"                                                     \
	"  error_handlers: {h: " how "}\n"                                       \
	"type: sequence\n"                                                       \
	"children: [{type: handle, error_handler: h, child: {ref: need}}, {ref: s}]\n"

START_TEST(a_handler_tells_in_the_document_what_went_wrong)
{
	expect_output(
		HANDLED("{kind: set, fields: {ok: false}, copy: {was: total}, error: "
			"why.text}"),
		"{\"total\":5}",
		"{\"total\":5,\"was\":5,\"ok\":false,\"why\":{\"text\":\"no 5\"},\"s\":1}");
	expect_output(HANDLED("{kind: set, error: why}"), "{}",
		      "{\"why\":\"no nothing\",\"s\":1}");
	expect_failure(HANDLED("{kind: set, error: total.why}"), "{\"total\":5}",
		       "no 5; then the handler failed: total.why: parent is a number");
}
END_TEST

START_TEST(a_handler_drops_what_failed)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	ck_assert_int_eq(process_document(HANDLED("{kind: drop}"), "{}", &document, &err),
			 FLUME_DROPPED);
	document_free(document);
}
END_TEST

START_TEST(what_a_document_lends_may_be_set_in_it)
{
	struct document *document = read_document("{\"a\":\"some \\u00e4 text\",\"b\":{}}");
	struct path a = read_path("a"), b = read_path("b");
	struct document_view view;
	for (int i = 0; i < 100; i++) {
		ck_assert(document_get(document, &a, &view));
		ck_assert_int_eq(document_set_text(document, &b, view.text, view.len, NULL), 0);
	}
	ck_assert(document_get(document, &b, &view));
	ck_assert_int_eq(document_set_json(document, &a, "[1]", 3, NULL), 0);
	expect_document(document, "{\"a\":[1],\"b\":\"some ä text\"}");
	path_fini(&a);
	path_fini(&b);
}
END_TEST

Suite *suite_document_set(void)
{
	Suite *suite = suite_create("document_set");
	TCase *cases = tcase_create("set");
	tcase_add_test(cases, set_copies_what_was_there_before_it_sets_constants);
	tcase_add_test(cases, a_copy_may_go_into_what_it_copies);
	tcase_add_test(cases, copies_do_not_grow_without_end);
	tcase_add_test(cases, copies_do_not_nest_without_end);
	tcase_add_test(cases, default_fills_in_what_is_missing_or_null);
	tcase_add_test(cases, move_gathers_fields_under_their_own_keys);
	tcase_add_test(cases, a_handler_tells_in_the_document_what_went_wrong);
	tcase_add_test(cases, a_handler_drops_what_failed);
	tcase_add_test(cases, what_a_document_lends_may_be_set_in_it);
	suite_add_tcase(suite, cases);
	return suite;
}
