/* Looking into documents and changing them, below the component kinds. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static int set(struct document *document, const char *at, const char *constant,
	       struct flume_err *err)
{
	struct path path = read_path(at);
	struct document *value = read_document(constant);
	int rc = document_set(document, &path, value, err);
	document_free(value);
	path_fini(&path);
	return rc;
}

static void expect_set(const char *before, const char *at, const char *constant,
		       const char *after)
{
	struct document *document = read_document(before);
	struct flume_err err = {0};
	int rc = set(document, at, constant, &err);
	ck_assert_msg(rc == 0, "%s: %s", at, err.text);
	expect_document(document, after);
}

static void expect_not_set(const char *before, const char *at, const char *why)
{
	struct document *document = read_document(before);
	struct flume_err err = {0};
	ck_assert_int_eq(set(document, at, "1", &err), FLUME_FAILED);
	ck_assert_str_eq(err.text, why);
	expect_document(document, before);
}

START_TEST(setting_replaces_adds_and_makes_parents)
{
	expect_set("{\"a\":1,\"b\":2}", "a", "\"x\"", "{\"a\":\"x\",\"b\":2}");
	expect_set("{}", "a", "null", "{\"a\":null}");
	expect_set("{}", "a.b.c", "{\"d\":[1]}", "{\"a\":{\"b\":{\"c\":{\"d\":[1]}}}}");
	expect_set("{}", "a[0].b", "1", "{\"a\":[{\"b\":1}]}");
	expect_set("{\"a\":[1,2]}", "a[1]", "3", "{\"a\":[1,3]}");
	expect_set("{\"a\":[1,2]}", "a[2].b", "3", "{\"a\":[1,2,{\"b\":3}]}");
	expect_set("[]", "[0]", "1", "[1]");
}
END_TEST

START_TEST(setting_where_nothing_can_be_changes_nothing)
{
	expect_not_set("{\"total\":5}", "total.net", "total.net: parent is a number");
	expect_not_set("{\"a\":{\"b\":\"x\"}}", "a.b.c.d", "a.b.c: parent is a text");
	expect_not_set("{\"a\":null}", "a.b", "a.b: parent is null");
	expect_not_set("{\"a\":{}}", "a[0]", "a[0]: parent is an object");
	expect_not_set("{\"a\":[]}", "a.b", "a.b: parent is an array");
	expect_not_set("{\"a\":[1]}", "a[2]", "a[2]: the array has 1 element");
	expect_not_set("{}", "a.b[1].c", "a.b[1]: the array has 0 elements");
	expect_not_set("7", "total", "total: parent is a number");
	expect_not_set("true", "[0]", "[0]: parent is a boolean");
}
END_TEST

START_TEST(setting_does_not_nest_beyond_the_bound)
{
	const size_t depth = DOCUMENT_DEPTH;
	char text[2 * DOCUMENT_DEPTH + 1];
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	struct document *document = read_document("{}");
	struct flume_err err = {0};
	ck_assert_int_eq(set(document, "a", text, &err), FLUME_FAILED);
	ck_assert_str_eq(err.text, "a: nested too deep");
	text[2 * depth - 1] = '\0';
	ck_assert_int_eq(set(document, "a", text + 1, &err), 0);
	document_free(document);
}
END_TEST

static bool remove_at(struct document *document, const char *at)
{
	struct path path = read_path(at);
	bool there = document_remove(document, &path);
	path_fini(&path);
	return there;
}

START_TEST(removing_says_whether_there_was_something)
{
	struct document *document = read_document("{\"a\":[1,2,3],\"b\":{\"c\":null}}");
	ck_assert(remove_at(document, "a[1]"));
	ck_assert(!remove_at(document, "a[2]"));
	ck_assert(remove_at(document, "b.c"));
	ck_assert(!remove_at(document, "b.c"));
	ck_assert(!remove_at(document, "b.c.d"));
	ck_assert(!remove_at(document, "b[0]"));
	expect_document(document, "{\"a\":[1,3],\"b\":{}}");
}
END_TEST

START_TEST(a_view_tells_kind_and_value)
{
	struct document *document =
		read_document("{\"n\":null,\"t\":true,\"i\":-3,\"r\":0.5,\"s\":\"x\\u0000y\","
			      "\"a\":[1,2],\"o\":{\"k\":1}}");
	static const struct {
		const char *path;
		enum document_kind kind;
		size_t len;
		const char *text;
	} rows[] = {
		{"n", DOCUMENT_NULL, 0, ""},      {"t", DOCUMENT_BOOL, 0, "true"},
		{"i", DOCUMENT_INTEGER, 0, "-3"}, {"r", DOCUMENT_REAL, 0, "0.5"},
		{"s", DOCUMENT_TEXT, 3, "x"},     {"a", DOCUMENT_ARRAY, 2, ""},
		{"o", DOCUMENT_OBJECT, 1, ""},    {"o.k", DOCUMENT_INTEGER, 0, "1"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct path path = read_path(rows[i].path);
		struct document_view view;
		char text[16];
		ck_assert(document_get(document, &path, &view));
		ck_assert_int_eq(view.kind, rows[i].kind);
		ck_assert_uint_eq(view.len, rows[i].len);
		document_view_text(&view, text, sizeof text);
		ck_assert_str_eq(text, rows[i].text);
		ck_assert_int_eq(document_has(document, &path), rows[i].kind != DOCUMENT_NULL);
		path_fini(&path);
	}
	document_free(document);
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_cut_and_its_length_told)
{
	struct document_view view = {.kind = DOCUMENT_INTEGER, .integer = INT64_MIN};
	char text[8];
	ck_assert_uint_eq(document_view_text(&view, text, sizeof text), 20);
	ck_assert_str_eq(text, "-922337");
	ck_assert_uint_eq(document_view_text(&view, NULL, 0), 20);
}
END_TEST

/* '<', '=', '>', or '!' for no order and not equal, 'e' for no order but equal. */
static char relate(const char *a, const char *b)
{
	struct document *left = read_document(a), *right = read_document(b);
	struct document_view l = document_root(left), r = document_root(right);
	int order = 0;
	bool ordered = document_view_compare(&l, &r, &order),
	     equal = document_view_equal(&l, &r);
	document_free(left);
	document_free(right);
	if (!ordered)
		return equal ? 'e' : '!';
	ck_assert_int_eq(equal, order == 0);
	return order < 0 ? '<' : order > 0 ? '>' : '=';
}

START_TEST(scalars_compare_by_value)
{
	static const struct {
		const char *a, *b;
		char relation;
	} rows[] = {
		{"1", "1.0", '='},
		{"1", "2", '<'},
		{"-1.5", "-1", '<'},
		{"2", "1.5", '>'},
		{"-2", "-2.5", '>'},
		{"9007199254740993", "9007199254740992.0", '>'},
		{"9223372036854775807", "9223372036854775808.0", '<'},
		{"-9223372036854775808", "-9223372036854775808.0", '='},
		{"-9223372036854775808", "-1e300", '>'},
		{"0", "-0.0", '='},
		{"0", "5e-324", '<'},
		{"\"a\"", "\"b\"", '<'},
		{"\"a\"", "\"ab\"", '<'},
		{"\"a\\u0000b\"", "\"a\\u0000c\"", '<'},
		{"\"Z\"", "\"ä\"", '<'},
		{"\"\"", "\"\"", '='},
		{"\"1\"", "1", '!'},
		{"true", "true", 'e'},
		{"true", "false", '!'},
		{"null", "null", 'e'},
		{"null", "false", '!'},
		{"null", "0", '!'},
		{"[]", "[]", '!'},
		{"{}", "{}", '!'},
	};
	static const char flipped[][2] = {"<>", "><", "==", "!!", "ee"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char there = relate(rows[i].a, rows[i].b), back = relate(rows[i].b, rows[i].a);
		ck_assert_msg(there == rows[i].relation, "%s %c %s", rows[i].a, there,
			      rows[i].b);
		for (size_t k = 0; k < sizeof flipped / sizeof *flipped; k++)
			if (flipped[k][0] == there)
				ck_assert_int_eq(back, flipped[k][1]);
	}
}
END_TEST

Suite *suite_document_change(void)
{
	Suite *suite = suite_create("document_change");
	TCase *cases = tcase_create("change");
	tcase_add_test(cases, setting_replaces_adds_and_makes_parents);
	tcase_add_test(cases, setting_where_nothing_can_be_changes_nothing);
	tcase_add_test(cases, setting_does_not_nest_beyond_the_bound);
	tcase_add_test(cases, removing_says_whether_there_was_something);
	tcase_add_test(cases, a_view_tells_kind_and_value);
	tcase_add_test(cases, a_text_that_does_not_fit_is_cut_and_its_length_told);
	tcase_add_test(cases, scalars_compare_by_value);
	suite_add_tcase(suite, cases);
	return suite;
}
