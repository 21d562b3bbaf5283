#include "tests/unit/engine_fixture.h"
#include "tests/unit/suites.h"

#include "agent/engine/extra.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WANTS(mark) "cases: [{name: theirs, input: {id: 1}, expect: {made_by: " #mark "}}]\n"

static void open_all(void)
{
	site_open();
	site_open_sides();
}

/* ---- the document ---- */

static const struct {
	const char *text, *code; /* NULL: it is fine */
} documents[] = {
	{WANTS(1), NULL},
	{"max_latency: 20ms\n" WANTS(1), NULL},
	{"x-owner: payments\n" WANTS(1), NULL},
	{"cases: []\n", NULL},
	{"{\"cases\": [{\"input\": {}}]}", NULL},
	{"", "syntax"},
	{"[]", "wrong-type"},
	{"max_latency: 20ms\n", "missing-key"},
	{"cases: {input: {}}\n", "wrong-type"},
	{"cases: [{expect: {}}]\n", "missing-key"},
	{"cases: [{input: {}, expect: {}, expect_dropped: true}]\n", "exclusive"},
	{"probation: {duration: 1s}\n" WANTS(1), "unknown-key"},
	{"max_latency: soon\n" WANTS(1), "bad-duration"},
	{"cases: [\n", "syntax"},
};

START_TEST(a_document_of_cases_is_what_the_canary_of_a_schema_is)
{
	flume_schema *schema = NULL;
	flume_report *report = flume_report_new();
	const char *text = documents[_i].text, *code = documents[_i].code;
	int rc = extra_read(&schema, text, strlen(text), *text == '{' ? FLUME_JSON : FLUME_YAML,
			    report);
	if (code) {
		ck_assert_msg(rc < 0 && flume_report_size(report), "%s", text);
		ck_assert_str_eq(flume_report_get_issue(report, 0)->code, code);
	} else {
		ck_assert_msg(!rc, "%s: %s", text,
			      flume_report_size(report)
				      ? flume_report_get_issue(report, 0)->text
				      : "");
		ck_assert_ptr_nonnull(flume_schema_get_canary(schema));
	}
	flume_schema_unref(schema);
	flume_report_free(report);
}
END_TEST

/* ---- in force ---- */

START_TEST(a_candidate_has_to_meet_them_too)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.version", "1.0.0");
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(2)));
	site_until("a.state", "rejected");
	site_says("a.attempted.stage", "canary");
	site_says_part("a.attempted.error",
		       "of canaries/a, case 'theirs': made_by: expected 1, got 2");
	site_made_by("a", 1);
	site_says(".canaries.a.cases", "1");
}
END_TEST

START_TEST(the_status_has_those_of_several_schemas)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_say(ENGINE_CASES, "b", 5, "cases: 7");
	site_say(ENGINE_CASES, "c", 6, WANTS(1));
	site_says(".canaries.a.cases", "1");
	site_says_part(".canaries.b.error", "cases");
	site_says(".canaries.c.cases", "1");
}
END_TEST

START_TEST(many_come_to_the_disk_a_few_at_a_time)
{
	char name[32];
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof name, "c%d", i);
		site_say(ENGINE_CASES, name, 4 + i, WANTS(1));
	}
	site_until_file("canaries/c149", true);
	for (int i = 0; i < 149; i++) {
		snprintf(name, sizeof name, "canaries/c%d", i);
		site_until_file(name, true);
	}
	site_crash();
	site_says(".canaries.c0.cases", "1");
	site_says(".canaries.c149.cases", "1");
}
END_TEST

START_TEST(they_touch_nothing_that_runs)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_says("a.state", "running");
	site_say(ENGINE_CASES, "a", 6, WANTS(9));
	site_says("a.state", "running");
	site_made_by("a", 1);
	site_says("a.running.generation", "1");
}
END_TEST

START_TEST(what_they_refused_is_tried_again_when_they_change)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.version", "1.0.0");
	site_put("a", 6, marking("1.1.0", 2, NULL));
	site_until("a.state", "rejected");
	site_say(ENGINE_CASES, "a", 7, WANTS(2));
	site_until("a.running.version", "1.1.0");
	site_says("a.state", "running");
}
END_TEST

START_TEST(what_they_refused_is_tried_again_when_they_are_gone)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_put("a", 6, marking("1.1.0", 2, NULL));
	site_until("a.state", "rejected");
	site_say(ENGINE_CASES, "a", 7, NULL);
	site_until("a.running.version", "1.1.0");
	site_says(".canaries", "-");
}
END_TEST

START_TEST(what_failed_a_case_of_its_own_is_tried_again_once_with_others)
{
	site_put("a", 5, marking("1.0.0", 1, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"rejected\"} 1");
	site_say(ENGINE_CASES, "a", 7, WANTS(1));
	site_until("a.state", "rejected");
	for (int i = 0; i < 20; i++)
		site_turn();
	site_say(ENGINE_CASES, "b", 8, WANTS(1));
	for (int i = 0; i < 20; i++)
		site_turn();
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"rejected\"} 2");
}
END_TEST

START_TEST(the_same_cases_again_are_no_news)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_put("a", 6, marking("1.1.0", 2, NULL));
	site_until("a.state", "rejected");
	site_say(ENGINE_CASES, "a", 7, "# a comment\n" WANTS(1));
	for (int i = 0; i < 20; i++)
		site_turn();
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"rejected\"} 1");
	site_says("a.state", "rejected");
}
END_TEST

START_TEST(those_of_its_users_are_met_too)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_says("a.state", "running");
	site_say(ENGINE_CASES, "a", 3, WANTS(1));
	site_put("b", 4, marking("1.1.0", 2, NULL));
	site_until("b.state", "rejected");
	site_says_part("b.attempted.error",
		       "schema 'a', which refers to it: of canaries/a, case 'theirs'");
	site_made_by("a", 1);
	site_say(ENGINE_CASES, "a", 5, WANTS(2));
	site_until("b.running.version", "1.1.0");
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_candidate_in_its_canary_begins_anew_with_other_cases)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, running("1.1.0", "gate", "cases: [{input: {id: 1}}]"));
	while (atomic_load(&site.at_gate) < 1)
		site_turn();
	site_say(ENGINE_CASES, "a", 7, WANTS(3));
	sem_post(&site.gate); /* its own case passes */
	while (atomic_load(&site.at_gate) < 2)
		site_turn();
	sem_post(&site.gate);
	while (atomic_load(&site.at_gate) < 3)
		site_turn();
	sem_post(&site.gate);
	site_until("a.state", "rejected");
	site_says_part("a.attempted.error", "of canaries/a");
	site_made_by("a", 1);
}
END_TEST

/* ---- broken ones ---- */

START_TEST(a_broken_document_leaves_the_last_good_one_in_force)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.version", "1.0.0");
	site_say(ENGINE_CASES, "a", 6, "cases: [{inptu: {}}]\n");
	site_says_part(".canaries.a.error", "a:1:9: 'input' is required [missing-key]");
	site_says(".canaries.a.revision", "4");
	site_put("a", 7, marking("1.1.0", 2, NULL));
	site_until("a.state", "rejected");
	site_says_part("a.attempted.error", "case 'theirs'");
	site_say(ENGINE_CASES, "a", 8, WANTS(2));
	site_says(".canaries.a.error", "-");
	site_until("a.running.version", "1.1.0");
}
END_TEST

START_TEST(a_first_document_that_is_broken_is_told_and_stops_nobody)
{
	site_say(ENGINE_CASES, "a", 4, "cases: 1\n");
	site_says_part(".canaries.a.error", "expected a list of cases");
	site_put("a", 5, marking("1.0.0", 1, CASE_GETS(1)));
	site_until("a.running.version", "1.0.0");
	site_says(".canaries.a.digest", "-");
}
END_TEST

/* ---- on disk ---- */

START_TEST(a_node_without_its_store_has_them_still)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_say(ENGINE_CASES, "a", 5, "broken");
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
	site_crash();
	site_says(".canaries.a.revision", "4");
	site_submit("a", marking("1.1.0", 2, NULL));
	site_until_answer();
	ck_assert_int_eq(site.result, ENGINE_REJECTED);
	ck_assert_msg(strstr(site.reason, "of canaries/a") != NULL, "%s", site.reason);
}
END_TEST

START_TEST(those_that_are_gone_leave_the_disk)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_turn();
	ck_assert_int_eq(access(site_path("canaries/a"), F_OK), 0);
	site_say(ENGINE_CASES, "a", 5, NULL);
	site_turn();
	ck_assert_int_eq(access(site_path("canaries/a"), F_OK), -1);
	site_restart();
	site_says(".canaries", "-");
}
END_TEST

START_TEST(a_list_replaces_those_on_disk)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_turn();
	site_restart();
	site_await_sides();
	site_list_side(ENGINE_CASES, "b", 9, WANTS(1));
	site_says(".canaries.a", "-");
	site_says(".canaries.b.revision", "9");
}
END_TEST

START_TEST(a_damaged_file_is_passed_over)
{
	site_say(ENGINE_CASES, "a", 4, WANTS(1));
	site_turn();
	site_stop();
	site_write("canaries/a", "{\"flume\":1}\n");
	site_write("canaries/.a", "half");
	site_start();
	site_says(".canaries", "-");
}
END_TEST

/* ---- the start ---- */

START_TEST(no_candidate_is_judged_before_the_first_list)
{
	site_restart();
	site_await_sides();
	LIST(5, {"a", 5, marking("1.0.0", 1, NULL)});
	for (int i = 0; i < 5; i++)
		site_says("a.state", "waiting");
	site_says("a.reason", "starting");
	for (size_t i = 0; i < ENGINE_SIDES; i++) {
		site_says("a.state", "waiting");
		if (i == ENGINE_CASES)
			site_list_side((enum engine_side)i, "a", 4, WANTS(2));
		else
			site_list_side((enum engine_side)i, NULL, 4, NULL);
	}
	site_until("a.state", "rejected");
}
END_TEST

START_TEST(a_side_that_is_silent_is_not_waited_for_for_ever)
{
	site_restart();
	site_await_sides();
	LIST(5, {"a", 5, marking("1.0.0", 1, NULL)});
	site_says("a.state", "waiting");
	site_until("a.state", "running");
}
END_TEST

Suite *suite_engine_extra(void)
{
	Suite *suite = suite_create("engine_extra");
	TCase *document = tcase_create("document");
	tcase_add_loop_test(document, a_document_of_cases_is_what_the_canary_of_a_schema_is, 0,
			    (int)(sizeof documents / sizeof *documents));
	suite_add_tcase(suite, document);
	TCase *force = tcase_create("in force");
	tcase_add_checked_fixture(force, open_all, site_close);
	tcase_set_timeout(force, 60);
	tcase_add_test(force, a_candidate_has_to_meet_them_too);
	tcase_add_test(force, they_touch_nothing_that_runs);
	tcase_add_test(force, the_status_has_those_of_several_schemas);
	tcase_add_test(force, many_come_to_the_disk_a_few_at_a_time);
	tcase_add_test(force, what_they_refused_is_tried_again_when_they_change);
	tcase_add_test(force, what_they_refused_is_tried_again_when_they_are_gone);
	tcase_add_test(force, what_failed_a_case_of_its_own_is_tried_again_once_with_others);
	tcase_add_test(force, the_same_cases_again_are_no_news);
	tcase_add_test(force, those_of_its_users_are_met_too);
	tcase_add_test(force, a_candidate_in_its_canary_begins_anew_with_other_cases);
	tcase_add_test(force, a_broken_document_leaves_the_last_good_one_in_force);
	tcase_add_test(force, a_first_document_that_is_broken_is_told_and_stops_nobody);
	tcase_add_test(force, a_node_without_its_store_has_them_still);
	tcase_add_test(force, those_that_are_gone_leave_the_disk);
	tcase_add_test(force, a_list_replaces_those_on_disk);
	tcase_add_test(force, a_damaged_file_is_passed_over);
	tcase_add_test(force, no_candidate_is_judged_before_the_first_list);
	tcase_add_test(force, a_side_that_is_silent_is_not_waited_for_for_ever);
	suite_add_tcase(suite, force);
	return suite;
}
