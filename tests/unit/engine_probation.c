/* After the swap, live calls decide whether a generation stays. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

/* 1.0.0 runs and has `calls` good calls behind it; 1.1.0 is on probation. */
static void on_probation(const char *probation, int calls)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_call_times("a", calls);
	site_put("a", 6, marking("1.1.0", 2, probation));
	site_says("a.state", "probation");
	site_says("a.running.proven", "false");
	site_made_by("a", 2);
}

START_TEST(enough_good_calls_prove_it)
{
	on_probation(SHORT_PROBATION, 0);
	site_call_times("a", 4);
	site_until("a.running.proven", "true");
	site_says("a.state", "running");
	site_says("a.running.generation", "2");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"proven\"} 1");
}
END_TEST

START_TEST(too_few_calls_are_no_verdict_and_keep_it)
{
	on_probation(SHORT_PROBATION, 0);
	site_until("a.running.verdict", "inconclusive");
	site_says("a.state", "running");
	site_says("a.running.proven", "false");
	site_made_by("a", 2);
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"inconclusive\"} 1");
}
END_TEST

START_TEST(too_many_failures_go_back)
{
	on_probation(LONG_PROBATION, 10);
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_says("a.running.version", "1.0.0");
	site_says("a.running.generation", "3");
	site_until("a.running.proven", "true");
	site_says("a.wanted.version", "1.1.0");
	site_says("a.attempted.version", "1.1.0");
	site_says("a.attempted.stage", "probation");
	site_says_part("a.attempted.error", "5 of 6 calls failed, 83.33%; allowed is 25%");
	site_made_by("a", 1);
	site_counts("flume_schema_last_update_successful{schema=\"a\"} 0");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"rolled_back\"} 1");
	ck_assert(site_is_ready());
}
END_TEST

static void roll_back(void)
{
	on_probation(LONG_PROBATION, 10);
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
}

START_TEST(what_was_rolled_back_is_not_tried_again)
{
	roll_back();
	LIST(7, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)}); /* a list says it once more */
	site_says("a.state", "rolled-back");
	site_put("a", 8, marking("1.1.0", 2, LONG_PROBATION));
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	site_made_by("a", 1);
}
END_TEST

START_TEST(wanting_what_runs_again_ends_a_rollback)
{
	roll_back();
	site_put("a", 7, marking("1.0.0", 1, NULL));
	site_says("a.state", "running");
	site_counts("flume_schema_last_update_successful{schema=\"a\"} 1");
}
END_TEST

START_TEST(failures_that_were_there_before_are_not_held_against_it)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	atomic_store(&site.failing, true);
	site_call_times("a", 20);
	site_put("a", 6, marking("1.1.0", 2, SHORT_PROBATION));
	site_says("a.running.proven", "false");
	site_call_times("a", 20);
	site_until("a.running.proven", "true");
	site_says("a.running.version", "1.1.0");
}
END_TEST

/* Clients that fail one call in three, whatever runs. */
static void call_with_bad_clients(int n)
{
	for (int i = 0; i < n; i++) {
		atomic_store(&site.failing, i % 3 == 0);
		site_call_times("a", 1);
	}
	atomic_store(&site.failing, false);
}

/* 1.0.0 has that behind it, and a worse 1.1.0 was rolled back. */
static void roll_back_with_bad_clients(void)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	call_with_bad_clients(30);
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
}

static void is_kept(int64_t revision)
{
	site_put("a", revision, marking("1.2.0", 3, SHORT_PROBATION));
	site_says("a.state", "probation");
	call_with_bad_clients(30);
	site_until("a.running.proven", "true");
	site_says("a.running.version", "1.2.0");
}

START_TEST(after_a_rollback_the_rate_of_the_release_is_still_known)
{
	roll_back_with_bad_clients();
	call_with_bad_clients(1);
	is_kept(7);
}
END_TEST

START_TEST(after_a_restart_the_rate_of_the_release_is_still_known)
{
	roll_back_with_bad_clients();
	site_restart();
	is_kept(7);
}
END_TEST

START_TEST(a_release_that_was_hardly_called_leaves_the_rate_before_it_known)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	call_with_bad_clients(30);
	site_put("a", 6, marking("1.1.0", 2, NULL));
	is_kept(7);
}
END_TEST

START_TEST(the_rate_is_known_when_what_it_refers_to_has_changed)
{
	site_put("b", 1, marking("1.0.0", 9, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	call_with_bad_clients(30);
	site_put("b", 3, marking("1.1.0", 9, NULL));
	is_kept(7);
}
END_TEST

START_TEST(the_rate_of_its_users_is_known_when_they_were_rebuilt)
{
	site_put("c", 1, marking("1.0.0", 8, NULL));
	site_put("b", 2, marking("1.0.0", 9, NULL));
	site_put("a", 3,
		 "version: \"1.0.0\"\ntype: sequence\nchildren: [{ref: b}, {ref: c}]\n");
	call_with_bad_clients(30);
	site_put("c", 4, marking("1.1.0", 8, NULL));
	site_put("b", 5, marking("1.1.0", 9, SHORT_PROBATION));
	call_with_bad_clients(12);
	site_put("c", 6, marking("1.2.0", 8, NULL));
	call_with_bad_clients(12);
	site_until("b.running.proven", "true");
	site_says("b.running.version", "1.1.0");
}
END_TEST

START_TEST(a_rate_that_is_not_known_leaves_the_verdict_to_the_limit)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	atomic_store(&site.failing, true);
	site_call_times("a", 3); /* too few, of min_requests 4 */
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_says("a.attempted.error", "5 of 5 calls failed, 100%; allowed is 25%");
}
END_TEST

START_TEST(a_newer_change_ends_a_probation_and_goes_back_to_what_was_proven)
{
	on_probation(LONG_PROBATION, 10);
	site_put("a", 7, marking("1.2.0", 3, LONG_PROBATION));
	site_says("a.running.version", "1.2.0");
	site_says("a.state", "probation");
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_probation_goes_on_while_a_newer_change_fails)
{
	on_probation(SHORT_PROBATION, 0);
	site_put("a", 7, running("1.2.0", "missing", NULL));
	site_says("a.state", "rejected");
	site_says("a.running.version", "1.1.0");
	site_call_times("a", 4);
	site_until("a.running.proven", "true");
	site_says("a.state", "rejected");
	site_says("a.attempted.version", "1.2.0");
}
END_TEST

/* It is on its way while what it equals is gone back to. */
START_TEST(what_a_rollback_has_brought_already_is_not_swapped_in_again)
{
	const char *first =
		running("1.0.0", "gate", "cases: [{input: {id: 1}}], " LONG_PROBATION);
	sem_post(&site.gate); /* its first canary */
	site_put("a", 5, first);
	site_until("a.running.version", "1.0.0");
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	site_put("a", 7, first);
	while (atomic_load(&site.at_gate) < 2)
		site_turn();
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.running.version", "1.0.0");
	atomic_store(&site.failing, false);
	sem_post(&site.gate);
	site_until("a.state", "running");
	site_says("a.running.generation", "3");
	site_until("a.running.proven", "true");
	site_says("a.wanted.revision", "7");
}
END_TEST

START_TEST(a_rollback_leaves_the_word_to_a_newer_change)
{
	on_probation(LONG_PROBATION, 10);
	site_put("a", 7, running("1.2.0", "missing", NULL));
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.running.version", "1.0.0");
	site_says("a.state", "rejected");
	site_says("a.attempted.version", "1.2.0");
	site_put("a", 8, marking("1.1.0", 2, LONG_PROBATION));
	site_says("a.reason", "known-bad");
}
END_TEST

START_TEST(going_back_by_hand_needs_no_probation)
{
	on_probation(LONG_PROBATION, 10);
	site_put("a", 7, marking("1.0.0", 1, NULL));
	site_says("a.state", "running");
	site_until("a.running.proven", "true");
	site_made_by("a", 1);
}
END_TEST

START_TEST(calls_are_counted_on_when_what_it_refers_to_changes)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, marking("1.0.0", 9, NULL));
	site_call_times("a", 10);
	site_put("a", 3, running("1.1.0", "b", LONG_PROBATION));
	atomic_store(&site.failing, true);
	site_call_times("a", 2);
	site_turn();
	site_put("b", 4, marking("1.1.0", 2, NULL));
	site_call_times("a", 2);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_made_by("a", 9);
}
END_TEST

START_TEST(a_rollback_takes_its_users_along)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_put("b", 3, marking("1.1.0", 2, LONG_PROBATION));
	site_made_by("a", 2);
	atomic_store(&site.failing, true);
	site_call_times("b", 5);
	site_until("b.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_made_by("a", 1);
}
END_TEST

START_TEST(failures_of_its_users_are_held_against_it)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_put("other", 3, marking("1.0.0", 9, NULL));
	site_call_times("a", 10);
	site_put("b", 4, marking("1.1.0", 2, LONG_PROBATION));
	site_made_by("a", 2);
	atomic_store(&site.failing, true);
	site_call_times("other", 20);
	site_call_times("a", 5);
	site_until("b.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_says_part("b.attempted.error", "5 of 6 calls failed");
	site_made_by("a", 1);
	site_says("a.running.version", "1.0.0");
}
END_TEST

START_TEST(failures_that_its_users_had_before_are_not)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	atomic_store(&site.failing, true);
	site_call_times("a", 10);
	site_put("b", 3, marking("1.1.0", 2, SHORT_PROBATION));
	site_call_times("a", 10);
	site_until("b.running.proven", "true");
	site_says("b.running.version", "1.1.0");
}
END_TEST

START_TEST(without_a_probation_of_its_own_the_node_decides)
{
	site.options.probation_ns = INT64_C(3600000000000);
	site.options.probation_requests = 2;
	site.options.probation_error_rate = 0.5;
	site_restart();
	on_probation(NULL, 10);
	atomic_store(&site.failing, true);
	site_call_times("a", 3);
	site_until("a.state", "rolled-back");
}
END_TEST

Suite *suite_engine_probation(void)
{
	Suite *suite = suite_create("engine_probation");
	TCase *verdicts = site_case(suite, "verdicts");
	tcase_add_test(verdicts, enough_good_calls_prove_it);
	tcase_add_test(verdicts, too_few_calls_are_no_verdict_and_keep_it);
	tcase_add_test(verdicts, too_many_failures_go_back);
	tcase_add_test(verdicts, what_was_rolled_back_is_not_tried_again);
	tcase_add_test(verdicts, wanting_what_runs_again_ends_a_rollback);
	tcase_add_test(verdicts, failures_that_were_there_before_are_not_held_against_it);
	tcase_add_test(verdicts, without_a_probation_of_its_own_the_node_decides);
	TCase *before = site_case(suite, "the rate before");
	tcase_add_test(before, after_a_rollback_the_rate_of_the_release_is_still_known);
	tcase_add_test(before, after_a_restart_the_rate_of_the_release_is_still_known);
	tcase_add_test(before,
		       a_release_that_was_hardly_called_leaves_the_rate_before_it_known);
	tcase_add_test(before, the_rate_is_known_when_what_it_refers_to_has_changed);
	tcase_add_test(before, the_rate_of_its_users_is_known_when_they_were_rebuilt);
	tcase_add_test(before, a_rate_that_is_not_known_leaves_the_verdict_to_the_limit);
	TCase *others = site_case(suite, "other changes");
	tcase_add_test(others,
		       a_newer_change_ends_a_probation_and_goes_back_to_what_was_proven);
	tcase_add_test(others, a_probation_goes_on_while_a_newer_change_fails);
	tcase_add_test(others, what_a_rollback_has_brought_already_is_not_swapped_in_again);
	tcase_add_test(others, a_rollback_leaves_the_word_to_a_newer_change);
	tcase_add_test(others, going_back_by_hand_needs_no_probation);
	tcase_add_test(others, calls_are_counted_on_when_what_it_refers_to_changes);
	tcase_add_test(others, a_rollback_takes_its_users_along);
	tcase_add_test(others, failures_of_its_users_are_held_against_it);
	tcase_add_test(others, failures_that_its_users_had_before_are_not);
	return suite;
}
