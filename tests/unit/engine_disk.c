/* What a node remembers: after a restart it runs what was proven, and does not try again what
 * was bad. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void prove(const char *name, int64_t revision, const char *text)
{
	char path[64];
	site_put(name, revision, text);
	site_turn();
	snprintf(path, sizeof path, "%s.running.proven", name);
	site_until(path, "true");
}

START_TEST(what_was_proven_runs_again_without_the_store)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	ck_assert_uint_eq(site_restart(), 1);
	site_made_by("a", 1);
	site_says("a.state", "running");
	site_until("a.running.proven", "true");
	site_says("a.wanted.revision", "5");
	ck_assert(site_is_ready());
}
END_TEST

START_TEST(schemas_that_refer_to_one_another_start_together)
{
	prove("c", 1, marking("1.0.0", 3, NULL));
	prove("b", 2, running("1.0.0", "c", NULL));
	prove("a", 3, running("1.0.0", "b", NULL));
	ck_assert_uint_eq(site_restart(), 3);
	site_made_by("a", 3);
}
END_TEST

START_TEST(the_store_finds_nothing_to_change_after_a_restart)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_restart();
	LIST(9, {"a", 5, marking("1.0.0", 1, NULL)});
	site_says("a.state", "running");
	site_says("a.running.generation", "1");
}
END_TEST

START_TEST(an_orderly_end_writes_what_still_waits_for_its_turn)
{
	LIST(3, {"a", 1, marking("1.0.0", 1, NULL)}, {"b", 2, marking("1.0.0", 2, NULL)},
	     {"c", 3, marking("1.0.0", 3, NULL)});
	ck_assert_uint_eq(site_restart(), 3);
	site_made_by("c", 3);
}
END_TEST

START_TEST(during_probation_the_proven_generation_is_the_one_on_disk)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	site_says("a.state", "probation");
	site_restart();
	site_made_by("a", 1);
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.state", "probation");
	site_made_by("a", 2);
}
END_TEST

START_TEST(after_probation_the_new_generation_is_on_disk)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, SHORT_PROBATION));
	site_says("a.running.proven", "false");
	site_call_times("a", 4);
	site_until("a.running.proven", "true");
	site_restart();
	site_made_by("a", 2);
}
END_TEST

START_TEST(what_ended_without_a_verdict_runs_again_and_says_so)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, SHORT_PROBATION));
	site_until("a.running.verdict", "inconclusive");
	site_turn();
	site_restart();
	site_made_by("a", 2);
	site_says("a.running.proven", "false");
	site_says("a.running.verdict", "inconclusive");
}
END_TEST

START_TEST(a_failed_canary_is_remembered_over_a_restart)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site_restart();
	LIST(6, {"a", 6, marking("1.1.0", 2, CASE_GETS(9))});
	site_says("a.state", "held");
	site_says("a.reason", "known-bad");
	site_says("a.wanted.version", "1.1.0");
	site_says("a.attempted.stage", "canary");
	site_says_part("a.attempted.error", "expected 9, got 2");
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_rollback_is_remembered_over_a_restart)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, LONG_PROBATION));
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_restart();
	site_made_by("a", 1);
	LIST(6, {"a", 6, marking("1.1.0", 2, LONG_PROBATION)});
	site_says("a.reason", "known-bad");
	site_says("a.attempted.stage", "probation");
}
END_TEST

/* It was on probation when others failed. */
START_TEST(a_breaker_that_a_good_one_closed_is_closed_after_a_restart)
{
	site.options.breaker_failures = 2;
	site_restart();
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", 2, "probation: {duration: 2s, min_requests: 4}"));
	site_put("a", 7, marking("1.2.0", 3, CASE_GETS(9)));
	site_until("a.attempted.version", "1.2.0");
	site_put("a", 8, marking("1.3.0", 4, CASE_GETS(9)));
	site_until("a.attempted.version", "1.3.0");
	site_put("a", 9, marking("1.4.0", 5, NULL));
	site_says("a.reason", "update-breaker");
	site_call_times("a", 4);
	site_until("a.running.proven", "true");
	site_restart();
	site_put("a", 10, marking("1.5.0", 6, NULL));
	site_made_by("a", 6);
}
END_TEST

START_TEST(a_deleted_schema_does_not_come_back_from_disk)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_delete("a", 6);
	ck_assert_uint_eq(site_restart(), 0);
	ck_assert_int_eq(site_call("a"), FLUME_NOT_FOUND);
}
END_TEST

/* ---- revisions ---- */

START_TEST(a_lagging_member_does_not_take_a_node_back_after_a_restart)
{
	prove("a", 5, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(9, {"a", 5, marking("1.1.0", 2, NULL)});
	site_put("a", 4, marking("1.0.0", 1, NULL));
	LIST(4, {"a", 4, marking("1.0.0", 1, NULL)});
	site_made_by("a", 2);
	site_says("a.wanted.revision", "5");
}
END_TEST

START_TEST(a_store_that_was_wiped_while_the_node_was_away_is_followed)
{
	prove("a", 500, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(7, {"a", 3, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
	site_says("a.wanted.revision", "3");
}
END_TEST

START_TEST(a_store_that_was_wiped_and_has_grown_since_is_followed)
{
	prove("a", 5, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(9, {"a", 3, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
}
END_TEST

START_TEST(another_text_at_the_revision_before_that_of_the_copy_is_news)
{
	prove("a", 10, marking("1.1.0", 2, NULL));
	site_restart();
	LIST(15, {"a", 9, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
	site_says("a.wanted.revision", "9");
}
END_TEST

START_TEST(another_text_at_the_revision_that_was_seen_is_news)
{
	prove("a", 10, marking("1.0.0", 1, NULL));
	LIST(15, {"a", 10, marking("1.1.0", 2, NULL)});
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_store_that_went_back_is_followed_when_the_source_says_so)
{
	prove("a", 500, marking("1.1.0", 2, NULL));
	site.sink.reset(site.sink.arg, 2);
	LIST(2, {"a", 2, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
	site_says("a.wanted.revision", "2");
}
END_TEST

/* ---- a bad disk ---- */

START_TEST(a_damaged_copy_is_passed_over)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	prove("b", 6, marking("1.0.0", 2, NULL));
	site_stop();
	ck_assert_int_eq(truncate(site_path("proven/a"), 300), 0);
	site_write("proven/c", "no copy at all");
	site_write("proven/NOT-A-NAME", "x");
	site_write("proven/.d", "half");
	site_write("bad/b", "{");
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("b", 2);
	ck_assert_int_eq(site_call("a"), FLUME_NOT_FOUND);
	ck_assert_int_eq(access(site_path("proven/.d"), F_OK), -1);
}
END_TEST

START_TEST(a_copy_that_no_longer_checks_is_passed_over)
{
	prove("b", 5, marking("1.0.0", 1, NULL));
	prove("a", 6, running("1.0.0", "b", NULL));
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/b")), 0);
	ck_assert_uint_eq(site_start(), 0);
	LIST(9, {"a", 6, running("1.0.0", "b", NULL)}, {"b", 5, marking("1.0.0", 1, NULL)});
	site_made_by("a", 1);
}
END_TEST

/* As of an agent that lacks what it takes: a rollout of that agent has to stop here. */
START_TEST(a_node_that_lost_what_it_served_is_not_settled)
{
	prove("b", 5, marking("1.0.0", 1, NULL));
	prove("a", 6, running("1.0.0", "b", NULL));
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/b")), 0);
	ck_assert_uint_eq(site_start(), 0);
	LIST(9, {"a", 6, running("1.0.0", "b", NULL)});
	site_until("a.state", "rejected");
	ck_assert(!site_is_settled());
}
END_TEST

START_TEST(a_copy_that_could_not_be_used_goes_with_its_schema)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_stop();
	ck_assert_int_eq(truncate(site_path("proven/a"), 300), 0);
	ck_assert_uint_eq(site_start(), 0);
	site_put("a", 6, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("a.state", "rejected");
	site_delete("a", 7);
	ck_assert_int_eq(access(site_path("proven/a"), F_OK), -1);
}
END_TEST

/* ---- copies before the last one ---- */

static void prove_three(void)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	prove("a", 6, marking("1.1.0", 2, NULL));
	site_until("a.running.proven", "true");
	prove("a", 7, marking("1.2.0", 3, NULL));
	site_until("a.running.proven", "true");
}

START_TEST(a_damaged_copy_gives_way_to_the_one_before)
{
	prove_three();
	site_stop();
	site_write("proven/a", "spoilt");
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 2);
	site_says("a.wanted.revision", "6");
	site_counts("flume_disk_unusable_copies 1");
	LIST(7, {"a", 7, marking("1.2.0", 3, NULL)});
	site_made_by("a", 3);
}
END_TEST

START_TEST(of_three_copies_one_is_enough)
{
	prove_three();
	site_stop();
	ck_assert_int_eq(truncate(site_path("proven/a"), 20), 0);
	ck_assert_int_eq(truncate(site_path("proven/a@1"), 300), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 1);
	site_until("a.running.proven", "true");
	/* It was mended: that copy is the last one now. */
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/a@1")), 0);
	ck_assert_int_eq(unlink(site_path("proven/a@2")), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 1);
	site_counts("flume_disk_unusable_copies 0");
}
END_TEST

START_TEST(a_last_copy_that_is_gone_is_no_loss_but_of_one)
{
	prove_three();
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/a")), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_copy_that_no_longer_checks_gives_way_to_the_one_before)
{
	prove("b", 4, marking("1.0.0", 1, NULL));
	prove("a", 5, marking("1.0.0", 5, NULL));
	site_until("a.running.proven", "true");
	prove("a", 6, running("1.1.0", "b", NULL));
	site_until("a.running.proven", "true");
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/b")), 0);
	ck_assert_uint_eq(site_start(), 1);
	site_made_by("a", 5);
}
END_TEST

START_TEST(one_that_goes_back_takes_no_other_with_it)
{
	prove("b", 3, marking("1.0.0", 1, NULL));
	prove("c", 4, marking("1.0.0", 7, NULL));
	prove("b", 5, running("1.1.0", "c", NULL));
	prove("a", 6, marking("1.0.0", 9, NULL));
	prove("a", 7, running("1.1.0", "b", NULL));
	site_until("a.running.proven", "true");
	site_stop();
	ck_assert_int_eq(unlink(site_path("proven/c")), 0);
	ck_assert_uint_eq(site_start(), 2);
	site_made_by("b", 1);
	site_made_by("a", 9); /* both waited for another: neither can be told from the other */
}
END_TEST

/* ---- a disk that comes and goes ---- */

START_TEST(a_folder_that_was_removed_is_filled_again)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("b", 6, marking("1.0.0", 2, NULL));
	site_put("b", 7, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("b.state", "rejected");
	site_until_file("bad/b", true);
	char command[200];
	snprintf(command, sizeof command, "rm -rf %s", site.state);
	while (system(command) != 0) /* a file may just be written */
		continue;
	prove("c", 8, marking("1.0.0", 3, NULL));
	site_until("a.running.proven", "true");
	site_until(".disk.ok", "true");
	ck_assert_uint_eq(site_restart(), 3);
	LIST(8, {"a", 5, marking("1.0.0", 1, NULL)},
	     {"b", 7, marking("1.1.0", 2, CASE_GETS(9))}, {"c", 8, marking("1.0.0", 3, NULL)});
	site_says("b.reason", "known-bad");
}
END_TEST

START_TEST(a_disk_that_cannot_be_written_costs_the_memory_and_not_the_service)
{
	if (geteuid() ==
	    0) { /* root writes anywhere: a file in the folder's place stops it too */
		site_turn();
		ck_assert_int_eq(rmdir(site_path("proven")), 0);
		site_write("proven", "in the way");
	} else {
		ck_assert_int_eq(chmod(site_path("proven"), 0500), 0);
	}
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until(".disk.ok", "false");
	site_says_part(".disk.why", "proven");
	site_says("a.state", "running");
	site_made_by("a", 1);
	ck_assert(site_is_ready());
}
END_TEST

/* A file in the folder's place stops root too. */
static void break_disk(void)
{
	site_turn();
	ck_assert_int_eq(rename(site_path("proven"), site_path("away")), 0);
	site_write("proven", "in the way");
}

static void mend_disk(void)
{
	ck_assert_int_eq(unlink(site_path("proven")), 0);
	ck_assert_int_eq(rename(site_path("away"), site_path("proven")), 0);
}

START_TEST(what_is_not_on_disk_is_not_called_proven)
{
	break_disk();
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until(".disk.ok", "false");
	site_says("a.running.proven", "false");
	mend_disk();
	ck_assert_uint_eq(site_restart(), 1); /* an orderly end tries once more */
	site_until("a.running.proven", "true");
}
END_TEST

START_TEST(a_disk_that_is_well_again_gets_everything_without_a_restart)
{
	break_disk();
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("b", 6, marking("1.0.0", 2, NULL));
	site_until(".disk.ok", "false");
	site_counts("flume_disk_ok 0");
	mend_disk();
	site_until(".disk.ok", "true");
	site_counts("flume_disk_ok 1");
	site_until("a.running.proven", "true");
	site_until("b.running.proven", "true");
	ck_assert_uint_eq(site_restart(), 2);
}
END_TEST

START_TEST(one_file_that_cannot_be_written_holds_up_no_other)
{
	ck_assert_int_eq(mkdir(site_path("proven/.a"), 0700), 0);
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until(".disk.ok", "false");
	prove("b", 6, marking("1.0.0", 2, NULL));
	site_says("a.running.proven", "false");
	site_says(".disk.ok", "false");
	ck_assert_int_eq(rmdir(site_path("proven/.a")), 0);
	site_until(".disk.ok", "true");
	site_until("a.running.proven", "true");
}
END_TEST

/* Opening a pipe that nobody reads for writing hangs, as a dead disk does. */
START_TEST(a_disk_that_hangs_holds_up_nothing)
{
	ck_assert_int_eq(mkfifo(site_path("proven/.a"), 0600), 0);
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("b", 6, marking("1.0.0", 2, NULL));
	site_turn();
	site_put("a", 7, marking("1.1.0", 3, NULL));
	site_made_by("a", 3);
	site_made_by("b", 2);
	site_says("b.running.proven", "false");
	site_until_told(); /* the status waits a moment for the disk, and no longer */
	site_until(".disk.ok", "false");
	site_says_part(".disk.why", "does not answer");
	int reader = open(site_path("proven/.a"), O_RDWR | O_NONBLOCK);
	site_until("a.running.proven", "true");
	site_until("b.running.proven", "true");
	site_says(".disk.ok", "true");
	close(reader);
}
END_TEST

START_TEST(a_thousand_schemas_are_on_disk_soon)
{
	char name[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "s%03d", i);
		site_put(name, i + 1, marking("1.0.0", i, NULL));
	}
	site_until_file("proven/s999", true);
	site_until("s999.running.proven", "true");
	ck_assert_uint_eq(site_restart(), 1000);
	site_made_by("s999", 999);
}
END_TEST

START_TEST(what_failed_is_written_when_the_disk_is_back)
{
	site_turn();
	ck_assert_int_eq(rename(site_path("bad"), site_path("away")), 0);
	site_write("bad", "in the way");
	site_put("a", 5, marking("1.0.0", 1, CASE_GETS(2)));
	site_until(".disk.ok", "false");
	ck_assert_int_eq(unlink(site_path("bad")), 0);
	ck_assert_int_eq(rename(site_path("away"), site_path("bad")), 0);
	site_until(".disk.ok", "true");
	site_crash();
	LIST(5, {"a", 5, marking("1.0.0", 1, CASE_GETS(2))});
	site_says("a.reason", "known-bad");
}
END_TEST

START_TEST(a_removal_that_failed_is_tried_again)
{
	prove("a", 5, marking("1.0.0", 1, NULL));
	break_disk();
	site_delete("a", 6);
	site_until(".disk.ok", "false");
	site_says("a.state", "-");
	mend_disk();
	ck_assert_int_eq(access(site_path("proven/a"), F_OK), 0);
	ck_assert_uint_eq(site_restart(), 0);
	ck_assert_int_eq(access(site_path("proven/a"), F_OK), -1);
}
END_TEST

START_TEST(a_node_without_a_state_folder_remembers_nothing)
{
	site.options.state_dir = NULL;
	site_restart();
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
	site_says(".disk", "-");
	ck_assert_uint_eq(site_restart(), 0);
}
END_TEST

START_TEST(a_hundred_schemas_start_from_disk)
{
	char name[16];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "s%03d", i);
		site_put(name, i + 1, marking("1.0.0", i, NULL));
	}
	site_until("s099.running.proven", "true");
	ck_assert_uint_eq(site_restart(), 100);
	site_made_by("s042", 42);
}
END_TEST

Suite *suite_engine_disk(void)
{
	Suite *suite = suite_create("engine_disk");
	TCase *start = site_case(suite, "start");
	tcase_add_test(start, what_was_proven_runs_again_without_the_store);
	tcase_add_test(start, schemas_that_refer_to_one_another_start_together);
	tcase_add_test(start, the_store_finds_nothing_to_change_after_a_restart);
	tcase_add_test(start, an_orderly_end_writes_what_still_waits_for_its_turn);
	tcase_add_test(start, during_probation_the_proven_generation_is_the_one_on_disk);
	tcase_add_test(start, after_probation_the_new_generation_is_on_disk);
	tcase_add_test(start, what_ended_without_a_verdict_runs_again_and_says_so);
	tcase_add_test(start, a_failed_canary_is_remembered_over_a_restart);
	tcase_add_test(start, a_rollback_is_remembered_over_a_restart);
	tcase_add_test(start, a_breaker_that_a_good_one_closed_is_closed_after_a_restart);
	tcase_add_test(start, a_deleted_schema_does_not_come_back_from_disk);
	tcase_add_test(start, a_hundred_schemas_start_from_disk);
	tcase_add_test(start, a_thousand_schemas_are_on_disk_soon);
	TCase *back = site_case(suite, "copies before");
	tcase_add_test(back, a_damaged_copy_gives_way_to_the_one_before);
	tcase_add_test(back, of_three_copies_one_is_enough);
	tcase_add_test(back, a_last_copy_that_is_gone_is_no_loss_but_of_one);
	tcase_add_test(back, a_copy_that_no_longer_checks_gives_way_to_the_one_before);
	tcase_add_test(back, one_that_goes_back_takes_no_other_with_it);
	TCase *revisions = site_case(suite, "revisions");
	tcase_add_test(revisions, a_lagging_member_does_not_take_a_node_back_after_a_restart);
	tcase_add_test(revisions, a_store_that_was_wiped_while_the_node_was_away_is_followed);
	tcase_add_test(revisions, a_store_that_was_wiped_and_has_grown_since_is_followed);
	tcase_add_test(revisions, another_text_at_the_revision_before_that_of_the_copy_is_news);
	tcase_add_test(revisions, another_text_at_the_revision_that_was_seen_is_news);
	tcase_add_test(revisions, a_store_that_went_back_is_followed_when_the_source_says_so);
	TCase *bad = site_case(suite, "bad disk");
	tcase_add_test(bad, a_damaged_copy_is_passed_over);
	tcase_add_test(bad, a_copy_that_no_longer_checks_is_passed_over);
	tcase_add_test(bad, a_node_that_lost_what_it_served_is_not_settled);
	tcase_add_test(bad, a_copy_that_could_not_be_used_goes_with_its_schema);
	tcase_add_test(bad, a_disk_that_cannot_be_written_costs_the_memory_and_not_the_service);
	tcase_add_test(bad, what_is_not_on_disk_is_not_called_proven);
	tcase_add_test(bad, a_disk_that_is_well_again_gets_everything_without_a_restart);
	tcase_add_test(bad, a_disk_that_hangs_holds_up_nothing);
	tcase_add_test(bad, one_file_that_cannot_be_written_holds_up_no_other);
	tcase_add_test(bad, a_folder_that_was_removed_is_filled_again);
	tcase_add_test(bad, what_failed_is_written_when_the_disk_is_back);
	tcase_add_test(bad, a_removal_that_failed_is_tried_again);
	tcase_add_test(bad, a_node_without_a_state_folder_remembers_nothing);
	return suite;
}
