/* Between the cases and the swap: a shadow and a live canary on documents that are served. */
#include "agent/document/document.h"
#include "agent/loop/loop.h"
#include "tests/unit/engine_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* Over as soon as there are four documents, however slow the machine is. */
#define QUICK_SHADOW \
	"shadow: {share: 100%, duration: 1ms, min_requests: 4, wait_for_verdict: true}"
#define QUICK_LIVE \
	"live: {share: 50%, by: id, duration: 1ms, min_requests: 4, wait_for_verdict: true}"
#define LONG_SHADOW "shadow: {share: 100%, duration: 1h, min_requests: 4}"
#define LONG_LIVE \
	"live: {share: 50%, by: id, duration: 1h, min_requests: 4, max_error_rate: 25%}"

/* As an agent does that gets a document; returns the version that served. */
static const char *serve(const char *name, int id)
{
	static char version[64];
	char body[32];
	struct flume_pipeline_info info;
	struct document *document;
	struct share *share = traffic_enter(engine_get_traffic(site.engine), name);
	flume_binding *binding = flume_factory_dup_binding(site.factory, name);
	flume_pipeline *running = flume_binding_dup_pipeline(binding);
	snprintf(body, sizeof body, "{\"id\": %d}", id);
	ck_assert_int_eq(document_parse(&document, body, strlen(body), NULL), 0);
	flume_pipeline *candidate =
		share ? share_pick(share, document, body, strlen(body)) : NULL;
	flume_pipeline *served = candidate ? candidate : running;
	void *item = document;
	(void)flume_pipeline_process(served, NULL, &item, NULL);
	flume_pipeline_read(served, &info);
	snprintf(version, sizeof version, "%s", info.version);
	document_free(item);
	if (share)
		share_offer(share, body, strlen(body));
	traffic_leave(share);
	flume_pipeline_unref(running);
	flume_binding_unref(binding);
	return version;
}

/* Returns how many of them 1.1.0 served. */
static int serve_ids(int from, int n)
{
	int by_candidate = 0;
	for (int id = from; id < from + n; id++)
		by_candidate += !strcmp(serve("a", id), "1.1.0");
	return by_candidate;
}

static void offer(const char *canary, int mark)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", mark, canary));
}

/* ---- a shadow ---- */

START_TEST(a_shadow_of_equal_documents_leads_to_the_swap)
{
	offer(QUICK_SHADOW, 1);
	site_says("a.state", "waiting");
	site_says("a.reason", "shadow");
	site_says("a.trial.stage", "shadow");
	site_says("a.trial.version", "1.1.0");
	site_says("a.running.version", "1.0.0");
	ck_assert_int_eq(serve_ids(0, 20), 0);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
	site_says("a.trial", "-");
	site_says("a.state", "running");
}
END_TEST

START_TEST(a_difference_in_a_shadow_refuses_it_and_nobody_notices)
{
	offer(LONG_SHADOW, 2);
	ck_assert_int_eq(serve_ids(0, 20), 0);
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "shadow");
	site_says_part("a.attempted.error", "live documents ended otherwise than now");
	site_says_part("a.attempted.error", "the first: made_by: another number");
	site_says("a.running.version", "1.0.0");
	site_says("a.running.generation", "1");
	site_made_by("a", 1);
	site_put("a", 7, marking("1.1.0", 2, LONG_SHADOW));
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
}
END_TEST

START_TEST(what_a_shadow_is_told_to_leave_out_may_differ)
{
	offer("shadow: {share: 100%, duration: 1ms, min_requests: 4, except: [made_by], "
	      "wait_for_verdict: true}",
	      2);
	serve_ids(0, 20);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
}
END_TEST

START_TEST(a_shadow_without_documents_has_no_verdict_and_goes_on)
{
	offer("shadow: {duration: 50ms}", 2);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "inconclusive");
}
END_TEST

START_TEST(a_shadow_that_waits_for_a_verdict_holds_the_swap)
{
	offer("shadow: {share: 100%, duration: 1ms, min_requests: 4, wait_for_verdict: true}",
	      1);
	for (int i = 0; i < 30; i++)
		site_turn();
	site_says("a.trial.stage", "shadow");
	serve_ids(0, 4);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
}
END_TEST

START_TEST(a_path_that_is_none_is_refused_before_any_document)
{
	offer("shadow: {except: ['a[']}", 1);
	site_says("a.state", "rejected");
	site_says("a.attempted.stage", "check");
	site_says_part("a.attempted.error", "'a[' is not a path: column 3: expected an index");
}
END_TEST

START_TEST(a_live_canary_by_what_is_no_path_is_refused_at_once)
{
	offer("live: {by: 'user..id'}", 1);
	site_says("a.state", "rejected");
	site_says("a.attempted.stage", "check");
	site_says_part("a.attempted.error", "'user..id' is not a path");
}
END_TEST

START_TEST(what_a_shadow_runs_is_no_traffic)
{
	offer(QUICK_SHADOW, 1);
	serve_ids(0, 20);
	site_until("a.running.version", "1.1.0");
	flume_binding *binding = flume_factory_dup_binding(site.factory, "a");
	struct flume_binding_info info;
	flume_binding_read(binding, &info);
	ck_assert_str_eq(info.version, "1.1.0");
	ck_assert_uint_eq(info.calls, 0);
	flume_binding_unref(binding);
}
END_TEST

/* ---- a live canary ---- */

START_TEST(a_live_canary_serves_its_share_and_then_all)
{
	offer(QUICK_LIVE, 2);
	site_says("a.reason", "live");
	int served = serve_ids(0, 40);
	ck_assert_msg(served > 5 && served < 35, "%d of 40", served);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.live", "passed");
	site_says("a.running.generation", "2");
	ck_assert_int_eq(serve_ids(0, 40), 40);
}
END_TEST

START_TEST(those_of_one_key_are_served_by_the_same)
{
	offer(LONG_LIVE, 2);
	for (int id = 0; id < 20; id++) {
		char first[64];
		snprintf(first, sizeof first, "%s", serve("a", id));
		for (int i = 0; i < 5; i++)
			ck_assert_str_eq(serve("a", id), first);
	}
}
END_TEST

START_TEST(a_bad_live_canary_is_gone_before_it_serves_all)
{
	offer("live: {share: 50%, by: id, duration: 1h, min_requests: 4, max_error_rate: 25%}",
	      2);
	for (int id = 0; id < 40; id++) {
		/* Only what the candidate gets fails. */
		struct share *share = traffic_enter(engine_get_traffic(site.engine), "a");
		char body[32];
		struct document *document;
		snprintf(body, sizeof body, "{\"id\": %d}", id);
		ck_assert_int_eq(document_parse(&document, body, strlen(body), NULL), 0);
		atomic_store(&site.failing,
			     share && share_pick(share, document, body, strlen(body)));
		document_free(document);
		traffic_leave(share);
		serve("a", id);
	}
	atomic_store(&site.failing, false);
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "live");
	site_says_part("a.attempted.error", "calls failed, 100%; allowed is 25%");
	site_says_part("a.attempted.error", ", and the 0% of what runs meanwhile");
	site_says("a.running.version", "1.0.0");
	site_says("a.running.generation", "1");
	ck_assert_int_eq(serve_ids(0, 40), 0);
	site_put("a", 7, marking("1.1.0", 2, LONG_LIVE));
	site_says("a.reason", "known-bad");
}
END_TEST

START_TEST(documents_without_the_key_are_served_by_what_runs)
{
	offer("live: {share: 100%, by: user.id, duration: 1h}", 2);
	site_says("a.trial.stage", "live");
	ck_assert_int_eq(serve_ids(0, 20), 0);
}
END_TEST

START_TEST(without_a_key_the_whole_document_decides)
{
	offer("live: {share: 50%, duration: 1h}", 2);
	int served = serve_ids(0, 40);
	ck_assert_msg(served > 5 && served < 35, "%d of 40", served);
	ck_assert_int_eq(serve_ids(0, 40), served);
}
END_TEST

START_TEST(a_shadow_comes_before_a_live_canary_and_both_before_probation)
{
	offer(QUICK_SHADOW ", " QUICK_LIVE ", " LONG_PROBATION, 1);
	site_says("a.trial.stage", "shadow");
	serve_ids(0, 10);
	site_until("a.trial.stage", "live");
	serve_ids(0, 40);
	site_until("a.state", "probation");
	site_says("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
	site_says("a.running.live", "passed");
}
END_TEST

/* ---- what comes between ---- */

START_TEST(a_failed_case_never_gets_to_a_shadow)
{
	offer("cases: [{input: {id: 1}, expect: {made_by: 9}}], " LONG_SHADOW, 2);
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
	offer(canary, 2);
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
	offer(LONG_LIVE, 2);
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
	ck_assert_int_gt(serve_ids(0, 40), 0);
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
	offer(LONG_LIVE, 2);
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
	offer(LONG_SHADOW, 2);
	serve_ids(0, 20);
	site_until("a.state", "rejected");
	site_say(ENGINE_CLEARS, "a", 7, "{\"by\": \"ada\", \"why\": \"meant so\"}");
	site_until("a.trial.stage", "shadow");
}
END_TEST

START_TEST(new_cases_of_others_start_a_shadow_over)
{
	site_open_sides();
	offer(LONG_SHADOW, 2);
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
	offer(LONG_SHADOW, 1);
	serve_ids(0, 3);
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
	serve_ids(0, 10);
	site_until_answer();
	ck_assert_int_eq(site.result, ENGINE_REJECTED);
	ck_assert_str_eq(site.stage, "shadow");
	ck_assert_ptr_nonnull(strstr(site.reason, "ended otherwise than now"));
	site_says("a.state", "running");
}
END_TEST

START_TEST(a_crash_in_a_live_canary_is_held_against_it)
{
	offer(LONG_LIVE, 2);
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
	offer(LONG_LIVE, 2);
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
	offer("shadow: {share: 100%, duration: 1h, except: [made_by]}", 2);
	serve_ids(0, 5);
	site_until("a.trial.compared", "5");
	site_says("a.trial.differed", "0");
	site_counts(
		"flume_trial_documents{schema=\"a\",stage=\"shadow\",result=\"compared\"} 5");
}
END_TEST

Suite *suite_engine_stages(void)
{
	Suite *suite = suite_create("engine_stages");
	TCase *shadow = site_case(suite, "shadow"), *live = site_case(suite, "live canary"),
	      *between = site_case(suite, "between");
	tcase_add_test(shadow, a_shadow_of_equal_documents_leads_to_the_swap);
	tcase_add_test(shadow, a_difference_in_a_shadow_refuses_it_and_nobody_notices);
	tcase_add_test(shadow, what_a_shadow_is_told_to_leave_out_may_differ);
	tcase_add_test(shadow, a_shadow_without_documents_has_no_verdict_and_goes_on);
	tcase_add_test(shadow, a_shadow_that_waits_for_a_verdict_holds_the_swap);
	tcase_add_test(shadow, a_path_that_is_none_is_refused_before_any_document);
	tcase_add_test(shadow, a_live_canary_by_what_is_no_path_is_refused_at_once);
	tcase_add_test(shadow, what_a_shadow_runs_is_no_traffic);
	tcase_add_test(live, a_live_canary_serves_its_share_and_then_all);
	tcase_add_test(live, those_of_one_key_are_served_by_the_same);
	tcase_add_test(live, a_bad_live_canary_is_gone_before_it_serves_all);
	tcase_add_test(live, documents_without_the_key_are_served_by_what_runs);
	tcase_add_test(live, without_a_key_the_whole_document_decides);
	tcase_add_test(live, a_shadow_comes_before_a_live_canary_and_both_before_probation);
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
