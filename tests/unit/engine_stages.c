/* Between the cases and the swap: a shadow and a live canary on documents that are served. */
#include "tests/unit/stages_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* ---- a shadow ---- */

START_TEST(a_shadow_of_equal_documents_leads_to_the_swap)
{
	stages_offer(QUICK_SHADOW, 1);
	site_says("a.state", "waiting");
	site_says("a.reason", "shadow");
	site_says("a.trial.stage", "shadow");
	site_says("a.trial.version", "1.1.0");
	site_says("a.running.version", "1.0.0");
	ck_assert_int_eq(stages_serve_ids(0, 20), 0);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
	site_says("a.trial", "-");
	site_says("a.state", "running");
}
END_TEST

START_TEST(a_difference_in_a_shadow_refuses_it_and_nobody_notices)
{
	stages_offer(LONG_SHADOW, 2);
	ck_assert_int_eq(stages_serve_ids(0, 20), 0);
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
	stages_offer("shadow: {share: 100%, duration: 1ms, min_requests: 4, except: [made_by], "
		     "wait_for_verdict: true}",
		     2);
	stages_serve_ids(0, 20);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
}
END_TEST

START_TEST(a_shadow_without_documents_has_no_verdict_and_goes_on)
{
	stages_offer("shadow: {duration: 50ms}", 2);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "inconclusive");
}
END_TEST

START_TEST(a_shadow_that_waits_for_a_verdict_holds_the_swap)
{
	stages_offer(
		"shadow: {share: 100%, duration: 1ms, min_requests: 4, wait_for_verdict: true}",
		1);
	for (int i = 0; i < 30; i++)
		site_turn();
	site_says("a.trial.stage", "shadow");
	stages_serve_ids(0, 4);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
}
END_TEST

START_TEST(a_path_that_is_none_is_refused_before_any_document)
{
	stages_offer("shadow: {except: ['a[']}", 1);
	site_says("a.state", "rejected");
	site_says("a.attempted.stage", "check");
	site_says_part("a.attempted.error", "'a[' is not a path: column 3: expected an index");
}
END_TEST

START_TEST(a_live_canary_by_what_is_no_path_is_refused_at_once)
{
	stages_offer("live: {by: 'user..id'}", 1);
	site_says("a.state", "rejected");
	site_says("a.attempted.stage", "check");
	site_says_part("a.attempted.error", "'user..id' is not a path");
}
END_TEST

START_TEST(what_a_shadow_runs_is_no_traffic)
{
	stages_offer(QUICK_SHADOW, 1);
	stages_serve_ids(0, 20);
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
	stages_offer(QUICK_LIVE, 2);
	site_says("a.reason", "live");
	int served = stages_serve_ids(0, 40);
	ck_assert_msg(served > 5 && served < 35, "%d of 40", served);
	site_until("a.running.version", "1.1.0");
	site_says("a.running.live", "passed");
	site_says("a.running.generation", "2");
	ck_assert_int_eq(stages_serve_ids(0, 40), 40);
}
END_TEST

START_TEST(those_of_one_key_are_served_by_the_same)
{
	stages_offer(LONG_LIVE, 2);
	for (int id = 0; id < 20; id++) {
		char first[64];
		snprintf(first, sizeof first, "%s", stages_serve("a", id));
		for (int i = 0; i < 5; i++)
			ck_assert_str_eq(stages_serve("a", id), first);
	}
}
END_TEST

START_TEST(a_bad_live_canary_is_gone_before_it_serves_all)
{
	stages_offer("live: {share: 50%, by: id, duration: 1h, min_requests: 4, "
		     "max_error_rate: 25%}",
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
		stages_serve("a", id);
	}
	atomic_store(&site.failing, false);
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "live");
	site_says_part("a.attempted.error", "calls failed, 100%; allowed is 25%");
	site_says_part("a.attempted.error", ", and the 0% of what runs meanwhile");
	site_says("a.running.version", "1.0.0");
	site_says("a.running.generation", "1");
	ck_assert_int_eq(stages_serve_ids(0, 40), 0);
	site_put("a", 7, marking("1.1.0", 2, LONG_LIVE));
	site_says("a.reason", "known-bad");
}
END_TEST

START_TEST(documents_without_the_key_are_served_by_what_runs)
{
	stages_offer("live: {share: 100%, by: user.id, duration: 1h}", 2);
	site_says("a.trial.stage", "live");
	ck_assert_int_eq(stages_serve_ids(0, 20), 0);
}
END_TEST

START_TEST(without_a_key_the_whole_document_decides)
{
	stages_offer("live: {share: 50%, duration: 1h}", 2);
	int served = stages_serve_ids(0, 40);
	ck_assert_msg(served > 5 && served < 35, "%d of 40", served);
	ck_assert_int_eq(stages_serve_ids(0, 40), served);
}
END_TEST

START_TEST(a_shadow_comes_before_a_live_canary_and_both_before_probation)
{
	stages_offer(QUICK_SHADOW ", " QUICK_LIVE ", " LONG_PROBATION, 1);
	site_says("a.trial.stage", "shadow");
	stages_serve_ids(0, 10);
	site_until("a.trial.stage", "live");
	stages_serve_ids(0, 40);
	site_until("a.state", "probation");
	site_says("a.running.version", "1.1.0");
	site_says("a.running.shadow", "passed");
	site_says("a.running.live", "passed");
}
END_TEST

Suite *suite_engine_stages(void)
{
	Suite *suite = suite_create("engine_stages");
	TCase *shadow = site_case(suite, "shadow"), *live = site_case(suite, "live canary");
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
	return suite;
}
