/* What was under way when the agent died is suspected, and what dies with it twice is given up. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void crash_in_probation(void)
{
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.state", "probation");
	site_crash();
	site_made_by("a", 1);
}

START_TEST(one_crash_is_no_verdict)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	crash_in_probation();
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.state", "probation");
}
END_TEST

START_TEST(two_crashes_in_probation_give_a_change_up)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	crash_in_probation();
	crash_in_probation();
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	site_says("a.attempted.stage", "crash");
	site_says_part("a.attempted.error", "crashed twice");
	site_made_by("a", 1);
	site_put("a", 7, marking("1.1.1", 3, LONG_PROBATION));
	site_says("a.state", "probation");
}
END_TEST

START_TEST(two_crashes_in_the_canary_give_a_change_up)
{
	for (int i = 1; i <= 2; i++) {
		LIST(6, {"a", 6, running("1.1.0", "gate", CASE_GETS(1))});
		while (atomic_load(&site.at_gate) < i)
			site_turn();
		sem_post(&site.gate);
		site_crash();
	}
	LIST(6, {"a", 6, running("1.1.0", "gate", CASE_GETS(1))});
	site_says("a.state", "held");
	site_says("a.attempted.stage", "crash");
}
END_TEST

START_TEST(an_orderly_end_is_no_crash)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	for (int i = 0; i < 4; i++) {
		LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
		site_says("a.state", "probation");
		site_restart();
	}
	ck_assert_int_eq(access(site_path("tried/a"), F_OK), -1);
}
END_TEST

START_TEST(a_crash_after_the_verdict_is_nobody_s_fault)
{
	site_prove("a", 5, marking("1.0.0", 1, CASE_GETS(1)));
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(site_crash(), 1);
	LIST(6, {"a", 6, marking("1.1.0", 2, CASE_GETS(2))});
	site_until("a.running.version", "1.1.0");
}
END_TEST

/* ---- with neighbours ---- */

/* Three new versions, wanted at once. */
static void want_three(const char *probation)
{
	LIST(9, {"a", 7, marking("1.1.0", 4, probation)},
	     {"b", 8, marking("1.1.0", 5, probation)},
	     {"c", 9, marking("1.1.0", 6, probation)});
}

static void run_three(void)
{
	site_prove("a", 1, marking("1.0.0", 1, NULL));
	site_prove("b", 2, marking("1.0.0", 2, NULL));
	site_prove("c", 3, marking("1.0.0", 3, NULL));
}

static int on_probation(void)
{
	static const char *const paths[] = {"a.state", "b.state", "c.state"};
	int n = 0;
	site_turn();
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		n += !strcmp(site_status(paths[i]), "probation");
	return n;
}

START_TEST(a_crash_of_several_makes_each_wait_for_its_turn)
{
	run_three();
	want_three(LONG_PROBATION);
	ck_assert_int_eq(on_probation(), 3);
	site_crash();
	want_three(LONG_PROBATION);
	ck_assert_int_eq(on_probation(), 1);
	site_says("a.state", "probation");
	site_says("b.state", "waiting");
	site_says("b.reason", "after-crash");
	site_put("d", 10, marking("1.0.0", 7, NULL)); /* nobody else is let in either */
	site_says("d.state", "waiting");
	site_says("b.running.version", "1.0.0");
}
END_TEST

START_TEST(the_one_that_crashes_alone_is_given_up_and_its_neighbours_go_on)
{
	run_three();
	want_three(SHORT_PROBATION);
	ck_assert_int_eq(on_probation(), 3);
	site_crash();
	want_three(SHORT_PROBATION);
	site_call_times("a", 4);
	site_until("a.running.proven", "true");
	site_until("b.state", "probation");
	ck_assert_str_eq(site_status("c.state"), "waiting"); /* at that moment */
	site_crash();                                        /* b is to blame */
	want_three(SHORT_PROBATION);
	site_says("b.state", "held");
	site_says("b.reason", "known-bad");
	site_says("b.attempted.stage", "crash");
	site_made_by("a", 4);
	site_until("c.state", "probation");
	site_call_times("c", 4);
	site_until("c.running.proven", "true");
	site_made_by("c", 6);
}
END_TEST

START_TEST(a_newer_change_of_the_same_schema_takes_the_turn)
{
	run_three();
	want_three(LONG_PROBATION);
	site_crash();
	want_three(LONG_PROBATION);
	site_says("a.state", "probation");
	site_put("a", 11, marking("1.1.1", 7, NULL));
	site_made_by("a", 7);
	site_until("b.state", "probation");
	site_says("c.state", "waiting");
}
END_TEST

START_TEST(what_crashed_once_is_still_suspected_when_it_comes_back_after_another)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	crash_in_probation();
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.state", "probation");
	site_put("a", 7, marking("1.2.0", 3, NULL));
	site_until("a.running.version", "1.2.0");
	site_put("a", 8, marking("1.1.0", 2, LONG_PROBATION));
	site_says("a.state", "probation");
	site_crash();
	LIST(8, {"a", 8, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.state", "held");
	site_says("a.attempted.stage", "crash");
}
END_TEST

START_TEST(a_suspect_that_is_not_wanted_any_more_holds_up_nobody)
{
	run_three();
	want_three(LONG_PROBATION);
	site_crash();
	LIST(20, {"a", 18, marking("1.2.0", 7, LONG_PROBATION)},
	     {"b", 19, marking("1.2.0", 8, LONG_PROBATION)},
	     {"c", 20, marking("1.2.0", 9, LONG_PROBATION)});
	ck_assert_int_eq(on_probation(), 3);
}
END_TEST

static bool is_noted(int i)
{
	char below[32];
	snprintf(below, sizeof below, "tried/s%02d", i);
	return access(site_path(below), F_OK) == 0;
}

static void want_forty(void)
{
	struct site_key keys[40];
	char names[40][16];
	for (int i = 0; i < 40; i++) {
		snprintf(names[i], sizeof names[i], "s%02d", i);
		keys[i] = (struct site_key){names[i], i + 1,
					    running("1.0.0", "gate", CASE_GETS(1))};
	}
	site_list(40, keys, 40);
}

static void until_at_gate(int n)
{
	int64_t end = loop_now() + INT64_C(20000000000);
	while (atomic_load(&site.at_gate) < n) {
		ck_assert_msg(loop_now() < end, "%d at the gate", atomic_load(&site.at_gate));
		site_turn();
	}
}

START_TEST(what_only_waits_in_line_is_not_suspected)
{
	int noted = 0;
	want_forty();
	until_at_gate(32);
	for (int i = 0; i < 40; i++)
		noted += is_noted(i);
	ck_assert_int_eq(noted, 32);
	for (int i = 0; i < 40; i++)
		sem_post(&site.gate);
	site_crash();
	while (!sem_trywait(&site.gate))
		;
	int before = atomic_load(&site.at_gate);
	want_forty();
	until_at_gate(before + 1);
	site_turn();
	ck_assert_int_eq(atomic_load(&site.at_gate), before + 1); /* one of the 32, alone */
	for (int i = 0; i < 40; i++)
		sem_post(&site.gate);
}
END_TEST

Suite *suite_engine_crash(void)
{
	Suite *suite = suite_create("engine_crash");
	TCase *one = site_case(suite, "one");
	tcase_add_test(one, one_crash_is_no_verdict);
	tcase_add_test(one, two_crashes_in_probation_give_a_change_up);
	tcase_add_test(one, two_crashes_in_the_canary_give_a_change_up);
	tcase_add_test(one, an_orderly_end_is_no_crash);
	tcase_add_test(one, a_crash_after_the_verdict_is_nobody_s_fault);
	TCase *many = site_case(suite, "with neighbours");
	tcase_add_test(many, a_crash_of_several_makes_each_wait_for_its_turn);
	tcase_add_test(many, the_one_that_crashes_alone_is_given_up_and_its_neighbours_go_on);
	tcase_add_test(many, a_newer_change_of_the_same_schema_takes_the_turn);
	tcase_add_test(many,
		       what_crashed_once_is_still_suspected_when_it_comes_back_after_another);
	tcase_add_test(many, a_suspect_that_is_not_wanted_any_more_holds_up_nobody);
	tcase_add_test(many, what_only_waits_in_line_is_not_suspected);
	return suite;
}
