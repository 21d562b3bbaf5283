/* What a node remembers: after a restart it runs what was proven, and does not try again what
 * was bad. */
#include "tests/unit/engine_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>

START_TEST(what_was_proven_runs_again_without_the_store)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	ck_assert_uint_eq(site_restart(), 1);
	site_made_by("a", 1);
	site_says("a.state", "running");
	site_until("a.running.proven", "true");
	site_says("a.wanted.revision", "5");
	ck_assert(site_is_ready());
}
END_TEST

START_TEST(schemas_that_refer_to_one_another_start_together)
{
	site_prove("c", 1, marking("1.0.0", 3, NULL));
	site_prove("b", 2, running("1.0.0", "c", NULL));
	site_prove("a", 3, running("1.0.0", "b", NULL));
	ck_assert_uint_eq(site_restart(), 3);
	site_made_by("a", 3);
}
END_TEST

START_TEST(the_store_finds_nothing_to_change_after_a_restart)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_restart();
	LIST(9, {"a", 5, marking("1.0.0", 1, NULL)});
	site_says("a.state", "running");
	site_says("a.running.generation", "1");
}
END_TEST

START_TEST(an_orderly_end_writes_what_still_waits_for_its_turn)
{
	LIST(3, {"a", 1, marking("1.0.0", 1, NULL)}, {"b", 2, marking("1.0.0", 2, NULL)},
	     {"c", 3, marking("1.0.0", 3, NULL)});
	ck_assert_uint_eq(site_restart(), 3);
	site_made_by("c", 3);
}
END_TEST

START_TEST(during_probation_the_proven_generation_is_the_one_on_disk)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	site_says("a.state", "probation");
	site_restart();
	site_made_by("a", 1);
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.state", "probation");
	site_made_by("a", 2);
}
END_TEST

START_TEST(after_probation_the_new_generation_is_on_disk)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, SHORT_PROBATION));
	site_says("a.running.proven", "false");
	site_call_times("a", 4);
	site_until("a.running.proven", "true");
	site_restart();
	site_made_by("a", 2);
}
END_TEST

START_TEST(what_ended_without_a_verdict_runs_again_and_says_so)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, SHORT_PROBATION));
	site_until("a.running.verdict", "inconclusive");
	site_turn();
	site_restart();
	site_made_by("a", 2);
	site_says("a.running.proven", "false");
	site_says("a.running.verdict", "inconclusive");
}
END_TEST

START_TEST(a_failed_canary_is_remembered_over_a_restart)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site_restart();
	LIST(6, {"a", 6, marking("1.1.0", 2, CASE_GETS(9))});
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	site_says("a.wanted.version", "1.1.0");
	site_says("a.attempted.stage", "canary");
	site_says_part("a.attempted.error", "expected 9, got 2");
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_rollback_is_remembered_over_a_restart)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_restart();
	site_made_by("a", 1);
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.reason", "known-bad");
	site_says("a.attempted.stage", "probation");
}
END_TEST

/* It was on probation when others failed. */
START_TEST(a_breaker_that_a_good_one_closed_is_closed_after_a_restart)
{
	site.options.breaker_failures = 2;
	site_restart();
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, "probation: {duration: 2s, min_requests: 4}"));
	site_put("a", 7, marking("1.2.0", 3, CASE_GETS(9)));
	site_until("a.attempted.version", "1.2.0");
	site_put("a", 8, marking("1.3.0", 4, CASE_GETS(9)));
	site_until("a.attempted.version", "1.3.0");
	site_put("a", 9, marking("1.4.0", 5, NULL));
	site_says("a.reason", "update-breaker");
	site_call_times("a", 4);
	site_until("a.running.proven", "true");
	site_restart();
	site_put("a", 10, marking("1.5.0", 6, NULL));
	site_made_by("a", 6);
}
END_TEST

START_TEST(a_deleted_schema_does_not_come_back_from_disk)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_delete("a", 6);
	ck_assert_uint_eq(site_restart(), 0);
	ck_assert_int_eq(site_call("a"), FLUME_NOT_FOUND);
}
END_TEST

START_TEST(a_thousand_schemas_are_on_disk_soon)
{
	char name[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "s%03d", i);
		site_put(name, i + 1, marking("1.0.0", i, NULL));
	}
	site_until_file("proven/s999", true);
	site_until("s999.running.proven", "true");
	ck_assert_uint_eq(site_restart(), 1000);
	site_made_by("s999", 999);
}
END_TEST

START_TEST(a_hundred_schemas_start_from_disk)
{
	char name[16];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "s%03d", i);
		site_put(name, i + 1, marking("1.0.0", i, NULL));
	}
	site_until("s099.running.proven", "true");
	ck_assert_uint_eq(site_restart(), 100);
	site_made_by("s042", 42);
}
END_TEST

/* ---- revisions ---- */

START_TEST(a_lagging_member_does_not_take_a_node_back_after_a_restart)
{
	site_prove("a", 5, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(9, {"a", 5, marking("1.1.0", 2, NULL)});
	site_put("a", 4, marking("1.0.0", 1, NULL));
	LIST(4, {"a", 4, marking("1.0.0", 1, NULL)});
	site_made_by("a", 2);
	site_says("a.wanted.revision", "5");
}
END_TEST

START_TEST(a_store_that_was_wiped_while_the_node_was_away_is_followed)
{
	site_prove("a", 500, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(7, {"a", 3, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
	site_says("a.wanted.revision", "3");
}
END_TEST

START_TEST(a_store_that_was_wiped_and_has_grown_since_is_followed)
{
	site_prove("a", 5, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(9, {"a", 3, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
}
END_TEST

START_TEST(another_text_at_the_revision_before_that_of_the_copy_is_news)
{
	site_prove("a", 10, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(15, {"a", 9, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
	site_says("a.wanted.revision", "9");
}
END_TEST

START_TEST(another_text_at_the_revision_that_was_seen_is_news)
{
	site_prove("a", 10, marking("1.0.0", 1, NULL));
	LIST(15, {"a", 10, marking("1.1.0", 2, NULL)});
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_store_that_went_back_is_followed_when_the_source_says_so)
{
	site_prove("a", 500, marking("1.1.0", 2, NULL));
	site.sink.reset(site.sink.arg, 2);
	LIST(2, {"a", 2, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
	site_says("a.wanted.revision", "2");
}
END_TEST

Suite *suite_engine_disk(void)
{
	Suite *suite = suite_create("engine_disk");
	TCase *start = site_case(suite, "start");
	tcase_add_test(start, what_was_proven_runs_again_without_the_store);
	tcase_add_test(start, schemas_that_refer_to_one_another_start_together);
	tcase_add_test(start, the_store_finds_nothing_to_change_after_a_restart);
	tcase_add_test(start, an_orderly_end_writes_what_still_waits_for_its_turn);
	tcase_add_test(start, during_probation_the_proven_generation_is_the_one_on_disk);
	tcase_add_test(start, after_probation_the_new_generation_is_on_disk);
	tcase_add_test(start, what_ended_without_a_verdict_runs_again_and_says_so);
	tcase_add_test(start, a_failed_canary_is_remembered_over_a_restart);
	tcase_add_test(start, a_rollback_is_remembered_over_a_restart);
	tcase_add_test(start, a_breaker_that_a_good_one_closed_is_closed_after_a_restart);
	tcase_add_test(start, a_deleted_schema_does_not_come_back_from_disk);
	tcase_add_test(start, a_thousand_schemas_are_on_disk_soon);
	tcase_add_test(start, a_hundred_schemas_start_from_disk);
	TCase *revisions = site_case(suite, "revisions");
	tcase_add_test(revisions, a_lagging_member_does_not_take_a_node_back_after_a_restart);
	tcase_add_test(revisions, a_store_that_was_wiped_while_the_node_was_away_is_followed);
	tcase_add_test(revisions, a_store_that_was_wiped_and_has_grown_since_is_followed);
	tcase_add_test(revisions, another_text_at_the_revision_before_that_of_the_copy_is_news);
	tcase_add_test(revisions, another_text_at_the_revision_that_was_seen_is_news);
	tcase_add_test(revisions, a_store_that_went_back_is_followed_when_the_source_says_so);
	return suite;
}
