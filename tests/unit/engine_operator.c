/* What an operator lets go on: what was bad is tried again, what was held is deleted. */
#include "tests/unit/operator_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* A restart with the store where it was. */
static void come_back(const char *text, int64_t revision)
{
	site_await_sides();
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		if (i != ENGINE_CLEARS)
			site_list_side((enum engine_side)i, NULL, 1, NULL);
	LIST(20, {"a", revision, text});
}

/* ---- clears ---- */

static void until_rejected_twice(void)
{
	static const char line[] =
		"flume_schema_update_total{schema=\"a\",outcome=\"rejected\"} 2";
	for (bool found = false; !found; site_turn()) {
		const struct page *page = board_take(site.board);
		found = strstr(page->metrics, line);
		board_release(site.board, page);
	}
}

static const char *failing_canary(void)
{
	return running("1.1.0", "flip", "cases: [{input: {id: 1}}]");
}

static void fail_once(void)
{
	operator_run_one();
	atomic_store(&site.failing, true);
	site_put("a", 6, failing_canary());
	site_until("a.state", "rejected");
}

START_TEST(what_failed_its_canary_is_tried_again_when_cleared)
{
	fail_once();
	atomic_store(&site.failing, false);
	ck_assert_int_eq(engine_clear(site.engine, "a", &ada, false, NULL), 0);
	site_until("a.running.version", "1.1.0");
	site_says("a.state", "running");
	site_says("a.cleared.by", "ada");
	site_until_file("bad/a", false);
	ck_assert_int_eq(engine_clear(site.engine, "nobody", &ada, false, NULL),
			 FLUME_NOT_FOUND);
}
END_TEST

START_TEST(what_fails_again_is_known_again)
{
	fail_once();
	ck_assert_int_eq(engine_clear(site.engine, "a", &ada, false, NULL), 0);
	until_rejected_twice();
	site_restart();
	LIST(6, {"a", 6, failing_canary()});
	site_says("a.reason", "known-bad");
}
END_TEST

START_TEST(what_was_known_from_before_a_restart_is_tried_again_when_cleared)
{
	fail_once();
	site_restart();
	atomic_store(&site.failing, false);
	LIST(6, {"a", 6, failing_canary()});
	site_says("a.reason", "known-bad");
	ck_assert_int_eq(engine_clear(site.engine, "a", &ada, false, NULL), 0);
	site_until("a.running.version", "1.1.0");
}
END_TEST

START_TEST(what_was_rolled_back_is_tried_again_when_cleared)
{
	operator_run_one();
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	atomic_store(&site.failing, true);
	site_call_times("a", 4);
	atomic_store(&site.failing, false);
	site_until("a.state", "rolled-back");
	site_say(ENGINE_CLEARS, "a", 8, ADA);
	site_says("a.state", "probation");
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_word_for_one_version_leaves_the_others)
{
	fail_once();
	const char *first = site_status("a.attempted.digest");
	struct note about = ada;
	snprintf(about.digest, sizeof about.digest, "%s", first);
	site_put("a", 7, running("1.2.0", "flip", "cases: [{input: {id: 2}}]"));
	site_until("a.attempted.version", "1.2.0");
	ck_assert_int_eq(engine_clear(site.engine, "a", &about, false, NULL), 0);
	site_says("a.state", "rejected"); /* 1.2.0 is known still */
	site_put("a", 8, running("1.2.0", "flip", "cases: [{input: {id: 2}}]"));
	site_says("a.reason", "known-bad");
	site_put("a", 9, failing_canary());
	site_until("a.state", "rejected");
}
END_TEST

START_TEST(a_word_in_the_store_is_obeyed_once)
{
	fail_once();
	site_say(ENGINE_CLEARS, "a", 7, ADA);
	until_rejected_twice();
	site_restart();
	come_back(failing_canary(), 6);
	site_list_side(ENGINE_CLEARS, "a", 7, ADA);
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	atomic_store(&site.failing, false);
	site_say(ENGINE_CLEARS, "a", 21, ADA);
	site_until("a.running.version", "1.1.0");
}
END_TEST

START_TEST(a_node_that_was_away_obeys_it_when_it_comes_back)
{
	fail_once();
	site_restart();
	atomic_store(&site.failing, false);
	come_back(failing_canary(), 6);
	site_list_side(ENGINE_CLEARS, "a", 7, ADA);
	site_until("a.running.version", "1.1.0");
}
END_TEST

START_TEST(it_closes_the_update_breaker)
{
	site.options.breaker_failures = 1;
	site_restart();
	site_open_sides();
	fail_once();
	atomic_store(&site.failing, false);
	site_put("a", 7, marking("1.2.0", 2, NULL));
	site_says("a.reason", "update-breaker");
	site_say(ENGINE_CLEARS, "a", 8, ADA);
	site_says("a.running.version", "1.2.0");
}
END_TEST

START_TEST(an_open_breaker_outlives_a_restart_and_half_opens)
{
	site.options.breaker_failures = 1;
	site.options.breaker_window_ns = INT64_C(3000000000);
	site_restart();
	fail_once();
	site_restart();
	LIST(7, {"a", 7, marking("1.2.0", 2, NULL)});
	site_says("a.reason", "update-breaker");
	site_until("a.running.version", "1.2.0");
}
END_TEST

START_TEST(what_is_suspected_of_a_crash_is_not_after_a_clear)
{
	operator_run_one();
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	site_says("a.state", "probation");
	site_crash();
	come_back(marking("1.1.0", 2, LONG_PROBATION), 6);
	site_list_side(ENGINE_CLEARS, "a", 7, ADA); /* a first crash is forgotten ... */
	site_says("a.state", "probation");
	site_crash();
	come_back(marking("1.1.0", 2, LONG_PROBATION), 6);
	site_list_side(ENGINE_CLEARS, "a", 7,
		       ADA); /* ... and the same word does not help twice */
	site_says("a.state", "probation");
	site_crash();
	come_back(marking("1.1.0", 2, LONG_PROBATION), 6);
	site_list_side(ENGINE_CLEARS, "a", 7, ADA);
	site_says("a.reason", "known-bad");
	site_says("a.attempted.stage", "crash");
}
END_TEST

/* ---- confirmations ---- */

static const char *const three[] = {"a", "b", "c"};

static void run_three(void)
{
	for (int i = 0; i < 3; i++)
		site_put(three[i], i + 5, marking("1.0.0", 1, NULL));
}

START_TEST(a_mass_deletion_is_confirmed_in_the_store)
{
	run_three();
	site_delete_at_once(9, three, 3);
	site_says("a.reason", "mass-delete");
	site_say(ENGINE_CONFIRMS, "a", 10, "{\"by\": \"ada\", \"revision\": 9}");
	site_says("a", "-");
	site_says("b.reason", "mass-delete");
}
END_TEST

START_TEST(a_confirmation_may_come_before_the_deletion_does)
{
	run_three();
	site_say(ENGINE_CONFIRMS, "a", 10, "{\"revision\": 9}");
	site_delete_at_once(9, three, 3);
	site_says("a", "-");
	site_says("b.reason", "mass-delete");
}
END_TEST

START_TEST(what_was_put_after_the_confirmation_is_not_confirmed)
{
	run_three();
	site_say(ENGINE_CONFIRMS, "a", 8, "{\"revision\": 7}");
	site_put("a", 9, marking("1.1.0", 2, NULL));
	site_delete_at_once(10, three, 3);
	site_says("a.reason", "mass-delete");
}
END_TEST

START_TEST(a_confirmation_without_a_sense_confirms_nothing)
{
	run_three();
	site_delete_at_once(9, three, 3);
	site_say(ENGINE_CONFIRMS, "a", 10, "yes");
	site_says("a.reason", "mass-delete");
	site_say(ENGINE_CONFIRMS, "b", 11, "{}");
	site_says("b.reason", "mass-delete");
}
END_TEST

START_TEST(a_node_that_was_away_finds_it_confirmed)
{
	run_three();
	site_until("c.running.proven", "true");
	site_restart();
	site_await_sides();
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		site_list_side((enum engine_side)i, i == ENGINE_CONFIRMS ? "a" : NULL, 10,
			       "{\"revision\": 9}");
	LIST_NOTHING(12);
	site_says("a", "-");
	site_says("b.reason", "mass-delete");
}
END_TEST

START_TEST(in_a_wiped_store_it_is_confirmed_by_a_word_of_the_new_one_alone)
{
	run_three();
	site_say(ENGINE_CONFIRMS, "a", 100, "{\"revision\": 4}");
	site_say(ENGINE_CONFIRMS, "b", 101, "{\"revision\": 99}");
	site.sink.reset(site.sink.arg, 2);
	LIST_NOTHING(2);
	site_says("a.reason", "mass-delete");
	site_says("b.reason", "mass-delete");
	site_list_side(ENGINE_CONFIRMS, "a", 3, "{\"revision\": 2}");
	site_says("a", "-");
	site_says("b.reason", "mass-delete");
}
END_TEST

Suite *suite_engine_operator(void)
{
	Suite *suite = suite_create("engine_operator");
	TCase *tcase = operator_case(suite, "words");
	tcase_add_test(tcase, what_failed_its_canary_is_tried_again_when_cleared);
	tcase_add_test(tcase, what_fails_again_is_known_again);
	tcase_add_test(tcase, what_was_known_from_before_a_restart_is_tried_again_when_cleared);
	tcase_add_test(tcase, what_was_rolled_back_is_tried_again_when_cleared);
	tcase_add_test(tcase, a_word_for_one_version_leaves_the_others);
	tcase_add_test(tcase, a_word_in_the_store_is_obeyed_once);
	tcase_add_test(tcase, a_node_that_was_away_obeys_it_when_it_comes_back);
	tcase_add_test(tcase, it_closes_the_update_breaker);
	tcase_add_test(tcase, an_open_breaker_outlives_a_restart_and_half_opens);
	tcase_add_test(tcase, what_is_suspected_of_a_crash_is_not_after_a_clear);
	tcase_add_test(tcase, a_mass_deletion_is_confirmed_in_the_store);
	tcase_add_test(tcase, a_confirmation_may_come_before_the_deletion_does);
	tcase_add_test(tcase, what_was_put_after_the_confirmation_is_not_confirmed);
	tcase_add_test(tcase, a_confirmation_without_a_sense_confirms_nothing);
	tcase_add_test(tcase, a_node_that_was_away_finds_it_confirmed);
	tcase_add_test(tcase, in_a_wiped_store_it_is_confirmed_by_a_word_of_the_new_one_alone);
	return suite;
}
