#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_same(const char *text)
{
	expect_document(read_document(text), text);
}

static void expect_refused(const char *text, size_t len, const char *why)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	/* A block of its own size, so that a sanitizer sees any read beyond it. */
	char *copy = malloc(len ? len : 1);
	memcpy(copy, text, len);
	int rc = document_parse(&document, copy, len, &err);
	free(copy);
	ck_assert_msg(rc == FLUME_SYNTAX, "'%.*s' gave %d", (int)len, text, rc);
	ck_assert_ptr_null(document);
	ck_assert_int_eq(err.code, FLUME_SYNTAX);
	ck_assert_str_eq(err.text, why);
}

START_TEST(any_value_may_be_the_root)
{
	expect_same("{}");
	expect_same("[]");
	expect_same("null");
	expect_same("true");
	expect_same("false");
	expect_same("-12");
	expect_same("\"a\"");
	expect_same("[1,[2,{\"a\":[]}],\"b\",null]");
}
END_TEST

START_TEST(a_dump_is_compact_and_keeps_the_order_of_keys)
{
	expect_document(read_document(" {\n\t\"z\" : 1 ,\r\n \"a\" : [ 1 , 2 ] , \"m\":{ } } "),
			"{\"z\":1,\"a\":[1,2],\"m\":{}}");
}
END_TEST

START_TEST(numbers_come_back_as_they_were)
{
	static const char *const same[] = {
		"0",
		"-0",
		"0.1",
		"90.0",
		"-0.0",
		"1.10",
		"1E5",
		"1e+05",
		"9223372036854775808",
		"-9223372036854775809",
		"123456789012345678901234567890",
		"2.5e-08",
		"1.7976931348623157e+308",
		"4.94065645841247e-324",
		"1e-400",
		"0.1000000000000000000000000000000000000000000000000000000000000000000001",
	};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		expect_same(same[i]);
}
END_TEST

START_TEST(a_number_is_bounded_in_length)
{
	char text[DOCUMENT_NUMBER + 2];
	memset(text, '7', sizeof text);
	text[DOCUMENT_NUMBER] = '\0';
	expect_same(text);
	text[DOCUMENT_NUMBER] = '7';
	expect_refused(text, DOCUMENT_NUMBER + 1, "line 1, column 1: the number is too long");
	text[1] = '.';
	expect_refused(text, DOCUMENT_NUMBER + 1, "line 1, column 1: the number is too long");
}
END_TEST

START_TEST(texts_come_back_as_they_were)
{
	expect_same("\"\\\"\\\\/ \\b\\f\\n\\r\\t \\u0000 \\u001f \x7f ä 漢 😀\"");
	expect_same("\"\\u00e4 \\uD83d\\uDE00 \\/ \\u0041\"");
	expect_same("{\"a\\u0000b\":1,\"a\\u0000c\":2,\"\":3}");
}
END_TEST

START_TEST(what_is_not_json_is_refused_with_its_place)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "line 1, column 1: expected a value, but the text ends"},
		{" \n ", "line 2, column 2: expected a value, but the text ends"},
		{"{\"a\": 1, \"a\": 2}", "line 1, column 10: duplicate key"},
		{"{\"a\": 1, \"\\u0061\": 2}", "line 1, column 10: duplicate key"},
		{"{\n  \"ä\": tru\n}", "line 2, column 8: expected a value"},
		{"{\"a\" 1}", "line 1, column 6: expected ':'"},
		{"{\"a\": 1", "line 1, column 8: expected ',' or '}', but the text ends"},
		{"{a: 1}", "line 1, column 2: expected a key in quotes"},
		{"{\"a\": 1,}", "line 1, column 9: expected a key in quotes"},
		{"[1 2]", "line 1, column 4: expected ',' or ']'"},
		{"[1,]", "line 1, column 4: expected a value"},
		{"[1}", "line 1, column 3: expected ',' or ']'"},
		{"1 2", "line 1, column 3: expected nothing more"},
		{"01", "line 1, column 2: expected nothing more"},
		{"1.", "line 1, column 2: expected nothing more"},
		{"+1", "line 1, column 1: expected a value"},
		{"-", "line 1, column 1: expected a value"},
		{".5", "line 1, column 1: expected a value"},
		{"NaN", "line 1, column 1: expected a value"},
		{"nul", "line 1, column 1: expected a value"},
		{"'a'", "line 1, column 1: expected a value"},
		{"// no\n1", "line 1, column 1: expected a value"},
		{"\xEF\xBB\xBF{}", "line 1, column 1: expected a value"},
		{"\"a", "line 1, column 3: expected '\"', but the text ends"},
		{"\"a\\", "line 1, column 4: expected '\"', but the text ends"},
		{"\"a\nb\"", "line 1, column 3: a control character in a text must be escaped"},
		{"\"\\x41\"", "line 1, column 2: no such escape"},
		{"\"\\u12g4\"", "line 1, column 2: \\u needs four hexadecimal digits"},
		{"\"\\u12\"", "line 1, column 2: \\u needs four hexadecimal digits"},
		{"\"a\\ud83d\"", "line 1, column 3: half of a surrogate pair"},
		{"\"\\ud83d\\u0041\"", "line 1, column 2: half of a surrogate pair"},
		{"\"\\ude00\\ud83d\"", "line 1, column 2: half of a surrogate pair"},
		{"\"\xED\xA0\x80\"", "line 1, column 2: not UTF-8"},
		{"\"ä\xC3\"", "line 1, column 3: not UTF-8"},
		{"\"\xC0\x80\"", "line 1, column 2: not UTF-8"},
		{"[-1e309]", "line 1, column 2: the number is too large"},
		{"[1, 1e400]", "line 1, column 5: the number is too large"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_refused(rows[i].text, strlen(rows[i].text), rows[i].why);
	expect_refused("[\0]", 3, "line 1, column 2: expected a value");
	expect_refused("\"a\0\"", 4,
		       "line 1, column 3: a control character in a text must be escaped");
}
END_TEST

static char *nest(size_t depth)
{
	char *text = malloc(2 * depth + 1);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	return text;
}

START_TEST(nesting_is_bounded)
{
	char *deepest = nest(DOCUMENT_DEPTH), *deeper = nest(DOCUMENT_DEPTH + 1);
	char why[64];
	expect_same(deepest);
	snprintf(why, sizeof why, "line 1, column %d: nested too deep", DOCUMENT_DEPTH + 1);
	expect_refused(deeper, strlen(deeper), why);
	char *bomb = malloc(1000000);
	memset(bomb, '[', 1000000);
	expect_refused(bomb, 1000000, why);
	free(bomb);
	free(deeper);
	free(deepest);
}
END_TEST

START_TEST(a_clone_is_independent)
{
	struct document *document = read_document("{\"a\":{\"b\":[1,2.5,\"x\",true,null]}}");
	struct document *clone = document_type.clone(document);
	struct path path = read_path("a.b[0]");
	ck_assert(document_remove(document, &path));
	expect_document(clone, "{\"a\":{\"b\":[1,2.5,\"x\",true,null]}}");
	expect_document(document, "{\"a\":{\"b\":[2.5,\"x\",true,null]}}");
	path_fini(&path);
	document_type.free(NULL);
}
END_TEST

START_TEST(a_constant_of_a_schema_becomes_a_document)
{
	flume_value *value =
		read_constant("{a: 1, b: 1.50, c: '1', d: [true, null, x], e: {f: 1e2}}");
	struct document *document = NULL;
	ck_assert_int_eq(document_from_value(&document, value, "root", NULL), 0);
	expect_document(document, "{\"a\":1,\"b\":1.50,\"c\":\"1\",\"d\":[true,null,\"x\"],"
				  "\"e\":{\"f\":1e2}}");
	flume_value_free(value);
}
END_TEST

START_TEST(a_constant_that_is_too_large_is_a_finding)
{
	static const char *const texts[] = {"-1e999", "[1, 1e999]"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		flume_value *value = read_constant(texts[i]);
		flume_report *report = flume_report_new();
		struct document *document = NULL;
		ck_assert_int_eq(document_from_value(&document, value, "root.x", report),
				 FLUME_REJECTED);
		ck_assert_ptr_null(document);
		ck_assert_uint_eq(flume_report_size(report), 1);
		const struct flume_issue *issue = flume_report_get_issue(report, 0);
		ck_assert_str_eq(issue->code, "bad-value");
		ck_assert_str_eq(issue->path, "root.x");
		ck_assert_str_eq(issue->text, "the number is too large");
		flume_report_free(report);
		flume_value_free(value);
	}
}
END_TEST

Suite *suite_document(void)
{
	Suite *suite = suite_create("document");
	TCase *cases = tcase_create("document");
	tcase_add_test(cases, any_value_may_be_the_root);
	tcase_add_test(cases, a_dump_is_compact_and_keeps_the_order_of_keys);
	tcase_add_test(cases, numbers_come_back_as_they_were);
	tcase_add_test(cases, a_number_is_bounded_in_length);
	tcase_add_test(cases, texts_come_back_as_they_were);
	tcase_add_test(cases, what_is_not_json_is_refused_with_its_place);
	tcase_add_test(cases, nesting_is_bounded);
	tcase_add_test(cases, a_clone_is_independent);
	tcase_add_test(cases, a_constant_of_a_schema_becomes_a_document);
	tcase_add_test(cases, a_constant_that_is_too_large_is_a_finding);
	suite_add_tcase(suite, cases);
	return suite;
}
