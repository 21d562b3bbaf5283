#include "lib/base/map.h"

#include "lib/flume.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>

static int things[8];

START_TEST(an_empty_map_has_nothing)
{
	struct map m = {0};
	ck_assert_ptr_null(map_get(&m, "x"));
	ck_assert_ptr_null(map_remove(&m, "x"));
	char **names = map_dup_names(&m);
	ck_assert_ptr_nonnull(names);
	ck_assert_ptr_null(names[0]);
	free(names);
	map_fini(&m);
}
END_TEST

START_TEST(what_was_added_is_found_under_its_name)
{
	struct map m = {0};
	char name[] = "mine";
	ck_assert_int_eq(map_add(&m, name, &things[0]), 0);
	name[0] = 'f';
	ck_assert_ptr_eq(map_get(&m, "mine"), &things[0]);
	ck_assert_ptr_null(map_get(&m, "min"));
	ck_assert_ptr_null(map_get(&m, "mines"));
	map_fini(&m);
}
END_TEST

START_TEST(adding_a_name_twice_keeps_the_first)
{
	struct map m = {0};
	ck_assert_int_eq(map_add(&m, "a", &things[0]), 0);
	ck_assert_int_eq(map_add(&m, "a", &things[1]), FLUME_EXISTS);
	ck_assert_ptr_eq(map_get(&m, "a"), &things[0]);
	map_fini(&m);
}
END_TEST

START_TEST(putting_a_name_twice_gives_back_the_first)
{
	struct map m = {0};
	void *old = &things[7];
	ck_assert_int_eq(map_put(&m, "a", &things[0], &old), 0);
	ck_assert_ptr_null(old);
	ck_assert_int_eq(map_put(&m, "a", &things[1], &old), 0);
	ck_assert_ptr_eq(old, &things[0]);
	ck_assert_ptr_eq(map_get(&m, "a"), &things[1]);
	ck_assert_uint_eq(m.len, 1);
	map_fini(&m);
}
END_TEST

START_TEST(names_are_listed_in_order)
{
	struct map m = {0};
	static const char *const names[] = {"b", "c", "a", "ab", ""};
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(map_add(&m, names[i], &things[i]), 0);
	ck_assert_ptr_eq(map_remove(&m, "b"), &things[0]);
	ck_assert_ptr_null(map_remove(&m, "b"));
	char **listed = map_dup_names(&m);
	ck_assert_ptr_nonnull(listed);
	ck_assert_str_eq(listed[0], "");
	ck_assert_str_eq(listed[1], "a");
	ck_assert_str_eq(listed[2], "ab");
	ck_assert_str_eq(listed[3], "c");
	ck_assert_ptr_null(listed[4]);
	free(listed);
	map_fini(&m);
}
END_TEST

START_TEST(a_thousand_names_come_and_go)
{
	struct map m = {0};
	char name[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "n%d", i * 7 % 1000);
		ck_assert_int_eq(map_add(&m, name, &things[i % 8]), 0);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "n%d", i * 7 % 1000);
		ck_assert_ptr_eq(map_get(&m, name), &things[i % 8]);
		if (i % 2)
			ck_assert_ptr_eq(map_remove(&m, name), &things[i % 8]);
	}
	ck_assert_uint_eq(m.len, 500);
	map_fini(&m);
}
END_TEST

Suite *suite_map(void)
{
	Suite *suite = suite_create("map");
	TCase *tests = tcase_create("map");
	tcase_add_test(tests, an_empty_map_has_nothing);
	tcase_add_test(tests, what_was_added_is_found_under_its_name);
	tcase_add_test(tests, adding_a_name_twice_keeps_the_first);
	tcase_add_test(tests, putting_a_name_twice_gives_back_the_first);
	tcase_add_test(tests, names_are_listed_in_order);
	tcase_add_test(tests, a_thousand_names_come_and_go);
	suite_add_tcase(suite, tests);
	return suite;
}
