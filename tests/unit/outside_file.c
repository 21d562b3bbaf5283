/* A file of lines, which is rotated, or was by others. */
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char yaml[1000];

static const char *file_yaml(const char *more)
{
	snprintf(yaml, sizeof yaml, "{kind: file, path: %s%s%s}", scratch_path("out"),
		 *more ? ", " : "", more);
	return yaml;
}

static off_t size_of(const char *name)
{
	struct stat info;
	return stat(scratch_path(name), &info) ? -1 : info.st_size;
}

START_TEST(file_gives_way_to_an_empty_one_when_it_is_full)
{
	struct made made = make_outside(&kind_file, file_yaml("max_bytes: 1024, keep: 2"));
	char line[102];
	memset(line, '7', sizeof line);
	line[0] = line[98] = '"';
	line[99] = '\0';
	for (int i = 0; i < 10; i++) /* 100 bytes each */
		expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out"), 1000);
	ck_assert_int_eq(size_of("out.1"), -1);
	expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out.1"), 1000);
	ck_assert_int_eq(size_of("out"), 100);
	for (int i = 0; i < 30; i++)
		expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out"), 100);
	ck_assert_int_eq(size_of("out.1"), 1000);
	ck_assert_int_eq(size_of("out.2"), 1000);
	ck_assert_int_eq(size_of("out.3"), -1);
	ck_assert_int_eq(size_of("out.new"), -1);
	ck_assert_int_eq(metric(DOCUMENTS, "c", "outcome=\"sent\""), 41);
	unmake(&made);
}
END_TEST

START_TEST(file_goes_on_where_it_cannot_be_rotated)
{
	struct made made = make_outside(&kind_file, file_yaml("max_bytes: 1024"));
	ck_assert_int_eq(mkdir(scratch_path("out.new"), 0700), 0);
	char line[1001];
	memset(line, '7', sizeof line);
	line[0] = line[999] = '"';
	line[1000] = '\0';
	for (int i = 0; i < 3; i++)
		expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out"), 3003);
	unmake(&made);
	ck_assert_int_eq(rmdir(scratch_path("out.new")), 0);
}
END_TEST

START_TEST(file_that_others_have_moved_is_opened_anew)
{
	char to[256];
	struct made made = make_outside(&kind_file, file_yaml(""));
	expect_sent(&made, NULL, "1", 0);
	snprintf(to, sizeof to, "%s", scratch_path("moved"));
	ck_assert_int_eq(rename(scratch_path("out"), to), 0);
	int64_t until = ms_now() + 20000;
	while (size_of("out") < 0 && ms_now() < until) {
		expect_sent(&made, NULL, "2", 0);
		usleep(20000);
	}
	ck_assert_int_ge(size_of("out"), 2);
	unmake(&made);
}
END_TEST

START_TEST(file_can_be_forced_to_the_disk)
{
	static const char *const policies[] = {"fsync: line", "fsync: second",
					       "fsync: rotate, max_bytes: 1024"};
	for (size_t i = 0; i < 3; i++) {
		struct made made = make_outside(&kind_file, file_yaml(policies[i]));
		send_many(&made, 0, 300);
		unmake(&made);
	}
}
END_TEST

Suite *suite_outside_file(void)
{
	Suite *suite = suite_create("outside_file");
	TCase *tc = scratch_case(suite, "file");
	tcase_add_test(tc, file_gives_way_to_an_empty_one_when_it_is_full);
	tcase_add_test(tc, file_goes_on_where_it_cannot_be_rotated);
	tcase_add_test(tc, file_that_others_have_moved_is_opened_anew);
	tcase_add_test(tc, file_can_be_forced_to_the_disk);
	return suite;
}
