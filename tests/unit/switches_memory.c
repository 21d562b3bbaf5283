/*
 * Each allocation on the way of a switch fails in turn: what was in force stays, or the new one is,
 * nothing leaks (the sanitizers look), and it is carried out all the same, at the latest when the
 * source lists again because it was told to.
 */
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"
#include "tests/unit/switches_fixture.h"

#include <stdio.h>
#include <string.h>

static int64_t revision = 10;

static void one_is_in_force(void)
{
	ck_assert_str_ne(lever_variant("layout"), "-");
}

START_TEST(a_change)
{
	static const struct {
		const char *version, *a, *b;
	} both[2] = {{"1", "100", "0"}, {"2", "0", "100"}};
	bool failed = true;
	ck_assert_int_eq(lever_put("layout", ++revision, lever_text("0", "100", "0", "")), 0);
	for (long nth = 1; failed; nth++) {
		const char *text =
			lever_text(both[nth % 2].version, both[nth % 2].a, both[nth % 2].b, "");
		memory_fails_at(nth);
		int rc = lever_put("layout", ++revision, text);
		failed = memory_is_back();
		one_is_in_force();
		if (rc)
			LEVER_LIST(revision, {"layout", revision, text});
		site_until(".switches.layout.running.version", both[nth % 2].version);
		ck_assert_str_eq(lever_variant("layout"), nth % 2 ? "b" : "a");
	}
}
END_TEST

START_TEST(a_switch_in_front)
{
	bool failed = true;
	site_put("a", ++revision, marking("1.0.0", 1, NULL));
	site_put("b", ++revision, marking("1.0.0", 2, NULL));
	site_until("b.state", "running");
	for (long nth = 1; failed; nth++) {
		const char *text = lever_text("1", "50", "50", "");
		memory_fails_at(nth);
		int rc = lever_put("front", ++revision, text);
		failed = memory_is_back();
		if (rc)
			LEVER_LIST(revision, {"front", revision, text});
		site_until(".switches.front.running.front", "true");
		memory_fails_at(nth);
		rc = lever_put("front", ++revision, NULL);
		failed |= memory_is_back();
		if (rc)
			lever_list(revision, NULL, 0);
		site_until(".switches", "-");
		ck_assert(!lever_is_front("front"));
	}
}
END_TEST

START_TEST(a_submission)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		const char *text = lever_text("1", "100", "0", "");
		int before = site.answers;
		memory_fails_at(nth);
		lever_submit("layout", text);
		failed = memory_is_back();
		ck_assert_int_eq(site.answers, before + 1);
		ck_assert(site.result == ENGINE_REJECTED || site.result == ENGINE_APPLIED);
		if (site.result == ENGINE_APPLIED) {
			one_is_in_force();
			lever_submit("layout", NULL);
			ck_assert_int_eq(site.result, ENGINE_APPLIED);
		}
	}
}
END_TEST

START_TEST(a_turn_of_the_loop)
{
	bool failed = true;
	for (long nth = 1; failed && nth < 400; nth++) {
		char version[24];
		snprintf(version, sizeof version, "%ld", nth);
		lever_put("layout", ++revision, lever_text(version, "100", "0", ""));
		memory_fails_at(nth);
		site_turn();
		failed = memory_is_back();
		one_is_in_force();
		site_until(".switches.layout.running.version", version);
		site_until(".switches.layout.running.proven", "true");
	}
}
END_TEST

START_TEST(a_start)
{
	bool failed = true;
	lever_put("layout", ++revision, lever_text("1", "0", "100", ""));
	site_until(".switches.layout.running.proven", "true");
	for (long nth = 1; failed; nth++) {
		const struct switches_options options = {.state_dir = site.options.state_dir};
		lever_close();
		memory_fails_at(nth);
		int rc = switches_new(&lever.all, site.loop, site.factory, site.engine,
				      lever.board, &options, NULL);
		failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		if (rc)
			lever_open();
		else
			lever.sink = switches_sink(lever.all);
	}
	failed = true;
	for (long nth = 1; failed; nth++) {
		lever_close();
		lever_open();
		lever_close();
		const struct switches_options options = {.state_dir = site.options.state_dir};
		ck_assert_int_eq(switches_new(&lever.all, site.loop, site.factory, site.engine,
					      lever.board, &options, NULL),
				 0);
		memory_fails_at(nth);
		switches_boot(lever.all);
		failed = memory_is_back();
		lever.sink = switches_sink(lever.all);
		revision++;
		LEVER_LIST(revision, {"layout", revision, lever_text("1", "0", "100", "")});
		site_until(".switches.layout.running.version", "1");
		site_until(".switches.layout.running.proven", "true");
		ck_assert_str_eq(lever_variant("layout"), "b");
	}
}
END_TEST

Suite *suite_switches_memory(void)
{
	Suite *suite = suite_create("switches_memory");
	TCase *tcase = lever_case(suite, "each allocation of");
	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, a_change);
	tcase_add_test(tcase, a_switch_in_front);
	tcase_add_test(tcase, a_submission);
	tcase_add_test(tcase, a_turn_of_the_loop);
	tcase_add_test(tcase, a_start);
	return suite;
}
