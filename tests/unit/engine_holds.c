/* What an operator holds back, for one schema or for all, here or in the fleet. */
#include "tests/unit/operator_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- pins ---- */

START_TEST(a_change_of_a_pinned_schema_is_held_and_says_who_and_why)
{
	operator_run_one();
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
	operator_run_one();
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
	operator_run_one();
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
	operator_run_one();
	site_put("b", 5, marking("1.0.0", 1, NULL));
	site_say(ENGINE_PINS, "a", 6, ADA);
	site_put("b", 7, marking("1.1.0", 2, NULL));
	site_says("b.running.version", "1.1.0");
	site_says("b.hold", "-");
}
END_TEST

START_TEST(a_canary_under_way_is_given_up_for_a_pin)
{
	operator_run_one();
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
	operator_run_one();
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
	operator_run_one();
	site_say(ENGINE_PINS, "a", 6, "because");
	site_put("a", 7, marking("1.1.0", 2, NULL));
	site_says("a.reason", "pinned");
}
END_TEST

START_TEST(probation_goes_back_from_what_is_pinned)
{
	operator_run_one();
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
	operator_run_one();
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
	operator_run_one();
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
	operator_run_one();
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
	operator_run_one();
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
	operator_run_one();
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

START_TEST(what_is_held_here_while_the_disk_is_broken_is_written_later)
{
	struct flume_err err;
	operator_run_one();
	site_turn();
	ck_assert_int_eq(engine_hold(site.engine, "b", &ada, NULL), 0);
	ck_assert_int_eq(rename(site_path("holds"), site_path("away")), 0);
	site_write("holds", "no folder");
	ck_assert_int_eq(engine_hold(site.engine, "a", &ada, &err), FLUME_IO);
	ck_assert_int_eq(engine_release(site.engine, "b", &ada, &err), FLUME_IO);
	site_says(".disk.ok", "false");
	ck_assert_int_eq(unlink(site_path("holds")), 0);
	ck_assert_int_eq(rename(site_path("away"), site_path("holds")), 0);
	site_until_file("holds/a", true);
	ck_assert_int_eq(access(site_path("holds/b"), F_OK), -1);
	site_until(".disk.ok", "true");
	site_crash();
	LIST(7, {"a", 7, marking("1.1.0", 2, NULL)});
	site_says("a.reason", "pinned");
}
END_TEST

START_TEST(what_is_held_here_and_cases_come_back_to_a_folder_that_was_removed)
{
	operator_run_one();
	site_turn();
	ck_assert_int_eq(engine_hold(site.engine, "a", &ada, NULL), 0);
	site_say(ENGINE_CASES, "c", 7, "cases: [{input: {id: 1}, expect: {made_by: 1}}]");
	site_until_file("canaries/c", true);
	char command[200];
	snprintf(command, sizeof command, "rm -rf %s", site.state);
	ck_assert_int_eq(system(command), 0);
	site_put("c", 8, marking("1.0.0", 1, NULL));
	site_until_file("holds/a", true);
	site_until_file("canaries/c", true);
}
END_TEST

START_TEST(what_is_held_in_the_store_is_held_when_the_node_comes_back)
{
	operator_run_one();
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

Suite *suite_engine_holds(void)
{
	Suite *suite = suite_create("engine_holds");
	TCase *tcase = operator_case(suite, "holds");
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
	tcase_add_test(tcase, what_is_held_here_while_the_disk_is_broken_is_written_later);
	tcase_add_test(tcase,
		       what_is_held_here_and_cases_come_back_to_a_folder_that_was_removed);
	tcase_add_test(tcase, what_is_held_in_the_store_is_held_when_the_node_comes_back);
	return suite;
}
