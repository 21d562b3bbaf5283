/* A disk that cannot be written, hangs, or is another costs the memory of a node, and for as long as
 * that lasts: never the service. */
#include "tests/unit/engine_fixture.h"
#include "tests/unit/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(a_folder_that_was_removed_is_filled_again)
{
	site_prove("a", 5, marking("1.0.0", 1, NULL));
	site_put("b", 6, marking("1.0.0", 2, NULL));
	site_put("b", 7, marking("1.1.0", 2, CASE_GETS(9)));
	site_until("b.state", "rejected");
	site_until_file("bad/b", true);
	char command[200];
	snprintf(command, sizeof command, "rm -rf %s", site.state);
	while (system(command) != 0) /* a file may just be written */
		continue;
	site_prove("c", 8, marking("1.0.0", 3, NULL));
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
	site_prove("b", 6, marking("1.0.0", 2, NULL));
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
	site_prove("a", 5, marking("1.0.0", 1, NULL));
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

Suite *suite_engine_bad_disk(void)
{
	Suite *suite = suite_create("engine_bad_disk");
	TCase *tcase = site_case(suite, "bad disk");
	tcase_add_test(tcase, a_folder_that_was_removed_is_filled_again);
	tcase_add_test(tcase,
		       a_disk_that_cannot_be_written_costs_the_memory_and_not_the_service);
	tcase_add_test(tcase, what_is_not_on_disk_is_not_called_proven);
	tcase_add_test(tcase, a_disk_that_is_well_again_gets_everything_without_a_restart);
	tcase_add_test(tcase, one_file_that_cannot_be_written_holds_up_no_other);
	tcase_add_test(tcase, a_disk_that_hangs_holds_up_nothing);
	tcase_add_test(tcase, what_failed_is_written_when_the_disk_is_back);
	tcase_add_test(tcase, a_removal_that_failed_is_tried_again);
	tcase_add_test(tcase, a_node_without_a_state_folder_remembers_nothing);
	return suite;
}
