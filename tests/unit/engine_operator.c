#include "tests/unit/engine_fixture.h"
#include "tests/unit/suites.h"

#include "agent/engine/note.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADA "{\"by\": \"ada\", \"why\": \"incident 42\", \"at\": \"2026-11-27T12:00:00Z\"}"

static const struct note ada = {.by = "ada", .why = "incident 42", .at = 1795780800};

static void open_all(void)
{
	site_open();
	site_open_sides();
}

static void run_one(void)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
}

/* A restart with the store where it was. */
static void come_back(const char *text, int64_t revision)
{
	site_await_sides();
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		if (i != ENGINE_CLEARS)
			site_list_side((enum engine_side)i, NULL, 1, NULL);
	LIST(20, {"a", revision, text});
}

/* ---- pins ---- */

START_TEST(a_change_of_a_pinned_schema_is_held_and_says_who_and_why)
{
	run_one();
	site_say(ENGINE_PINS, "a", 6, ADA);
	site_says("a.state", "running");
	site_says("a.hold.by", "ada");
	site_put("a", 7, marking("1.1.0", 2, NULL));
	site_says("a.state", "held");
	site_says("a.reason", "pinned");
	site_says("a.hold.kind", "pin");
	site_says("a.hold.scope", "fleet");
	site_says("a.hold.why", "incident 42");
	site_says("a.hold.at", "2026-11-27T12:00:00Z");
	site_says("a.wanted.version", "1.1.0");
	site_made_by("a", 1);
}
END_TEST

START_TEST(it_goes_on_when_it_is_released)
{
	run_one();
	site_say(ENGINE_PINS, "a", 6, ADA);
	site_put("a", 7, marking("1.1.0", 2, CASE_GETS(2)));
	site_says("a.state", "held");
	site_say(ENGINE_PINS, "a", 8, NULL);
	site_until("a.running.version", "1.1.0");
	site_says("a.state", "running");
	site_says("a.hold", "-");
}
END_TEST

START_TEST(only_the_newest_of_what_came_goes_on)
{
	run_one();
	site_say(ENGINE_PINS, "a", 6, ADA);
	site_put("a", 7, marking("1.1.0", 2, NULL));
	site_put("a", 8, marking("1.2.0", 3, NULL));
	site_put("a", 9, marking("1.0.0", 1, NULL)); /* what runs */
	site_says("a.state", "running");
	site_put("a", 10, marking("1.3.0", 4, NULL));
	site_say(ENGINE_PINS, "a", 11, NULL);
	site_says("a.running.version", "1.3.0");
	site_says("a.running.generation", "2");
}
END_TEST

START_TEST(others_are_not_held)
{
	run_one();
	site_put("b", 5, marking("1.0.0", 1, NULL));
	site_say(ENGINE_PINS, "a", 6, ADA);
	site_put("b", 7, marking("1.1.0", 2, NULL));
	site_says("b.running.version", "1.1.0");
	site_says("b.hold", "-");
}
END_TEST

START_TEST(a_canary_under_way_is_given_up_for_a_pin)
{
	run_one();
	site_put("a", 6, running("1.1.0", "gate", "cases: [{input: {id: 1}}]"));
	while (!atomic_load(&site.at_gate))
		site_turn();
	site_say(ENGINE_PINS, "a", 7, ADA);
	sem_post(&site.gate);
	site_says("a.state", "held");
	site_says("a.reason", "pinned");
	site_made_by("a", 1);
	site_say(ENGINE_PINS, "a", 8, NULL);
	while (atomic_load(&site.at_gate) < 2)
		site_turn();
	sem_post(&site.gate);
	site_until("a.running.version", "1.1.0");
	sem_post(&site.gate);
}
END_TEST

START_TEST(a_pinned_version_may_come)
{
	run_one();
	site_say(ENGINE_PINS, "a", 6, "{\"version\": \"1.2.0\"}");
	site_put("a", 7, marking("1.1.0", 2, NULL));
	site_says("a.state", "held");
	site_put("a", 8, marking("1.2.0", 3, NULL));
	site_says("a.running.version", "1.2.0");
	site_put("a", 9, marking("1.3.0", 4, NULL));
	site_says("a.state", "held");
}
END_TEST

START_TEST(a_pin_without_a_sense_holds_all_the_same)
{
	run_one();
	site_say(ENGINE_PINS, "a", 6, "because");
	site_put("a", 7, marking("1.1.0", 2, NULL));
	site_says("a.reason", "pinned");
}
END_TEST

START_TEST(probation_goes_back_from_what_is_pinned)
{
	run_one();
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	site_says("a.state", "probation");
	site_say(ENGINE_PINS, "a", 7, ADA);
	site_say(ENGINE_FREEZE, "freeze", 8, ADA);
	atomic_store(&site.failing, true);
	site_call_times("a", 4);
	atomic_store(&site.failing, false);
	site_until("a.state", "rolled-back");
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_deletion_of_a_pinned_schema_is_held)
{
	run_one();
	site_say(ENGINE_PINS, "a", 6, ADA);
	site_delete("a", 7);
	site_says("a.state", "held");
	site_says("a.reason", "pinned");
	site_says("a.wanted.deleted", "true");
	site_made_by("a", 1);
	site_say(ENGINE_PINS, "a", 8, NULL);
	site_says("a", "-");
}
END_TEST

START_TEST(a_deletion_that_waits_for_a_user_is_held_too)
{
	run_one();
	site_put("u", 5, running("1.0.0", "a", NULL));
	site_delete("a", 6);
	site_says("a.reason", "in-use");
	site_say(ENGINE_PINS, "a", 7, ADA);
	site_says("a.reason", "pinned");
	site_delete("u", 8);
	site_says("u", "-");
	site_says("a.state", "held");
	site_say(ENGINE_PINS, "a", 9, NULL);
	site_says("a", "-");
}
END_TEST

START_TEST(a_mass_deletion_that_is_confirmed_is_held_by_a_pin)
{
	static const char *const names[] = {"a", "b", "c"};
	for (int i = 0; i < 3; i++)
		site_put(names[i], i + 1, marking("1.0.0", 1, NULL));
	site_say(ENGINE_PINS, "a", 6, ADA);
	site_delete_at_once(7, names, 3);
	site_says("a.reason", "mass-delete");
	engine_confirm(site.engine, "a", site_note_answer, NULL);
	ck_assert_int_eq(site.result, ENGINE_HELD);
	ck_assert_str_eq(site.reason, "pinned");
	site_says("a.reason", "pinned");
	site_say(ENGINE_PINS, "a", 8, NULL);
	site_says("a", "-");
	site_says("b.reason", "mass-delete");
}
END_TEST

START_TEST(a_proposal_is_refused_while_it_is_pinned)
{
	run_one();
	ck_assert_int_eq(engine_hold(site.engine, "a", &ada, NULL), 0);
	site_submit("a", marking("1.1.0", 2, NULL));
	ck_assert_int_eq(site.result, ENGINE_HELD);
	ck_assert_str_eq(site.reason, "pinned");
	site_submit("a", NULL);
	ck_assert_int_eq(site.result, ENGINE_HELD);
	site_says("a.state", "running");
	site_made_by("a", 1);
}
END_TEST

/* ---- freezes ---- */

START_TEST(a_freeze_holds_them_all)
{
	run_one();
	site_say(ENGINE_FREEZE, "freeze", 6, ADA);
	site_put("a", 7, marking("1.1.0", 2, NULL));
	site_put("b", 8, marking("1.0.0", 3, NULL));
	site_says("a.reason", "frozen");
	site_says("b.reason", "frozen");
	site_says("b.hold.kind", "freeze");
	site_say(ENGINE_FREEZE, "freeze", 9, NULL);
	site_says("a.running.version", "1.1.0");
	site_says("b.state", "running");
}
END_TEST

START_TEST(a_new_node_in_a_frozen_fleet_starts_what_was_there)
{
	site_say(ENGINE_FREEZE, "freeze", 6, ADA);
	LIST(9, {"a", 5, marking("1.0.0", 1, NULL)}, {"b", 7, marking("1.0.0", 2, NULL)});
	site_says("a.state", "running");
	site_says("b.state", "held");
	site_says("b.reason", "frozen");
}
END_TEST

START_TEST(what_is_held_here_is_held_after_a_restart)
{
	run_one();
	ck_assert_int_eq(engine_hold(site.engine, "a", &ada, NULL), 0);
	ck_assert_int_eq(engine_hold(site.engine, NULL, &ada, NULL), 0);
	site_crash();
	LIST(7, {"a", 7, marking("1.1.0", 2, NULL)}, {"b", 6, marking("1.0.0", 2, NULL)});
	site_says("a.reason", "pinned");
	site_says("a.hold.scope", "node");
	site_says("a.hold.by", "ada");
	site_says("b.reason", "frozen");
	ck_assert_int_eq(engine_release(site.engine, NULL, &ada, NULL), 0);
	site_says("b.state", "running");
	site_says("a.state", "held");
	ck_assert_int_eq(engine_release(site.engine, "a", &ada, NULL), 0);
	site_says("a.running.version", "1.1.0");
	ck_assert_int_eq(engine_release(site.engine, "a", &ada, NULL), FLUME_NOT_FOUND);
	site_restart();
	site_says("a.hold", "-");
}
END_TEST

START_TEST(what_is_held_in_the_store_is_held_when_the_node_comes_back)
{
	run_one();
	site_restart();
	site_await_sides();
	LIST(9, {"a", 8, marking("1.1.0", 2, NULL)});
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		if (i != ENGINE_PINS)
			site_list_side((enum engine_side)i, NULL, 9, NULL);
	site_says("a.state", "waiting");
	site_list_side(ENGINE_PINS, "a", 7, ADA);
	site_says("a.state", "held");
	site_says("a.reason", "pinned");
	site_made_by("a", 1);
	site_list_side(ENGINE_PINS, NULL, 10, NULL);
	site_says("a.running.version", "1.1.0");
}
END_TEST

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
	run_one();
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
	while (!access(site_path("bad/a"), F_OK)) /* the disk's thread may be at it still */
		site_turn();
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
	run_one();
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
	run_one();
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
	TCase *tcase = tcase_create("words");
	tcase_add_checked_fixture(tcase, open_all, site_close);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, a_change_of_a_pinned_schema_is_held_and_says_who_and_why);
	tcase_add_test(tcase, it_goes_on_when_it_is_released);
	tcase_add_test(tcase, only_the_newest_of_what_came_goes_on);
	tcase_add_test(tcase, others_are_not_held);
	tcase_add_test(tcase, a_canary_under_way_is_given_up_for_a_pin);
	tcase_add_test(tcase, a_pinned_version_may_come);
	tcase_add_test(tcase, a_pin_without_a_sense_holds_all_the_same);
	tcase_add_test(tcase, probation_goes_back_from_what_is_pinned);
	tcase_add_test(tcase, a_deletion_of_a_pinned_schema_is_held);
	tcase_add_test(tcase, a_deletion_that_waits_for_a_user_is_held_too);
	tcase_add_test(tcase, a_mass_deletion_that_is_confirmed_is_held_by_a_pin);
	tcase_add_test(tcase, a_proposal_is_refused_while_it_is_pinned);
	tcase_add_test(tcase, a_freeze_holds_them_all);
	tcase_add_test(tcase, a_new_node_in_a_frozen_fleet_starts_what_was_there);
	tcase_add_test(tcase, what_is_held_here_is_held_after_a_restart);
	tcase_add_test(tcase, what_is_held_in_the_store_is_held_when_the_node_comes_back);
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
