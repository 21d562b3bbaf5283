#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <string.h>

static void expect_key(const struct path *path, size_t i, const char *key)
{
	ck_assert_uint_lt(i, path->count);
	ck_assert_ptr_nonnull(path->steps[i].key);
	ck_assert_uint_eq(path->steps[i].len, strlen(key));
	ck_assert_int_eq(memcmp(path->steps[i].key, key, strlen(key)), 0);
}

static void expect_index(const struct path *path, size_t i, size_t index)
{
	ck_assert_uint_lt(i, path->count);
	ck_assert_ptr_null(path->steps[i].key);
	ck_assert_uint_eq(path->steps[i].index, index);
}

START_TEST(dots_and_brackets_make_steps)
{
	struct path path = read_path("items[0][12].sku.größe");
	ck_assert_uint_eq(path.count, 5);
	expect_key(&path, 0, "items");
	expect_index(&path, 1, 0);
	expect_index(&path, 2, 12);
	expect_key(&path, 3, "sku");
	expect_key(&path, 4, "größe");
	ck_assert_str_eq(path.text, "items[0][12].sku.größe");
	path_fini(&path);
	path = read_path("[3].a b");
	expect_index(&path, 0, 3);
	expect_key(&path, 1, "a b");
	path_fini(&path);
}
END_TEST

START_TEST(a_backslash_escapes)
{
	struct path path = read_path("a\\.b.c\\[0].d\\\\e]");
	ck_assert_uint_eq(path.count, 3);
	expect_key(&path, 0, "a.b");
	expect_key(&path, 1, "c[0]");
	expect_key(&path, 2, "d\\e]");
	path_fini(&path);
}
END_TEST

START_TEST(what_is_not_a_path_is_refused_with_its_column)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "column 1: expected a key"},
		{".a", "column 1: expected a key"},
		{"ä.", "column 3: expected a key"},
		{"a..b", "column 3: expected a key"},
		{"a.[0]", "column 3: expected a key"},
		{"a[", "column 3: expected an index"},
		{"a[]", "column 3: expected an index"},
		{"a[-1]", "column 3: expected an index"},
		{"a[x]", "column 3: expected an index"},
		{"a[1", "column 4: expected ']'"},
		{"a[1x]", "column 4: expected ']'"},
		{"a[01]", "column 3: an index has no leading zero"},
		{"a[1234567890]", "column 3: the index is too large"},
		{"a[0]b", "column 5: expected '.' or '['"},
		{"a\\b", "column 2: a backslash escapes only '.', '[' and '\\'"},
		{"a\\", "column 2: a backslash escapes only '.', '[' and '\\'"},
		{"a\xFF", "column 2: not UTF-8"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct path path;
		struct flume_err err = {0};
		ck_assert_int_eq(path_compile(&path, rows[i].text, &err), FLUME_INVALID);
		ck_assert_str_eq(err.text, rows[i].why);
	}
}
END_TEST

START_TEST(steps_are_bounded)
{
	char text[2 * (PATH_STEPS + 1)];
	for (size_t i = 0; i <= PATH_STEPS; i++)
		memcpy(text + 2 * i, "a.", 2);
	text[2 * PATH_STEPS - 1] = '\0';
	struct path path = read_path(text);
	ck_assert_uint_eq(path.count, PATH_STEPS);
	path_fini(&path);
	text[2 * PATH_STEPS - 1] = '.';
	text[2 * PATH_STEPS + 1] = '\0';
	struct flume_err err = {0};
	ck_assert_int_eq(path_compile(&path, text, &err), FLUME_INVALID);
	expect_within(err.text, "too many steps");
}
END_TEST

START_TEST(parents_sort_before_children_and_elements_by_index)
{
	static const char *const sorted[] = {"[2]",  "[10]",  "a",   "a[0]", "a[0].b",
					     "a[9]", "a[10]", "a.b", "ab",   "b"};
	for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++) {
		for (size_t j = 0; j < sizeof sorted / sizeof *sorted; j++) {
			struct path a = read_path(sorted[i]), b = read_path(sorted[j]);
			int order = path_compare(&a, &b);
			ck_assert_int_eq((order > 0) - (order < 0), (i > j) - (i < j));
			path_fini(&a);
			path_fini(&b);
		}
	}
}
END_TEST

START_TEST(a_path_covers_what_lies_below_it)
{
	struct path a = read_path("a"), ab = read_path("a.b"), ac = read_path("ac");
	ck_assert(path_covers(&a, &ab));
	ck_assert(path_covers(&a, &a));
	ck_assert(!path_covers(&ab, &a));
	ck_assert(!path_covers(&a, &ac));
	path_fini(&a);
	path_fini(&ab);
	path_fini(&ac);
}
END_TEST

Suite *suite_document_path(void)
{
	Suite *suite = suite_create("document_path");
	TCase *cases = tcase_create("path");
	tcase_add_test(cases, dots_and_brackets_make_steps);
	tcase_add_test(cases, a_backslash_escapes);
	tcase_add_test(cases, what_is_not_a_path_is_refused_with_its_column);
	tcase_add_test(cases, steps_are_bounded);
	tcase_add_test(cases, parents_sort_before_children_and_elements_by_index);
	tcase_add_test(cases, a_path_covers_what_lies_below_it);
	suite_add_tcase(suite, cases);
	return suite;
}
