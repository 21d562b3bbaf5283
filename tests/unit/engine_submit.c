/* A change with somebody waiting for the answer is a proposal: wanted only once it runs. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

#include "agent/engine/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void answered(enum engine_result result, const char *stage, const char *reason)
{
	ck_assert_int_eq(site.result, result);
	ck_assert_str_eq(site.stage, stage);
	ck_assert_msg(strstr(site.reason, reason) != NULL, "'%s' has no '%s'", site.reason,
		      reason);
}

START_TEST(it_is_answered_when_it_runs)
{
	site_submit("a", marking("1.0.0", 1, NULL));
	ck_assert_int_eq(site.answers, 1);
	answered(ENGINE_APPLIED, "", "");
	ck_assert_uint_eq(site.generation, 1);
	ck_assert_str_eq(site_status("a.state"), "running"); /* the board knows already */
	site_made_by("a", 1);
}
END_TEST

START_TEST(it_is_answered_after_its_canary)
{
	site_submit("a", marking("1.0.0", 1, CASE_GETS(1)));
	ck_assert_int_eq(site.answers, 0);
	site_until_answer();
	answered(ENGINE_APPLIED, "", "");
}
END_TEST

START_TEST(what_runs_already_is_unchanged)
{
	site_submit("a", marking("1.0.0", 1, NULL));
	site_submit("a", marking("1.0.0", 1, NULL));
	answered(ENGINE_UNCHANGED, "", "");
	ck_assert_uint_eq(site.generation, 1);
}
END_TEST

START_TEST(a_refused_one_leaves_nothing_behind)
{
	site_submit("a", "not: [yaml");
	answered(ENGINE_REJECTED, "parse", "[");
	ck_assert_uint_ge(site.findings, 1);
	site_submit("a", running("1.0.0", "missing", NULL));
	answered(ENGINE_REJECTED, "check", "'missing' not found");
	ck_assert_uint_eq(site.findings, 1);
	site_submit("a", marking("1.0.0", 1, CASE_GETS(9)));
	site_until_answer();
	answered(ENGINE_REJECTED, "canary", "expected 9, got 1");
	site_says("a.state", "-");
	site_put("missing", 1, marking("1.0.0", 1, NULL));
	site_says("a.state", "-");
	ck_assert(site_is_ready());
}
END_TEST

START_TEST(a_refused_one_does_not_touch_what_is_wanted)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_submit("a", running("1.1.0", "missing", NULL));
	answered(ENGINE_REJECTED, "check", "");
	site_says("a.state", "running");
	site_says("a.wanted.version", "1.0.0");
	site_says("a.attempted.version", "1.1.0");
	site_counts("flume_schema_last_update_successful{schema=\"a\"} 1");
}
END_TEST

START_TEST(what_is_known_as_bad_is_held)
{
	site_submit("a", marking("1.0.0", 1, CASE_GETS(9)));
	site_until_answer();
	site_submit("a", marking("1.0.0", 1, CASE_GETS(9)));
	answered(ENGINE_HELD, "", "known-bad");
}
END_TEST

START_TEST(a_newer_one_supersedes_it)
{
	site_submit("a", running("1.0.0", "gate", CASE_GETS(1)));
	while (!atomic_load(&site.at_gate))
		site_turn();
	site_put("a", 1, marking("1.1.0", 2, NULL));
	ck_assert_int_eq(site.answers, 1);
	answered(ENGINE_SUPERSEDED, "", "");
	sem_post(&site.gate);
	site_made_by("a", 2);
}
END_TEST

/* 1.1.0 is the source's, and in its canary. */
static void source_wants_one(void)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	LIST(0, {"a", 0, running("1.1.0", "gate", "cases: [{input: {id: 1}}]")});
	while (!atomic_load(&site.at_gate))
		site_turn();
}

START_TEST(what_the_source_wants_is_carried_out_when_a_proposal_was_refused)
{
	source_wants_one();
	site_submit("a", running("1.2.0", "missing", NULL));
	answered(ENGINE_REJECTED, "check", "");
	site_says("a.wanted.version", "1.1.0");
	site_submit("a", marking("1.2.1", 3, CASE_GETS(9)));
	site_until_answer();
	answered(ENGINE_REJECTED, "canary", "");
	for (int i = 0; i < 3; i++)
		sem_post(&site.gate);
	site_until("a.running.version", "1.1.0");
}
END_TEST

START_TEST(a_proposal_that_is_applied_supersedes_what_the_source_wants)
{
	source_wants_one();
	site_submit("a", marking("1.2.0", 3, NULL));
	answered(ENGINE_APPLIED, "", "");
	for (int i = 0; i < 3; i++)
		sem_post(&site.gate);
	site_says("a.state", "running");
	site_made_by("a", 3);
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"superseded\"} 1");
}
END_TEST

START_TEST(a_refused_deletion_leaves_what_the_source_wants)
{
	source_wants_one();
	site_put("b", 9, running("1.0.0", "a", NULL));
	site_submit("a", NULL);
	answered(ENGINE_IN_USE, "", "in-use");
	site_says("a.wanted.version", "1.1.0");
	site_says("a.state", "waiting");
	sem_post(&site.gate);
}
END_TEST

START_TEST(a_refused_deletion_leaves_a_held_one_held)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_put("b", 2, running("1.0.0", "a", NULL));
	site_put("c", 3, marking("1.0.0", 1, NULL));
	LIST_NOTHING(9);
	site_submit("a", NULL);
	answered(ENGINE_IN_USE, "", "in-use");
	site_says("a.state", "held");
	site_says("a.reason", "mass-delete");
	LIST_NOTHING(10);
	site_says("a.state", "held");
}
END_TEST

static void confirm(const char *name)
{
	engine_confirm(site.engine, name, site_note_answer, NULL);
}

START_TEST(a_held_deletion_is_confirmed_name_by_name)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_put("b", 2, running("1.0.0", "a", NULL));
	site_put("c", 3, marking("1.0.0", 1, NULL));
	confirm("a");
	answered(ENGINE_NOT_FOUND, "", "");
	confirm("nobody");
	answered(ENGINE_NOT_FOUND, "", "");
	LIST_NOTHING(9);
	confirm("a");
	answered(ENGINE_IN_USE, "", "in-use");
	confirm("b");
	answered(ENGINE_APPLIED, "", "");
	confirm("a");
	answered(ENGINE_APPLIED, "", "");
	site_says("a.state", "-");
	site_says("b.state", "-");
	site_says("c.state", "held");
	LIST_NOTHING(10);
	site_says("c.state", "held");
	site_put("a", 11, marking("1.0.0", 1, NULL));
	site_made_by("a", 1);
}
END_TEST

START_TEST(the_end_of_the_engine_answers_too)
{
	site_submit("a", running("1.0.0", "gate", CASE_GETS(1)));
	while (!atomic_load(&site.at_gate))
		site_turn();
	sem_post(&site.gate);
	site_restart();
	ck_assert_int_eq(site.answers, 1);
	answered(ENGINE_SUPERSEDED, "", "");
}
END_TEST

START_TEST(deletions_are_answered)
{
	site_submit("a", NULL);
	answered(ENGINE_NOT_FOUND, "", "");
	site_submit("b", marking("1.0.0", 1, NULL));
	site_submit("a", running("1.0.0", "b", NULL));
	site_submit("b", NULL);
	answered(ENGINE_IN_USE, "", "in-use");
	ck_assert_uint_eq(site.findings, 1);
	site_says("b.state", "running");
	site_submit("a", NULL);
	answered(ENGINE_APPLIED, "", "");
	site_says("a.state", "-");
	site_says("b.state", "running"); /* the refused deletion is not tried again */
}
END_TEST

START_TEST(a_list_does_not_delete_what_was_submitted)
{
	site_submit("a", marking("1.0.0", 1, NULL));
	site_put("b", 1, marking("1.0.0", 2, NULL));
	LIST_NOTHING(5);
	site_says("a.state", "running");
	site_says("b.state", "-");
	site_restart();
	LIST_NOTHING(5);
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_name_that_is_none_is_refused)
{
	site_submit("../../etc/passwd", marking("1.0.0", 1, NULL));
	answered(ENGINE_REJECTED, "parse", "not a name");
	site_submit("Large", NULL);
	answered(ENGINE_REJECTED, "parse", "not a name");
}
END_TEST

static size_t count_series(void)
{
	size_t n = 0;
	site_turn();
	site_turn();
	const struct page *page = board_take(site.board);
	for (const char *at = page->metrics; (at = strstr(at, "flume_schema_update_total{"));
	     at++)
		n++;
	board_release(site.board, page);
	return n;
}

START_TEST(names_of_what_never_ran_are_forgotten)
{
	char name[16];
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_put("b", 2, marking("1.0.0", 1, NULL));
	site_delete("b", 5);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "n%03d", i);
		site_submit(name, i % 2 ? NULL : running("1.0.0", "missing", NULL));
	}
	ck_assert_uint_le(count_series(), 70);
	site_counts("flume_schema_update_total{schema=\"n298\",outcome=\"rejected\"} 1");
	site_put("b", 3, marking("1.0.0", 1, NULL)); /* older than what b was deleted at */
	site_says("b.state", "-");
	site_put("b", 6, marking("1.0.0", 1, NULL));
	site_made_by("b", 1);
	site_made_by("a", 1);
}
END_TEST

static size_t count_files(const char *folder)
{
	char **names = NULL;
	size_t n = 0;
	ck_assert_int_eq(file_list(site_path(folder), &names, NULL), 0);
	while (names[n])
		n++;
	free(names);
	return n;
}

START_TEST(failures_of_names_that_nobody_uses_are_bounded)
{
	char name[16];
	site_put("wanted", 1, marking("1.0.0", 1, CASE_GETS(2)));
	site_until("wanted.state", "rejected");
	LIST(1, {"wanted", 1, marking("1.0.0", 1, CASE_GETS(2))});
	for (int i = 0; i < 90; i++) {
		snprintf(name, sizeof name, "n%03d", i);
		site_submit(name, marking("1.0.0", 1, CASE_GETS(2)));
		site_until_answer();
		ck_assert_int_eq(site.result, ENGINE_REJECTED);
	}
	for (int i = 0; i < 90; i++)
		site_turn();
	ck_assert_uint_eq(count_files("bad"), 65);
	site_submit("n089", marking("1.0.0", 1, CASE_GETS(2)));
	ck_assert_int_eq(site.result, ENGINE_HELD);
	ck_assert_int_eq(access(site_path("bad/wanted"), F_OK), 0);
}
END_TEST

static void submit_again(void *arg, const struct engine_answer *said)
{
	(void)arg;
	ck_assert_int_eq(said->result, ENGINE_APPLIED);
	site_submit("c", marking("1.0.0", 3, NULL));
	site_submit("a", NULL);
}

START_TEST(an_answer_may_submit_the_next_one)
{
	const char *text = marking("1.0.0", 1, NULL);
	const struct change change = {.name = "a", .text = text, .len = strlen(text)};
	engine_submit(site.engine, &change, submit_again, NULL);
	ck_assert_int_eq(site.answers, 2);
	site_says("a.state", "-");
	site_made_by("c", 3);
}
END_TEST

Suite *suite_engine_submit(void)
{
	Suite *suite = suite_create("engine_submit");
	TCase *tcase = site_case(suite, "answers");
	tcase_add_test(tcase, it_is_answered_when_it_runs);
	tcase_add_test(tcase, it_is_answered_after_its_canary);
	tcase_add_test(tcase, what_runs_already_is_unchanged);
	tcase_add_test(tcase, a_refused_one_leaves_nothing_behind);
	tcase_add_test(tcase, a_refused_one_does_not_touch_what_is_wanted);
	tcase_add_test(tcase, what_is_known_as_bad_is_held);
	tcase_add_test(tcase, a_newer_one_supersedes_it);
	tcase_add_test(tcase, the_end_of_the_engine_answers_too);
	TCase *source = site_case(suite, "beside the source");
	tcase_add_test(source,
		       what_the_source_wants_is_carried_out_when_a_proposal_was_refused);
	tcase_add_test(source, a_proposal_that_is_applied_supersedes_what_the_source_wants);
	tcase_add_test(source, a_refused_deletion_leaves_what_the_source_wants);
	tcase_add_test(source, a_refused_deletion_leaves_a_held_one_held);
	tcase_add_test(source, a_held_deletion_is_confirmed_name_by_name);
	tcase_add_test(tcase, deletions_are_answered);
	tcase_add_test(tcase, a_list_does_not_delete_what_was_submitted);
	tcase_add_test(tcase, a_name_that_is_none_is_refused);
	tcase_add_test(tcase, names_of_what_never_ran_are_forgotten);
	tcase_add_test(tcase, failures_of_names_that_nobody_uses_are_bounded);
	tcase_add_test(tcase, an_answer_may_submit_the_next_one);
	return suite;
}
