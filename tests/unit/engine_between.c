/* What comes between a shadow or a live canary and its end: other changes, operators, cases, crashes. */
#include "tests/unit/stages_fixture.h"
#include "tests/unit/suites.h"

START_TEST(a_failed_case_never_gets_to_a_shadow)
{
	stages_offer("cases: [{input: {id: 1}, expect: {made_by: 9}}], " LONG_SHADOW, 2);
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "canary");
	ck_assert_ptr_null(traffic_enter(engine_get_traffic(site.engine), "a"));
}
END_TEST

START_TEST(nothing_runs_beside_a_first_generation)
{
	site_put("a", 5, marking("1.0.0", 1, LONG_SHADOW ", " LONG_LIVE));
	site_says("a.running.version", "1.0.0");
	site_says("a.running.shadow", "-");
	site_says("a.running.live", "-");
}
END_TEST

START_TEST(what_refers_to_a_change_is_not_compared)
{
	site_put("b", 4, marking("1.0.0", 1, NULL));
	site_put("a", 5, running("1.0.0", "b", "compare: running, cases: [{input: {}}]"));
	site_until("a.running.version", "1.0.0");
	site_put("b", 6, marking("1.1.0", 2, NULL));
	site_until("b.running.version", "1.1.0");
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_change_that_is_compared_must_do_as_what_runs)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, "compare: running, cases: [{input: {}}]"));
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "canary");
	site_says_part("a.attempted.error",
		       "case 1: not as version 1.0.0, which runs: made_by: expected 1, got 2");
	site_put("a", 7, marking("1.2.0", 1, "compare: running, cases: [{input: {}}]"));
	site_until("a.running.version", "1.2.0");
}
END_TEST

static void superseded_while(const char *canary, const char *stage)
{
	stages_offer(canary, 2);
	site_says("a.trial.stage", stage);
	site_put("a", 7, marking("1.2.0", 3, NULL));
	site_says("a.running.version", "1.2.0");
	site_says("a.trial", "-");
	ck_assert_ptr_null(traffic_enter(engine_get_traffic(site.engine), "a"));
	site_made_by("a", 3);
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"superseded\"} 1");
}

START_TEST(a_newer_change_ends_a_shadow_at_once)
{
	superseded_while(LONG_SHADOW, "shadow");
}
END_TEST

START_TEST(a_newer_change_ends_a_live_canary_at_once)
{
	superseded_while(LONG_LIVE, "live");
}
END_TEST

START_TEST(a_deletion_ends_a_live_canary)
{
	stages_offer(LONG_LIVE, 2);
	site_delete("a", 7);
	site_says("a", "-");
	ck_assert_ptr_null(traffic_enter(engine_get_traffic(site.engine), "a"));
}
END_TEST

START_TEST(a_roll_back_of_what_runs_starts_it_over)
{
	site_put("a", 4, marking("0.9.0", 9, NULL));
	site_call_times("a", 10);
	site_put("a", 5, marking("1.0.0", 1, LONG_PROBATION));
	site_put("a", 6, marking("1.1.0", 2, LONG_LIVE));
	site_says("a.trial.stage", "live");
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.running.version", "0.9.0");
	atomic_store(&site.failing, false);
	site_until("a.trial.stage", "live");
	ck_assert_int_gt(stages_serve_ids(0, 40), 0);
}
END_TEST

START_TEST(a_change_of_what_it_refers_to_starts_it_over)
{
	site_put("b", 4, marking("1.0.0", 1, NULL));
	site_put("a", 5, running("1.0.0", "b", NULL));
	site_put("a", 6, running("1.1.0", "b", LONG_SHADOW));
	site_says("a.trial.stage", "shadow");
	struct share *before = traffic_enter(engine_get_traffic(site.engine), "a");
	site_put("b", 7, marking("1.1.0", 2, NULL));
	for (int i = 0; i < 20; i++)
		site_turn();
	site_until("a.trial.stage", "shadow");
	struct share *after = traffic_enter(engine_get_traffic(site.engine), "a");
	ck_assert(after && after != before);
	traffic_leave(before);
	traffic_leave(after);
}
END_TEST

START_TEST(a_live_canary_is_given_up_for_a_pin_and_comes_again)
{
	site_open_sides();
	stages_offer(LONG_LIVE, 2);
	site_says("a.trial.stage", "live");
	site_say(ENGINE_PINS, "a", 7, "{\"by\": \"ada\", \"why\": \"incident 42\"}");
	site_says("a.state", "held");
	site_says("a.reason", "pinned");
	site_says("a.trial", "-");
	ck_assert_ptr_null(traffic_enter(engine_get_traffic(site.engine), "a"));
	site_say(ENGINE_PINS, "a", 8, NULL);
	site_until("a.trial.stage", "live");
}
END_TEST

START_TEST(what_failed_in_a_shadow_may_be_cleared)
{
	site_open_sides();
	stages_offer(LONG_SHADOW, 2);
	stages_serve_ids(0, 20);
	site_until("a.state", "rejected");
	site_say(ENGINE_CLEARS, "a", 7, "{\"by\": \"ada\", \"why\": \"meant so\"}");
	site_until("a.trial.stage", "shadow");
}
END_TEST

START_TEST(new_cases_of_others_start_a_shadow_over)
{
	site_open_sides();
	stages_offer(LONG_SHADOW, 2);
	site_says("a.trial.stage", "shadow");
	site_say(ENGINE_CASES, "a", 7, "cases: [{input: {id: 1}, expect: {made_by: 1}}]");
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "canary");
	site_made_by("a", 1);
}
END_TEST

START_TEST(new_cases_for_what_refers_to_it_start_a_shadow_over)
{
	site_open_sides();
	site_put("b", 4, marking("1.0.0", 1, NULL));
	site_put("a", 5, running("1.0.0", "b", NULL));
	site_put("b", 6, marking("1.1.0", 2, LONG_SHADOW));
	site_says("b.trial.stage", "shadow");
	site_say(ENGINE_CASES, "a", 7, "cases: [{input: {id: 1}, expect: {made_by: 1}}]");
	site_until("b.state", "rejected");
	site_says("b.attempted.stage", "canary");
	site_says_part("b.attempted.error", "of canaries/a, case 1");
	site_made_by("a", 1);
}
END_TEST

START_TEST(new_cases_for_another_schema_leave_a_shadow_alone)
{
	site_open_sides();
	stages_offer(LONG_SHADOW, 1);
	stages_serve_ids(0, 3);
	site_until("a.trial.compared", "3");
	site_say(ENGINE_CASES, "c", 7, "cases: [{input: {id: 1}, expect: {made_by: 1}}]");
	for (int i = 0; i < 20; i++)
		site_turn();
	site_says("a.trial.compared", "3");
}
END_TEST

START_TEST(a_proposal_hears_what_a_shadow_said)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_submit("a", marking("1.1.0", 2, LONG_SHADOW));
	stages_serve_ids(0, 10);
	site_until_answer();
	ck_assert_int_eq(site.result, ENGINE_REJECTED);
	ck_assert_str_eq(site.stage, "shadow");
	ck_assert_ptr_nonnull(strstr(site.reason, "ended otherwise than now"));
	site_says("a.state", "running");
}
END_TEST

START_TEST(a_crash_in_a_live_canary_is_held_against_it)
{
	stages_offer(LONG_LIVE, 2);
	site_says("a.trial.stage", "live");
	site_until_file("proven/a", true);
	ck_assert_uint_eq(site_crash(), 1);
	LIST(7, {"a", 6, marking("1.1.0", 2, LONG_LIVE)});
	site_until("a.trial.stage", "live");
	ck_assert_uint_eq(site_crash(), 1);
	LIST(7, {"a", 6, marking("1.1.0", 2, LONG_LIVE)});
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	site_says("a.attempted.stage", "crash");
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_suspect_that_is_pinned_holds_up_nobody)
{
	site_open_sides();
	site_put("b", 4, marking("1.0.0", 1, NULL));
	stages_offer(LONG_LIVE, 2);
	site_says("a.trial.stage", "live");
	site_until_file("proven/a", true);
	site_until_file("proven/b", true);
	site_crash();
	site_open_sides();
	LIST(7, {"a", 6, marking("1.1.0", 2, LONG_LIVE)}, {"b", 4, marking("1.0.0", 1, NULL)});
	site_until("a.trial.stage", "live");
	site_put("b", 8, marking("1.1.0", 2, NULL));
	site_says("b.reason", "after-crash");
	site_say(ENGINE_PINS, "a", 9, "{\"by\": \"ada\", \"why\": \"it crashed\"}");
	site_says("a.reason", "pinned");
	site_until("b.running.version", "1.1.0");
}
END_TEST

START_TEST(what_was_rolled_back_under_a_proposal_can_be_cleared_later)
{
	site_open_sides();
	site_put("a", 4, marking("1.0.0", 1, NULL));
	site_call_times("a", 10);
	site_put("a", 5, running("1.1.0", "flip", LONG_PROBATION));
	site_submit("a", marking("1.2.0", 3, LONG_SHADOW));
	site_says("a.trial.version", "1.2.0");
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.running.version", "1.0.0");
	atomic_store(&site.failing, false);
	site_until("a.trial.version", "1.2.0");
	site_say(ENGINE_PINS, "a", 6, "{}");
	ck_assert_int_eq(site.answers, 1);
	ck_assert_int_eq(site.result, ENGINE_HELD);
	site_say(ENGINE_PINS, "a", 7, NULL);
	site_made_by("a", 1);
	site_say(ENGINE_CLEARS, "a", 8, "{}");
	site_until("a.running.version", "1.1.0");
}
END_TEST

START_TEST(counts_of_what_is_under_way_are_shown)
{
	stages_offer("shadow: {share: 100%, duration: 1h, except: [made_by]}", 2);
	stages_serve_ids(0, 5);
	site_until("a.trial.compared", "5");
	site_says("a.trial.differed", "0");
	site_counts(
		"flume_trial_documents{schema=\"a\",stage=\"shadow\",result=\"compared\"} 5");
}
END_TEST

Suite *suite_engine_between(void)
{
	Suite *suite = suite_create("engine_between");
	TCase *between = site_case(suite, "between");
	tcase_add_test(between, a_failed_case_never_gets_to_a_shadow);
	tcase_add_test(between, nothing_runs_beside_a_first_generation);
	tcase_add_test(between, what_refers_to_a_change_is_not_compared);
	tcase_add_test(between, a_change_that_is_compared_must_do_as_what_runs);
	tcase_add_test(between, a_newer_change_ends_a_shadow_at_once);
	tcase_add_test(between, a_newer_change_ends_a_live_canary_at_once);
	tcase_add_test(between, a_deletion_ends_a_live_canary);
	tcase_add_test(between, a_roll_back_of_what_runs_starts_it_over);
	tcase_add_test(between, a_change_of_what_it_refers_to_starts_it_over);
	tcase_add_test(between, a_live_canary_is_given_up_for_a_pin_and_comes_again);
	tcase_add_test(between, what_failed_in_a_shadow_may_be_cleared);
	tcase_add_test(between, new_cases_of_others_start_a_shadow_over);
	tcase_add_test(between, new_cases_for_what_refers_to_it_start_a_shadow_over);
	tcase_add_test(between, new_cases_for_another_schema_leave_a_shadow_alone);
	tcase_add_test(between, a_proposal_hears_what_a_shadow_said);
	tcase_add_test(between, a_crash_in_a_live_canary_is_held_against_it);
	tcase_add_test(between, a_suspect_that_is_pinned_holds_up_nobody);
	tcase_add_test(between, what_was_rolled_back_under_a_proposal_can_be_cleared_later);
	tcase_add_test(between, counts_of_what_is_under_way_are_shown);
	return suite;
}
