#include "lib/base/names.h"

#include "lib/flume.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int things[8];

static struct names_entry named(unsigned kind, const char *name, void *thing)
{
	return names_entry(kind, name, strlen(name), thing);
}

static void *found(const struct names *names, unsigned kind, const char *name)
{
	const struct names_entry wanted = named(kind, name, NULL);
	const struct names_entry *it = names_find(names, &wanted);
	return it ? it->thing : NULL;
}

static void must_add(struct names *names, unsigned kind, const char *name, void *thing)
{
	const struct names_entry entry = named(kind, name, thing);
	ck_assert_int_eq(names_add(names, &entry), 0);
}

START_TEST(a_name_is_found_with_its_kind_only)
{
	struct names names;
	names_init(&names);
	must_add(&names, 1, "a", &things[0]);
	must_add(&names, 2, "a", &things[1]);
	ck_assert_ptr_eq(found(&names, 1, "a"), &things[0]);
	ck_assert_ptr_eq(found(&names, 2, "a"), &things[1]);
	ck_assert_ptr_null(found(&names, 0, "a"));
	names_fini(&names);
}
END_TEST

/* They are compared by words of eight bytes. */
START_TEST(names_of_all_lengths_are_told_apart_by_any_letter)
{
	enum { MOST = 40 };
	for (size_t n = 0; n <= MOST; n++) {
		struct names names;
		char *name = calloc(1, n + 1); /* so that a sanitizer sees its end */
		ck_assert_ptr_nonnull(name);
		memset(name, 'x', n);
		names_init(&names);
		must_add(&names, 0, name, &things[0]);
		char other[MOST + 2] = "";
		memset(other, 'x', n);
		ck_assert_ptr_eq(found(&names, 0, other), &things[0]);
		for (size_t i = 0; i < n; i++) {
			other[i] = 'y';
			ck_assert_ptr_null(found(&names, 0, other));
			other[i] = 'x';
		}
		other[n] = 'x';
		ck_assert_ptr_null(found(&names, 0, other));
		names_fini(&names);
		free(name);
	}
}
END_TEST

START_TEST(a_name_ends_where_its_size_says)
{
	struct names names;
	names_init(&names);
	const struct names_entry entry = names_entry(0, "abcdefghij", 9, &things[0]);
	ck_assert_int_eq(names_add(&names, &entry), 0);
	ck_assert_ptr_eq(found(&names, 0, "abcdefghi"), &things[0]);
	ck_assert_ptr_null(found(&names, 0, "abcdefghij"));
	names_fini(&names);
}
END_TEST

static char text[5000][16];

START_TEST(thousands_come_and_go)
{
	struct names names;
	names_init(&names);
	for (int i = 0; i < 5000; i++) {
		snprintf(text[i], sizeof text[i], "n%d", i);
		must_add(&names, 0, text[i], &things[i % 8]);
	}
	for (int i = 0; i < 5000; i += 2) {
		const struct names_entry gone = named(0, text[i], NULL);
		names_remove(&names, &gone);
		names_remove(&names, &gone);
	}
	ck_assert_uint_eq(names.n, 2500);
	for (int i = 0; i < 5000; i++)
		ck_assert_ptr_eq(found(&names, 0, text[i]), i % 2 ? &things[i % 8] : NULL);
	names_fini(&names);
}
END_TEST

START_TEST(what_was_expected_is_added_without_growing)
{
	struct names names;
	names_init(&names);
	must_add(&names, 0, "first", &things[0]);
	names_expect(&names, 1000);
	const struct names_entry *before = names.entries;
	for (int i = 0; i < 1000; i++) {
		snprintf(text[i], sizeof text[i], "n%d", i);
		must_add(&names, 0, text[i], &things[1]);
	}
	ck_assert_ptr_eq(names.entries, before);
	ck_assert_ptr_eq(found(&names, 0, "first"), &things[0]);
	ck_assert_ptr_eq(found(&names, 0, "n999"), &things[1]);
	names_fini(&names);
}
END_TEST

/* A list may be long and name one thing again and again. */
START_TEST(nobody_is_believed_to_expect_a_million)
{
	struct names names;
	names_init(&names);
	names_expect(&names, 1000000);
	ck_assert_uint_le(names.room, NAMES_EXPECTED);
	names_fini(&names);
}
END_TEST

Suite *suite_names(void)
{
	Suite *suite = suite_create("names");
	TCase *tests = tcase_create("names");
	tcase_add_test(tests, a_name_is_found_with_its_kind_only);
	tcase_add_test(tests, names_of_all_lengths_are_told_apart_by_any_letter);
	tcase_add_test(tests, a_name_ends_where_its_size_says);
	tcase_add_test(tests, thousands_come_and_go);
	tcase_add_test(tests, what_was_expected_is_added_without_growing);
	tcase_add_test(tests, nobody_is_believed_to_expect_a_million);
	suite_add_tcase(suite, tests);
	return suite;
}
