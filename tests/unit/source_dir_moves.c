/* Folders that come, go, and are replaced, also above the one that is followed. */
#include "tests/unit/dir_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(a_folder_that_vanishes_takes_no_schema_with_it)
{
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
	char away[512];
	snprintf(away, sizeof away, "%s/away", dir_site.top);
	ck_assert_int_eq(rename(dir_site.dir, away), 0);
	dir_expect_link(false);
	dir_go_on_for(300);
	ck_assert_str_eq(dir_site.seen, "a=1");
	ck_assert_uint_eq(dir_site.batches, 1);
	ck_assert_int_eq(rename(away, dir_site.dir), 0);
	dir_expect_link(true);
	dir_put("a.yaml", "2");
	dir_expect("a=2");
}
END_TEST

START_TEST(another_folder_in_its_place_is_followed)
{
	dir_put("a.yaml", "1");
	dir_follow(0);
	dir_expect("a=1");
	char away[512], fresh[512];
	snprintf(away, sizeof away, "%s/away", dir_site.top);
	snprintf(fresh, sizeof fresh, "%s/fresh", dir_site.top);
	ck_assert_int_eq(mkdir(fresh, 0777), 0);
	ck_assert_int_eq(rename(dir_site.dir, away), 0);
	ck_assert_int_eq(rename(fresh, dir_site.dir), 0);
	dir_put("a.yaml", "2");
	dir_expect("a=2");
	dir_put("a.yaml", "3");
	dir_expect("a=3");
}
END_TEST

START_TEST(a_link_that_is_set_to_another_folder_is_followed)
{
	char one[280], link[280], aside[280];
	dir_put("a.yaml", "1");
	snprintf(one, sizeof one, "%s/two", dir_site.top);
	snprintf(link, sizeof link, "%s/current", dir_site.top);
	snprintf(aside, sizeof aside, "%s/.current", dir_site.top);
	ck_assert_int_eq(mkdir(one, 0777), 0);
	ck_assert_int_eq(symlink("schemas", link), 0);
	dir_put("../two/a.yaml", "2");
	snprintf(dir_site.dir, sizeof dir_site.dir, "%s/", link);
	dir_follow(0);
	dir_expect("a=1");
	ck_assert_int_eq(symlink("two", aside), 0);
	int64_t begun = loop_now();
	ck_assert_int_eq(rename(aside, link), 0);
	dir_expect("a=2");
	ck_assert_int_lt(loop_now() - begun,
			 INT64_C(8000000000)); /* the slow look is at 10 s */
	dir_put("a.yaml", "3");
	dir_expect("a=3");
}
END_TEST

/* top/NAME/schemas/a.yaml */
static void make_release(const char *name, const char *text)
{
	char path[512], file[64];
	snprintf(path, sizeof path, "%s/%s", dir_site.top, name);
	ck_assert_int_eq(mkdir(path, 0777), 0);
	snprintf(path, sizeof path, "%s/%s/schemas", dir_site.top, name);
	ck_assert_int_eq(mkdir(path, 0777), 0);
	snprintf(file, sizeof file, "../%s/schemas/a.yaml", name);
	dir_put(file, text);
}

/* In one step, as whoever deploys does it. */
static void set_link(const char *name, const char *to)
{
	char link[512], aside[512];
	snprintf(link, sizeof link, "%s/%s", dir_site.top, name);
	snprintf(aside, sizeof aside, "%s/.aside", dir_site.top);
	ck_assert_int_eq(symlink(to, aside), 0);
	ck_assert_int_eq(rename(aside, link), 0);
}

/* Sooner than the slow look would. */
static void expect_soon(const char *seen)
{
	int64_t begun = loop_now();
	dir_expect(seen);
	ck_assert_int_lt(loop_now() - begun, INT64_C(8000000000));
}

START_TEST(a_link_on_the_way_that_is_set_elsewhere_is_followed)
{
	char whole[300];
	make_release("one", "1");
	make_release("two", "2");
	make_release("three", "3");
	snprintf(whole, sizeof whole, "%s/three", dir_site.top);
	set_link("newest", "one");
	set_link("current", "newest"); /* a link to a link */
	char dir[300];
	snprintf(dir, sizeof dir, "%s/current/./schemas//", dir_site.top);
	ck_assert_int_eq(
		source_dir_new(&dir_site.source, dir_site.loop, dir, 0, &dir_sink, NULL), 0);
	dir_expect("a=1");
	set_link("newest", "two");
	expect_soon("a=2");
	set_link("current", whole); /* from the root */
	expect_soon("a=3");
	dir_put("../three/schemas/a.yaml", "4");
	expect_soon("a=4");
	dir_put("../two/schemas/a.yaml", "nobody looks there");
	set_link("current", "one");
	expect_soon("a=1");
}
END_TEST

START_TEST(a_folder_on_the_way_that_is_replaced_is_followed)
{
	char one[300], two[300], away[300], dir[320];
	make_release("current", "1");
	make_release("next", "2");
	snprintf(one, sizeof one, "%s/current", dir_site.top);
	snprintf(two, sizeof two, "%s/next", dir_site.top);
	snprintf(away, sizeof away, "%s/away", dir_site.top);
	snprintf(dir, sizeof dir, "%s/schemas", one);
	ck_assert_int_eq(
		source_dir_new(&dir_site.source, dir_site.loop, dir, 0, &dir_sink, NULL), 0);
	dir_expect("a=1");
	ck_assert_int_eq(rename(one, away), 0);
	ck_assert_int_eq(rename(two, one), 0);
	expect_soon("a=2");
	dir_put("../current/schemas/a.yaml", "3");
	expect_soon("a=3");
}
END_TEST

START_TEST(a_folder_may_come_after_the_agent)
{
	ck_assert_int_eq(rmdir(dir_site.dir), 0);
	dir_follow(0);
	dir_expect_link(false);
	ck_assert_uint_eq(dir_site.batches, 0);
	ck_assert_int_eq(mkdir(dir_site.dir, 0777), 0);
	dir_expect_link(true);
	dir_put("a.yaml", "1");
	dir_expect("a=1");
}
END_TEST

/* In the folder of the test, which is a folder of schemas itself. */
static void follow_one_that_may_be_missing(void)
{
	char path[512];
	dir_path(path, "canaries");
	ck_assert_int_eq(source_dir_new_optional(&dir_site.source, dir_site.loop, path, 0,
						 &dir_sink, NULL),
			 0);
}

static void make_folder(const char *name)
{
	char path[512];
	dir_path(path, name);
	ck_assert_int_eq(mkdir(path, 0777), 0);
}

START_TEST(one_that_may_be_missing_is_empty_until_it_is_made)
{
	follow_one_that_may_be_missing();
	dir_expect("");
	ck_assert(dir_site.up);
	make_folder("canaries");
	dir_put("canaries/a.yaml", "1");
	dir_expect("a=1");
	dir_put("canaries/a.yaml", "2");
	dir_expect("a=2");
	dir_move("canaries", "elsewhere");
	dir_expect("");
	ck_assert(dir_site.up);
	dir_move("elsewhere", "canaries");
	dir_expect("a=2");
}
END_TEST

START_TEST(without_the_one_above_it_nothing_is_said_of_its_files)
{
	char away[512];
	make_folder("canaries");
	dir_put("canaries/a.yaml", "1");
	follow_one_that_may_be_missing();
	dir_expect("a=1");
	snprintf(away, sizeof away, "%s/away", dir_site.top);
	ck_assert_int_eq(rename(dir_site.dir, away), 0);
	while (dir_site.up)
		loop_step(dir_site.loop, 50);
	ck_assert_str_eq(dir_site.seen, "a=1");
}
END_TEST

START_TEST(a_folder_in_it_is_no_schema)
{
	make_folder("canaries");
	dir_put("canaries/a.yaml", "1");
	dir_put("b.yaml", "2");
	dir_follow(0);
	dir_expect("b=2");
}
END_TEST

Suite *suite_source_dir_moves(void)
{
	Suite *suite = suite_create("source_dir_moves");
	TCase *tests = dir_case(suite, "folders");
	tcase_add_test(tests, a_folder_that_vanishes_takes_no_schema_with_it);
	tcase_add_test(tests, another_folder_in_its_place_is_followed);
	tcase_add_test(tests, a_link_that_is_set_to_another_folder_is_followed);
	tcase_add_test(tests, a_link_on_the_way_that_is_set_elsewhere_is_followed);
	tcase_add_test(tests, a_folder_on_the_way_that_is_replaced_is_followed);
	tcase_add_test(tests, a_folder_may_come_after_the_agent);
	tcase_add_test(tests, one_that_may_be_missing_is_empty_until_it_is_made);
	tcase_add_test(tests, without_the_one_above_it_nothing_is_said_of_its_files);
	tcase_add_test(tests, a_folder_in_it_is_no_schema);
	return suite;
}
