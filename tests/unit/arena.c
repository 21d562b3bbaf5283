#include "lib/base/arena.h"

#include "tests/unit/suites.h"

#include <stdint.h>
#include <string.h>

START_TEST(pieces_do_not_overlap_and_do_not_move)
{
	struct arena a = {0};
	unsigned char *pieces[500];
	for (size_t i = 0; i < 500; i++) {
		pieces[i] = arena_get(&a, i * 3);
		ck_assert_ptr_nonnull(pieces[i]);
		memset(pieces[i], (int)(i & 255), i * 3);
	}
	for (size_t i = 0; i < 500; i++)
		for (size_t j = 0; j < i * 3; j++)
			if (pieces[i][j] != (i & 255))
				ck_abort_msg("byte %zu of piece %zu", j, i);
	arena_fini(&a);
}
END_TEST

START_TEST(pieces_are_aligned_whatever_text_lies_between)
{
	struct arena a = {0};
	for (size_t i = 0; i < 300; i++) {
		ck_assert_ptr_nonnull(arena_copy(&a, "odd", i % 4));
		ck_assert_uint_eq((uintptr_t)arena_get(&a, 1 + i % 40) % ARENA_ALIGN, 0);
	}
	arena_fini(&a);
}
END_TEST

START_TEST(a_copy_is_terminated)
{
	struct arena a = {0};
	ck_assert_str_eq(arena_copy(&a, "hello, world", 5), "hello");
	ck_assert_str_eq(arena_copy(&a, NULL, 0), "");
	arena_fini(&a);
}
END_TEST

START_TEST(a_large_piece_is_given_whole)
{
	struct arena a = {0};
	char *small = arena_copy(&a, "small", 5);
	char *large = arena_get(&a, 1 << 20);
	ck_assert_ptr_nonnull(large);
	memset(large, 1, 1 << 20);
	ck_assert_str_eq(small, "small");
	arena_expect(&a, 10000);
	ck_assert_ptr_nonnull(arena_get(&a, 10000));
	arena_fini(&a);
}
END_TEST

START_TEST(impossible_sizes_are_refused)
{
	struct arena a = {0};
	ck_assert_ptr_null(arena_get(&a, SIZE_MAX));
	ck_assert_ptr_null(arena_get(&a, SIZE_MAX - 64));
	ck_assert_ptr_null(arena_get_text(&a, SIZE_MAX));
	ck_assert_ptr_nonnull(arena_get(&a, 8));
	arena_fini(&a);
}
END_TEST

Suite *suite_arena(void)
{
	Suite *suite = suite_create("arena");
	TCase *tests = tcase_create("arena");
	tcase_add_test(tests, pieces_do_not_overlap_and_do_not_move);
	tcase_add_test(tests, pieces_are_aligned_whatever_text_lies_between);
	tcase_add_test(tests, a_copy_is_terminated);
	tcase_add_test(tests, a_large_piece_is_given_whole);
	tcase_add_test(tests, impossible_sizes_are_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
