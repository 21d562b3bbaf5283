/* The files of a folder: what each way of saving leads to, and which of them are schemas. */
#include "tests/unit/dir_fixture.h"
#include "tests/unit/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(what_is_there_at_the_start_is_one_list)
{
	dir_put("b.json", "2");
	dir_put("a.yaml", "1");
	dir_put("c.yml", "3");
	dir_follow(0);
	dir_expect("a=1 b=2(json) c=3");
	ck_assert_uint_eq(dir_site.batches, 1);
	ck_assert_uint_eq(dir_site.proofs, 1);
	ck_assert(dir_site.up);
}
END_TEST

START_TEST(what_could_not_be_taken_in_is_said_again)
{
	dir_put("a.yaml", "1");
	dir_site.fails = 1;
	dir_follow(0);
	dir_until_batches(2);
	ck_assert_str_eq(dir_site.seen, "a=1");
	dir_expect_link(true);
	dir_site.fails = 1;
	dir_put("a.yaml", "2");
	dir_until_batches(4);
	ck_assert_str_eq(dir_site.seen, "a=2");
}
END_TEST

START_TEST(an_empty_folder_is_an_empty_list)
{
	dir_follow(0);
	dir_expect("");
}
END_TEST

START_TEST(each_way_of_saving_is_seen)
{
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
	dir_put("a.yaml", "2");
	dir_expect("a=2");
	dir_put(".a.yaml.swp", "3");
	dir_move(".a.yaml.swp", "a.yaml");
	dir_expect("a=3");
	dir_put("b.yaml", "new");
	dir_expect("a=3 b=new");
	char here[512], outside[512];
	dir_path(outside, "../outside");
	FILE *f = fopen(outside, "w");
	ck_assert_ptr_nonnull(f);
	fputs("linked", f);
	fclose(f);
	dir_link("../outside", "c.yaml");
	dir_expect("a=3 b=new c=linked");
	dir_path(here, "d.yaml");
	ck_assert_int_eq(link(outside, here), 0);
	dir_expect("a=3 b=new c=linked d=linked");
}
END_TEST

START_TEST(touching_a_file_is_no_change)
{
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
	dir_put("a.yaml", "1");
	dir_put("b.yaml", "2");
	dir_expect("a=1 b=2");
	size_t proofs = dir_site.proofs;
	dir_put("b.yaml", "2");
	dir_until_proofs(proofs + 1);
	ck_assert_uint_eq(dir_site.batches, 2);
}
END_TEST

START_TEST(a_file_is_gone_when_it_stays_away)
{
	dir_put("a.yaml", "1");
	dir_put("b.yaml", "2");
	dir_follow(0);
	dir_expect("a=1 b=2");
	dir_drop("b.yaml");
	dir_expect("a=1");
}
END_TEST

START_TEST(a_file_that_is_moved_aside_and_written_again_was_never_gone)
{
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
	size_t proofs = dir_site.proofs;
	dir_move("a.yaml", "a.yaml~");
	dir_until_proofs(proofs + 1); /* it was looked for, and is missing */
	ck_assert_str_eq(dir_site.seen, "a=1");
	dir_put("a.yaml", "2");
	dir_expect("a=2");
	ck_assert_uint_eq(dir_site.batches, 2);
}
END_TEST

START_TEST(a_file_is_gone_even_in_a_folder_that_is_never_quiet)
{
	dir_put("a.yaml", "1");
	dir_put("b.yaml", "2");
	dir_follow(0);
	dir_expect("a=1 b=2");
	dir_drop("b.yaml");
	for (int i = 0; strcmp(dir_site.seen, "a=1") != 0; i++) {
		ck_assert_int_lt(i, 500);
		dir_put("noise", "x");
		dir_go_on_for(20);
	}
}
END_TEST

START_TEST(a_config_map_swap_is_one_list)
{
	char path[512];
	dir_path(path, "..one");
	ck_assert_int_eq(mkdir(path, 0777), 0);
	dir_put("..one/a.yaml", "1");
	dir_put("..one/b.yaml", "1");
	dir_link("..one", "..data");
	dir_link("..data/a.yaml", "a.yaml");
	dir_link("..data/b.yaml", "b.yaml");
	dir_follow(0);
	dir_expect("a=1 b=1");
	dir_path(path, "..two");
	ck_assert_int_eq(mkdir(path, 0777), 0);
	dir_put("..two/a.yaml", "2");
	dir_put("..two/b.yaml", "2");
	dir_link("..two", "..data_tmp");
	dir_move("..data_tmp", "..data");
	dir_expect("a=2 b=2");
	ck_assert_uint_eq(dir_site.batches, 2);
}
END_TEST

/* "1" to "9" in place, 30 ms apart. */
static void write_slowly(const char *file)
{
	char path[512];
	dir_path(path, file);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666);
	ck_assert_int_ge(fd, 0);
	for (char c = '1'; c <= '9'; c++) {
		ck_assert_int_eq(write(fd, &c, 1), 1);
		dir_put("b.yaml", "2"); /* its event calls for a look */
		dir_go_on_for(30);
		ck_assert(!dir_site.seen || !strstr(dir_site.seen, "a=") ||
			  !strncmp(dir_site.seen, "a=old", 5));
	}
	close(fd);
}

START_TEST(a_file_that_is_being_written_is_waited_for)
{
	dir_put("a.yaml", "old");
	dir_follow(0);
	dir_expect("a=old");
	write_slowly("a.yaml");
	dir_expect("a=123456789 b=2");
}
END_TEST

START_TEST(a_file_that_is_being_written_is_waited_for_by_the_clock_too)
{
	dir_put("a.yaml", "old");
	dir_follow(20000000);
	dir_expect("a=old");
	write_slowly("a.yaml");
	dir_expect("a=123456789 b=2");
}
END_TEST

START_TEST(a_file_that_is_written_at_the_start_is_waited_for)
{
	dir_follow(0);
	write_slowly("a.yaml");
	dir_expect("a=123456789 b=2");
	ck_assert_uint_le(dir_site.batches, 2);
}
END_TEST

START_TEST(a_file_that_is_written_for_ever_holds_up_no_other)
{
	char path[512];
	dir_put("a.yaml", "old");
	dir_follow(20000000);
	dir_expect("a=old");
	dir_path(path, "a.yaml");
	int fd = open(path, O_WRONLY | O_APPEND);
	dir_put("b.yaml", "2");
	for (int64_t end_at = loop_now() + 8000000000;
	     strcmp(dir_site.seen, "a=old b=2") != 0;) {
		ck_assert_int_lt(loop_now(), end_at);
		ck_assert_int_eq(write(fd, "x", 1), 1);
		loop_step(dir_site.loop, 10);
	}
	close(fd);
}
END_TEST

START_TEST(what_cannot_be_a_schema_is_passed_over)
{
	dir_put("README.md", "x");
	dir_put(".hidden.yaml", "x");
	dir_put("a.yaml~", "x");
	dir_put("#a.yaml#", "x");
	dir_put("Upper.yaml", "x");
	dir_put("with space.json", "x");
	dir_put("flume.schema.json", "{}");
	dir_put(".yaml", "x");
	dir_link("nowhere", "dangling.yaml");
	char path[512];
	dir_path(path, "folder.yaml");
	ck_assert_int_eq(mkdir(path, 0777), 0);
	dir_path(path, "pipe.yaml");
	ck_assert_int_eq(mkfifo(path, 0666), 0);
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
}
END_TEST

START_TEST(of_two_files_for_one_schema_the_first_counts)
{
	dir_put("a.yaml", "yaml");
	dir_put("a.json", "json");
	dir_put("a.k.yaml", "k");
	dir_follow(0);
	dir_expect("a=json(json) a.k=k");
	dir_drop("a.json");
	dir_expect("a=yaml a.k=k");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_keeps_its_last_content)
{
	if (geteuid() == 0)
		return; /* who may read everything cannot show this */
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
	char path[512];
	dir_path(path, "a.yaml");
	dir_put("a.yaml", "2");
	ck_assert_int_eq(chmod(path, 0), 0);
	dir_put("b.yaml", "1");
	dir_expect("a=1 b=1");
}
END_TEST

START_TEST(what_cannot_be_read_is_not_proved)
{
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
	dir_link("loop.yaml", "loop.yaml"); /* which not even root can read */
	dir_put("a.yaml", "2");
	dir_expect("a=2"); /* it holds up no other */
	dir_expect_link(false);
	size_t proofs = dir_site.proofs;
	dir_put("a.yaml", "3");
	dir_expect("a=3");
	ck_assert_uint_eq(dir_site.proofs, proofs);
	dir_drop("loop.yaml");
	dir_until_proofs(proofs + 1);
	ck_assert(dir_site.up);
}
END_TEST

START_TEST(a_huge_file_is_cut_where_the_engine_refuses_it)
{
	char path[512];
	dir_path(path, "a.yaml");
	int fd = open(path, O_CREAT | O_WRONLY, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 64 << 20), 0);
	close(fd);
	dir_follow(0);
	dir_expect("a=1048577");
}
END_TEST

START_TEST(a_pace_needs_no_events)
{
	dir_put("a.yaml", "1");
	dir_follow(20000000);
	dir_expect("a=1");
	dir_put("a.yaml", "2");
	dir_put("b.yaml", "2");
	dir_expect("a=2 b=2");
	dir_drop("a.yaml");
	dir_expect("b=2");
}
END_TEST

START_TEST(names_follow_the_rule)
{
	char name[131];
	memset(name, 'a', sizeof name);
	name[128] = '\0';
	ck_assert(source_name_good(name));
	ck_assert(source_name_good("0.a-b_c"));
	name[128] = 'a';
	name[129] = '\0';
	ck_assert(!source_name_good(name));
	static const char *const bad[] = {"", ".a", "-a", "_a", "A", "a/b", "a b", "\xc3\xa4"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert(!source_name_good(bad[i]));
}
END_TEST

Suite *suite_source_dir(void)
{
	Suite *suite = suite_create("source_dir");
	TCase *tests = dir_case(suite, "files");
	tcase_add_test(tests, what_is_there_at_the_start_is_one_list);
	tcase_add_test(tests, what_could_not_be_taken_in_is_said_again);
	tcase_add_test(tests, an_empty_folder_is_an_empty_list);
	tcase_add_test(tests, each_way_of_saving_is_seen);
	tcase_add_test(tests, touching_a_file_is_no_change);
	tcase_add_test(tests, a_file_is_gone_when_it_stays_away);
	tcase_add_test(tests, a_file_that_is_moved_aside_and_written_again_was_never_gone);
	tcase_add_test(tests, a_file_is_gone_even_in_a_folder_that_is_never_quiet);
	tcase_add_test(tests, a_config_map_swap_is_one_list);
	tcase_add_test(tests, a_file_that_is_being_written_is_waited_for);
	tcase_add_test(tests, a_file_that_is_being_written_is_waited_for_by_the_clock_too);
	tcase_add_test(tests, a_file_that_is_written_at_the_start_is_waited_for);
	tcase_add_test(tests, a_file_that_is_written_for_ever_holds_up_no_other);
	tcase_add_test(tests, what_cannot_be_a_schema_is_passed_over);
	tcase_add_test(tests, of_two_files_for_one_schema_the_first_counts);
	tcase_add_test(tests, a_file_that_cannot_be_read_keeps_its_last_content);
	tcase_add_test(tests, what_cannot_be_read_is_not_proved);
	tcase_add_test(tests, a_huge_file_is_cut_where_the_engine_refuses_it);
	tcase_add_test(tests, a_pace_needs_no_events);
	tcase_add_test(tests, names_follow_the_rule);
	return suite;
}
