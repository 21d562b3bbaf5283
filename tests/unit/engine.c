/* From a change to a generation that runs, or to the reason why not. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

/* ---- applying ---- */

START_TEST(a_first_schema_runs_and_is_proven_at_once)
{
	site_put("a", 5, marking("1.0.0", 1, LONG_PROBATION));
	site_until("a.running.proven", "true");
	site_says("a.state", "running");
	site_says("a.running.version", "1.0.0");
	site_says("a.running.generation", "1");
	site_says("a.wanted.revision", "5");
	site_made_by("a", 1);
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"applied\"} 1");
}
END_TEST

START_TEST(a_newer_schema_replaces_the_one_that_runs)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, NULL));
	site_says("a.running.version", "1.1.0");
	site_says("a.running.generation", "2");
	site_made_by("a", 2);
}
END_TEST

START_TEST(an_edit_of_comments_changes_nothing)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	char edited[600] = "# a thought\n";
	strcat(edited, marking("1.0.0", 1, NULL));
	site_put("a", 6, edited);
	site_says("a.state", "running");
	site_says("a.running.generation", "1");
	site_says("a.wanted.revision", "6");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"unchanged\"} 1");
}
END_TEST

START_TEST(an_older_revision_is_ignored)
{
	site_put("a", 6, marking("1.0.0", 1, NULL));
	site_put("a", 5, marking("1.1.0", 2, NULL));
	site_says("a.running.version", "1.0.0");
	site_says("a.wanted.version", "1.0.0");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"ignored\"} 1");
}
END_TEST

START_TEST(a_folder_that_says_the_same_again_changes_nothing)
{
	for (int i = 0; i < 3; i++)
		LIST(0, {"a", 0, marking("1.0.0", 1, NULL)},
		     {"b", 0, running("1.0.0", "missing", NULL)});
	site_says("a.running.generation", "1");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"applied\"} 1");
	site_counts("flume_schema_update_total{schema=\"b\",outcome=\"rejected\"} 1");
	LIST(0, {"a", 0, marking("1.1.0", 2, NULL)}, {"b", 0, marking("1.0.0", 3, NULL)});
	site_made_by("a", 2);
	site_made_by("b", 3);
}
END_TEST

START_TEST(a_used_version_is_not_used_again)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.0.0", 2, NULL));
	site_says("a.state", "rejected");
	site_says("a.reason", "version-reused");
	site_says_part("a.attempted.error", "version-reused");
	site_says("a.wanted.revision", "6");
	site_made_by("a", 1);
	site_put("a", 7, marking("1.0.1", 2, NULL));
	site_says("a.state", "running");
	site_made_by("a", 2);
}
END_TEST

START_TEST(policies_change_the_table)
{
	site.options.apply_same_version = site.options.deny_downgrade = true;
	site_restart();
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.0.0", 2, NULL));
	site_made_by("a", 2);
	site_put("a", 7, marking("0.9.0", 3, NULL));
	site_says("a.state", "rejected");
	site_says("a.reason", "downgrade");
	site_made_by("a", 2);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(a_text_that_is_no_yaml_keeps_what_runs)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, "version: \"2.0.0\"\n\ttype: sequence\n");
	site_says("a.state", "rejected");
	site_says("a.attempted.stage", "parse");
	site_says("a.attempted.errors.0.line", "2");
	site_says_part("a.attempted.error", "a:2:");
	site_says_part("a.attempted.digest", "sha256:");
	site_says("a.running.version", "1.0.0");
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_text_that_does_not_check_keeps_what_runs)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6,
		 "version: \"1.1.0\"\ntype: sequence\nchildren: [{ref: flib}, {ref: q}]\n");
	site_says("a.state", "rejected");
	site_says("a.attempted.stage", "check");
	site_says("a.attempted.version", "1.1.0");
	site_says("a.attempted.errors.0.hint", "did you mean 'flip'?");
	site_says("a.attempted.errors.1.code", "unknown-ref");
	site_says("a.attempted.error", "a:3:18: processor 'flib' not found [unknown-ref]");
	site_made_by("a", 1);
	site_counts("flume_schema_last_update_successful{schema=\"a\"} 0");
}
END_TEST

START_TEST(going_back_to_what_runs_clears_a_rejection)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, running("1.1.0", "missing", NULL));
	site_says("a.state", "rejected");
	site_put("a", 7, marking("1.0.0", 1, NULL));
	site_says("a.state", "running");
	site_says("a.attempted.error", "-");
	site_counts("flume_schema_last_update_successful{schema=\"a\"} 1");
	site_counts("flume_schema_generation{schema=\"a\"} 1");
}
END_TEST

/* ---- schemas that refer to one another ---- */

START_TEST(a_list_settles_in_any_order)
{
	LIST(9, {"a", 1, running("1.0.0", "b", NULL)}, {"b", 2, running("1.0.0", "c", NULL)},
	     {"c", 3, running("1.0.0", "d", NULL)}, {"d", 4, marking("1.0.0", 4, NULL)});
	site_made_by("a", 4);
	for (char name[] = "a.state"; *name <= 'd'; ++*name)
		site_says(name, "running");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"applied\"} 1");
	const struct page *page = board_take(site.board);
	ck_assert_ptr_null(strstr(page->metrics, "waiting"));
	ck_assert_ptr_null(strstr(page->metrics, "\"rejected\"} 1"));
	board_release(site.board, page);
}
END_TEST

START_TEST(a_schema_waits_for_one_that_is_wanted)
{
	LIST(9, {"a", 1, running("1.0.0", "b", NULL)}, {"b", 2, "not: [a schema"});
	site_says("a.state", "waiting");
	site_says("a.attempted.errors.0.code", "unknown-ref");
	ck_assert(!site_is_ready());
	site_put("b", 10, marking("1.0.0", 2, NULL));
	site_says("a.state", "running");
	site_made_by("a", 2);
	ck_assert(site_is_ready());
}
END_TEST

START_TEST(an_unknown_ref_is_a_mistake_until_a_schema_brings_it)
{
	site_put("a", 1, running("1.0.0", "b", NULL));
	site_says("a.state", "rejected");
	site_put("other", 2, marking("1.0.0", 3, NULL));
	site_says("a.state", "rejected");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"rejected\"} 1");
	site_put("b", 3, marking("1.0.0", 2, NULL));
	site_says("a.state", "running");
	site_made_by("a", 2);
}
END_TEST

START_TEST(users_follow_the_schema_they_refer_to)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_put("b", 3, marking("1.1.0", 2, NULL));
	site_made_by("a", 2);
	site_says("a.running.version", "1.0.0");
	site_says("a.running.generation", "2");
}
END_TEST

/* ---- the canary ---- */

START_TEST(a_candidate_that_passes_its_cases_is_swapped_in)
{
	site_put("a", 5, marking("1.0.0", 1, CASE_GETS(1)));
	site_until("a.running.version", "1.0.0");
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_failed_canary_keeps_the_generation_that_runs)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(3)));
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "canary");
	site_says("a.attempted.error", "case 'the mark': made_by: expected 3, got 2");
	site_says("a.running.generation", "1");
	site_made_by("a", 1);
}
END_TEST

START_TEST(what_failed_its_canary_is_not_tried_again)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(3)));
	site_until("a.state", "rejected");
	site_put("a", 7, marking("1.1.0", 2, CASE_GETS(3)));
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	site_says("a.wanted.revision", "7");
	site_says("a.attempted.revision", "6");
	site_says("a.attempted.stage", "canary");
	site_put("a", 8, marking("1.1.1", 3, CASE_GETS(3)));
	site_until("a.running.version", "1.1.1");
	site_made_by("a", 3);
}
END_TEST

START_TEST(a_newer_change_supersedes_one_in_its_canary)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, running("1.1.0", "gate", CASE_GETS(1)));
	while (!atomic_load(&site.at_gate))
		site_turn();
	site_until("a.state", "waiting"); /* a canary that takes a while is shown */
	site_says("a.reason", "canary");
	site_says("a.wanted.version", "1.1.0");
	site_put("a", 7, marking("1.2.0", 3, CASE_GETS(3)));
	site_until("a.running.version", "1.2.0");
	sem_post(&site.gate);
	site_made_by("a", 3);
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"superseded\"} 1");
	site_says("a.state", "running");
}
END_TEST

START_TEST(a_case_that_hangs_holds_up_nobody_else)
{
	site_put("a", 5,
		 running("1.0.0", "gate",
			 "max_latency: 100ms, cases: [{name: it hangs, input: {}}]"));
	while (!atomic_load(&site.at_gate))
		site_turn();
	site_put("b", 6, marking("1.0.0", 1, CASE_GETS(1)));
	site_until("b.state", "running");
	site_until("a.state", "rejected");
	site_says_part("a.attempted.error", "case 'it hangs': took ");
	site_says_part("a.attempted.error", "at most 100 ms allowed");
	sem_post(&site.gate);
}
END_TEST

START_TEST(the_cases_of_its_users_are_run_too)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", CASE_GETS(1)));
	site_until("a.state", "running");
	site_put("b", 3, marking("1.1.0", 2, NULL));
	site_until("b.state", "rejected");
	site_says("b.attempted.stage", "canary");
	site_says_part("b.attempted.error", "schema 'a'");
	site_says_part("b.attempted.error", "expected 1, got 2");
	site_made_by("a", 1);
	site_made_by("b", 1);
}
END_TEST

START_TEST(a_change_that_the_store_overtook_is_prepared_again)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_put("a", 3, running("1.1.0", "b", "cases: [{input: {id: 1}}]"));
	site_put("b", 4, marking("1.1.0", 2, NULL)); /* while the canary of a is out */
	site_until("a.running.version", "1.1.0");
	site_made_by("a", 2);
	site_says("a.state", "running");
}
END_TEST

/* ---- the update breaker ---- */

START_TEST(many_bad_updates_open_the_breaker_and_the_last_is_tried_later)
{
	site.options.breaker_failures = 2;
	site.options.breaker_window_ns = INT64_C(1500000000);
	site_restart();
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site_put("a", 3, marking("1.2.0", 3, CASE_GETS(9)));
	site_until("a.attempted.version", "1.2.0");
	site_put("a", 4, marking("1.3.0", 4, CASE_GETS(4)));
	site_says("a.state", "held");
	site_says("a.reason", "update-breaker");
	site_made_by("a", 1);
	site_counts("flume_schema_update_breaker_open{schema=\"a\"} 1");
	site_until("a.running.version", "1.3.0");
	site_made_by("a", 4);
	site_counts("flume_schema_update_breaker_open{schema=\"a\"} 0");
}
END_TEST

START_TEST(a_breaker_that_half_opens_is_seen_though_nothing_waits)
{
	site.options.breaker_failures = 2;
	site.options.breaker_window_ns = INT64_C(300000000);
	site_restart();
	site_put("a", 1, marking("1.0.0", 1, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site_put("a", 2, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("a.attempted.version", "1.1.0");
	site_counts("flume_schema_update_breaker_open{schema=\"a\"} 1");
	site_until_counts("flume_schema_update_breaker_open{schema=\"a\"} 0");
}
END_TEST

/* Versions beyond what is shown of them. */
#define LONG_VERSION                                                                         \
	"1.0.0-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaa"

START_TEST(long_versions_are_compared_whole)
{
	site_put("a", 1, marking(LONG_VERSION ".2", 1, NULL));
	site_put("a", 2, marking(LONG_VERSION ".2", 2, NULL));
	site_says("a.reason", "version-reused");
	site_put("a", 3, marking(LONG_VERSION ".3", 3, NULL));
	site_says("a.state", "running");
	site_made_by("a", 3);
}
END_TEST

Suite *suite_engine(void)
{
	Suite *suite = suite_create("engine");
	TCase *apply = site_case(suite, "applying");
	tcase_add_test(apply, a_first_schema_runs_and_is_proven_at_once);
	tcase_add_test(apply, a_newer_schema_replaces_the_one_that_runs);
	tcase_add_test(apply, an_edit_of_comments_changes_nothing);
	tcase_add_test(apply, an_older_revision_is_ignored);
	tcase_add_test(apply, a_folder_that_says_the_same_again_changes_nothing);
	tcase_add_test(apply, a_used_version_is_not_used_again);
	tcase_add_test(apply, long_versions_are_compared_whole);
	tcase_add_test(apply, policies_change_the_table);
	tcase_add_test(apply, a_text_that_is_no_yaml_keeps_what_runs);
	tcase_add_test(apply, a_text_that_does_not_check_keeps_what_runs);
	tcase_add_test(apply, going_back_to_what_runs_clears_a_rejection);
	TCase *refs = site_case(suite, "refs");
	tcase_add_test(refs, a_list_settles_in_any_order);
	tcase_add_test(refs, a_schema_waits_for_one_that_is_wanted);
	tcase_add_test(refs, an_unknown_ref_is_a_mistake_until_a_schema_brings_it);
	tcase_add_test(refs, users_follow_the_schema_they_refer_to);
	TCase *canary = site_case(suite, "canary");
	tcase_add_test(canary, a_candidate_that_passes_its_cases_is_swapped_in);
	tcase_add_test(canary, a_failed_canary_keeps_the_generation_that_runs);
	tcase_add_test(canary, what_failed_its_canary_is_not_tried_again);
	tcase_add_test(canary, a_newer_change_supersedes_one_in_its_canary);
	tcase_add_test(canary, a_case_that_hangs_holds_up_nobody_else);
	tcase_add_test(canary, the_cases_of_its_users_are_run_too);
	tcase_add_test(canary, a_change_that_the_store_overtook_is_prepared_again);
	TCase *breaker = site_case(suite, "breaker");
	tcase_add_test(breaker, many_bad_updates_open_the_breaker_and_the_last_is_tried_later);
	tcase_add_test(breaker, a_breaker_that_half_opens_is_seen_though_nothing_waits);
	return suite;
}
