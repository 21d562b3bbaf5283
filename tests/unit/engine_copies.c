/* Copies on disk that cannot be used: a node starts with the one before, or without. */
#include "tests/unit/engine_fixture.h"
#include "tests/unit/suites.h"

#include <unistd.h>

START_TEST(a_damaged_copy_is_passed_over)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_prove("b", 6, marking("1.0.0", 2, NULL));
	site_stop();
	ck_assert_int_eq(truncate(site_path("proven/a"), 300), 0);
	site_write("proven/c", "no copy at all");
	site_write("proven/NOT-A-NAME", "x");
	site_write("proven/.d", "half");
	site_write("bad/b", "{");
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("b", 2);
	ck_assert_int_eq(site_call("a"), FLUME_NOT_FOUND);
	ck_assert_int_eq(access(site_path("proven/.d"), F_OK), -1);
}
END_TEST

START_TEST(a_copy_that_no_longer_checks_is_passed_over)
{
	site_prove("b", 5, marking("1.0.0", 1, NULL));
	site_prove("a", 6, running("1.0.0", "b", NULL));
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/b")), 0);
	ck_assert_uint_eq(site_start(), 0);
	LIST(9, {"a", 6, running("1.0.0", "b", NULL)}, {"b", 5, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
}
END_TEST

/* As of an agent that lacks what it takes: a rollout of that agent has to stop here. */
START_TEST(a_node_that_lost_what_it_served_is_not_settled)
{
	site_prove("b", 5, marking("1.0.0", 1, NULL));
	site_prove("a", 6, running("1.0.0", "b", NULL));
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/b")), 0);
	ck_assert_uint_eq(site_start(), 0);
	LIST(9, {"a", 6, running("1.0.0", "b", NULL)});
	site_until("a.state", "rejected");
	ck_assert(!site_is_settled());
}
END_TEST

START_TEST(a_copy_that_could_not_be_used_goes_with_its_schema)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_stop();
	ck_assert_int_eq(truncate(site_path("proven/a"), 300), 0);
	ck_assert_uint_eq(site_start(), 0);
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site_delete("a", 7);
	ck_assert_int_eq(access(site_path("proven/a"), F_OK), -1);
}
END_TEST

/* ---- copies before the last one ---- */

static void prove_three(void)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_prove("a", 6, marking("1.1.0", 2, NULL));
	site_until("a.running.proven", "true");
	site_prove("a", 7, marking("1.2.0", 3, NULL));
	site_until("a.running.proven", "true");
}

START_TEST(a_damaged_copy_gives_way_to_the_one_before)
{
	prove_three();
	site_stop();
	site_write("proven/a", "spoilt");
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 2);
	site_says("a.wanted.revision", "6");
	site_counts("flume_disk_unusable_copies 1");
	LIST(7, {"a", 7, marking("1.2.0", 3, NULL)});
	site_made_by("a", 3);
}
END_TEST

START_TEST(of_three_copies_one_is_enough)
{
	prove_three();
	site_stop();
	ck_assert_int_eq(truncate(site_path("proven/a"), 20), 0);
	ck_assert_int_eq(truncate(site_path("proven/a@1"), 300), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 1);
	site_until("a.running.proven", "true");
	/* It was mended: that copy is the last one now. */
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/a@1")), 0);
	ck_assert_int_eq(unlink(site_path("proven/a@2")), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 1);
	site_counts("flume_disk_unusable_copies 0");
}
END_TEST

START_TEST(a_last_copy_that_is_gone_is_no_loss_but_of_one)
{
	prove_three();
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/a")), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_copy_that_no_longer_checks_gives_way_to_the_one_before)
{
	site_prove("b", 4, marking("1.0.0", 1, NULL));
	site_prove("a", 5, marking("1.0.0", 5, NULL));
	site_until("a.running.proven", "true");
	site_prove("a", 6, running("1.1.0", "b", NULL));
	site_until("a.running.proven", "true");
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/b")), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 5);
}
END_TEST

START_TEST(one_that_goes_back_takes_no_other_with_it)
{
	site_prove("b", 3, marking("1.0.0", 1, NULL));
	site_prove("c", 4, marking("1.0.0", 7, NULL));
	site_prove("b", 5, running("1.1.0", "c", NULL));
	site_prove("a", 6, marking("1.0.0", 9, NULL));
	site_prove("a", 7, running("1.1.0", "b", NULL));
	site_until("a.running.proven", "true");
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/c")), 0);
	ck_assert_uint_eq(site_start(), 2);
	site_made_by("b", 1);
	site_made_by("a", 9); /* both waited for another: neither can be told from the other */
}
END_TEST

Suite *suite_engine_copies(void)
{
	Suite *suite = suite_create("engine_copies");
	TCase *last = site_case(suite, "the last");
	tcase_add_test(last, a_damaged_copy_is_passed_over);
	tcase_add_test(last, a_copy_that_no_longer_checks_is_passed_over);
	tcase_add_test(last, a_node_that_lost_what_it_served_is_not_settled);
	tcase_add_test(last, a_copy_that_could_not_be_used_goes_with_its_schema);
	TCase *before = site_case(suite, "those before");
	tcase_add_test(before, a_damaged_copy_gives_way_to_the_one_before);
	tcase_add_test(before, of_three_copies_one_is_enough);
	tcase_add_test(before, a_last_copy_that_is_gone_is_no_loss_but_of_one);
	tcase_add_test(before, a_copy_that_no_longer_checks_gives_way_to_the_one_before);
	tcase_add_test(before, one_that_goes_back_takes_no_other_with_it);
	return suite;
}
