#include "agent/cmd/unified.h"

#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static void expect(const char *old, const char *new, const char *wanted)
{
	struct text t = {0};
	ck_assert_int_eq(unified_diff(&t, &(struct unified_side){"old", old, strlen(old)},
				      &(struct unified_side){"new", new, strlen(new)}),
			 0);
	ck_assert_str_eq(t.s ? t.s : "", wanted);
	text_fini(&t);
}

#define HEAD "--- old\n+++ new\n"

START_TEST(the_same_is_no_difference)
{
	expect("", "", "");
	expect("a\nb\n", "a\nb\n", "");
}
END_TEST

START_TEST(a_line_is_shown_with_three_around_it)
{
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	       HEAD "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}
END_TEST

START_TEST(what_is_far_apart_is_told_in_parts)
{
	expect("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\nb\nc\n",
	       HEAD "@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -7,3 +6,4 @@\n 6\n 7\n b\n+c\n");
	expect("a\n1\n2\n3\n4\n5\nb\n", "1\n2\n3\n4\n5\nb\nc\n",
	       HEAD "@@ -1,7 +1,7 @@\n-a\n 1\n 2\n 3\n 4\n 5\n b\n+c\n");
}
END_TEST

START_TEST(from_nothing_and_to_nothing)
{
	expect("", "a\nb\n", HEAD "@@ -0,0 +1,2 @@\n+a\n+b\n");
	expect("a\nb\n", "", HEAD "@@ -1,2 +0,0 @@\n-a\n-b\n");
}
END_TEST

START_TEST(an_end_without_a_line_feed_is_said)
{
	expect("a", "a\n", HEAD "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
	expect("a\nb", "a\nc",
	       HEAD "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n"
		    "\\ No newline at end of file\n");
}
END_TEST

START_TEST(what_a_terminal_would_obey_is_replaced)
{
	expect("\x1b[2J\n", "\tb\n", HEAD "@@ -1,1 +1,1 @@\n-\xef\xbf\xbd[2J\n+\tb\n");
}
END_TEST

/* Too many to look for the shortest way: true all the same. */
START_TEST(two_texts_that_share_nothing_are_replaced)
{
	struct text a = {0}, b = {0}, t = {0};
	for (int i = 0; i < 3000; i++) {
		text_addf(&a, "a%d\n", i);
		text_addf(&b, "b%d\n", i);
	}
	ck_assert_int_eq(unified_diff(&t, &(struct unified_side){"old", a.s, a.len},
				      &(struct unified_side){"new", b.s, b.len}),
			 0);
	ck_assert_ptr_nonnull(strstr(t.s, "@@ -1,3000 +1,3000 @@\n-a0\n"));
	ck_assert_ptr_nonnull(strstr(t.s, "\n-a2999\n+b0\n"));
	text_fini(&a);
	text_fini(&b);
	text_fini(&t);
}
END_TEST

START_TEST(each_allocation_fails_in_turn)
{
	const struct unified_side old = {"old", "a\nb\nc\n", 6}, new = {"new", "b\nx\nc\n", 6};
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		struct text t = {0};
		memory_fails_at(nth);
		int rc = unified_diff(&t, &old, &new);
		failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		text_fini(&t);
	}
}
END_TEST

Suite *suite_cmd_unified(void)
{
	Suite *suite = suite_create("cmd_unified");
	TCase *tests = tcase_create("unified");
	tcase_add_test(tests, the_same_is_no_difference);
	tcase_add_test(tests, a_line_is_shown_with_three_around_it);
	tcase_add_test(tests, what_is_far_apart_is_told_in_parts);
	tcase_add_test(tests, from_nothing_and_to_nothing);
	tcase_add_test(tests, an_end_without_a_line_feed_is_said);
	tcase_add_test(tests, what_a_terminal_would_obey_is_replaced);
	tcase_add_test(tests, two_texts_that_share_nothing_are_replaced);
	tcase_add_test(tests, each_allocation_fails_in_turn);
	suite_add_tcase(suite, tests);
	return suite;
}
