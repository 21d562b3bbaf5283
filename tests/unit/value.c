#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <stdio.h>

START_TEST(accessors_say_what_is_there)
{
	flume_value *v =
		read_value("{\"t\":\"x\",\"n\":1.50,\"l\":[true,null],\"m\":{}}", FLUME_JSON);
	ck_assert_int_eq(flume_value_type(v), FLUME_MAP);
	ck_assert_uint_eq(flume_value_size(v), 4);
	ck_assert_str_eq(flume_value_text(v), "");
	ck_assert_str_eq(flume_value_text(flume_value_key(v, 1)), "n");
	ck_assert_int_eq(flume_value_type(flume_value_key(v, 1)), FLUME_TEXT);
	ck_assert_str_eq(flume_value_text(flume_value_get(v, "n")), "1.50");
	ck_assert_int_eq(flume_value_type(flume_value_get(v, "n")), FLUME_NUMBER);
	ck_assert(!flume_value_quoted(flume_value_get(v, "n")));
	ck_assert(flume_value_quoted(flume_value_get(v, "t")));
	ck_assert_uint_eq(flume_value_size(flume_value_get(v, "t")), 0);
	const flume_value *list = flume_value_get(v, "l");
	ck_assert_int_eq(flume_value_type(flume_value_at(list, 0)), FLUME_BOOL);
	ck_assert_int_eq(flume_value_type(flume_value_at(list, 1)), FLUME_NULL);
	ck_assert_uint_eq(flume_value_size(flume_value_get(v, "m")), 0);
	flume_value_free(v);
	ck_assert_ptr_null(flume_value_free(NULL));
}
END_TEST

START_TEST(what_is_not_there_is_null)
{
	flume_value *v = read_value("[{\"a\":1}]", FLUME_JSON);
	const flume_value *map = flume_value_at(v, 0);
	ck_assert_ptr_null(flume_value_at(v, 1));
	ck_assert_ptr_null(flume_value_key(v, 0));
	ck_assert_ptr_null(flume_value_get(v, "a"));
	ck_assert_ptr_null(flume_value_at(map, 1));
	ck_assert_ptr_null(flume_value_key(map, 1));
	ck_assert_ptr_null(flume_value_get(map, ""));
	ck_assert_ptr_null(flume_value_get(map, "ab"));
	ck_assert_ptr_null(flume_value_at(flume_value_at(map, 0), 0));
	flume_value_free(v);
}
END_TEST

START_TEST(maps_of_any_size_are_searched_by_key)
{
	for (int n = 1; n < 3000; n = n < 40 ? n + 1 : n * 3) {
		struct text t = {0};
		char key[16];
		text_add(&t, "{\"\":-1");
		for (int i = 1; i < n; i++)
			text_addf(&t, ",\"k%d\":%d", i * 31 % n, i * 31 % n);
		text_add(&t, "}");
		flume_value *v = NULL;
		if (flume_value_parse(&v, t.s, t.len, FLUME_JSON, NULL, NULL) == 0) {
			for (int i = 1; i < n; i++) {
				snprintf(key, sizeof key, "k%d", i * 31 % n);
				ck_assert_str_eq(flume_value_text(flume_value_get(v, key)),
						 key + 1);
			}
			ck_assert_str_eq(flume_value_text(flume_value_get(v, "")), "-1");
			ck_assert_ptr_null(flume_value_get(v, "k"));
			ck_assert_ptr_null(flume_value_get(v, "zz"));
			flume_value_free(v);
		} else {
			ck_assert_msg(n % 31 == 0, "%d", n); /* the keys repeat */
		}
		text_fini(&t);
	}
}
END_TEST

START_TEST(equal_texts_lie_in_memory_once)
{
	flume_value *v = read_value("[{ref: a-step}, {ref: a-step}, \"ref\", &r 'a-step', *r]",
				    FLUME_YAML);
	const flume_value *first = flume_value_at(v, 0), *second = flume_value_at(v, 1);
	const char *key = flume_value_text(flume_value_key(first, 0));
	const char *step = flume_value_text(flume_value_get(first, "ref"));
	ck_assert_str_eq(step, "a-step");
	ck_assert_ptr_eq(flume_value_text(flume_value_key(second, 0)), key);
	ck_assert_ptr_eq(flume_value_text(flume_value_get(second, "ref")), step);
	ck_assert_ptr_eq(flume_value_text(flume_value_at(v, 2)), key);
	ck_assert_ptr_eq(flume_value_text(flume_value_at(v, 4)), step);
	ck_assert(!flume_value_quoted(flume_value_get(first, "ref")));
	ck_assert(flume_value_quoted(flume_value_at(v, 4)));
	flume_value_free(v);
}
END_TEST

Suite *suite_value(void)
{
	Suite *suite = suite_create("value");
	TCase *tests = tcase_create("value");
	tcase_add_test(tests, accessors_say_what_is_there);
	tcase_add_test(tests, what_is_not_there_is_null);
	tcase_add_test(tests, maps_of_any_size_are_searched_by_key);
	tcase_add_test(tests, equal_texts_lie_in_memory_once);
	suite_add_tcase(suite, tests);
	return suite;
}
