/* Many files at once: durable together, in order, and nothing of what failed is left. */
#include "agent/engine/file.h"
#include "agent/engine/claim.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct flume_err err;
static size_t done;
static bool made;

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/flume-file-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	err.code = 0;
}

static void teardown(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *path(const char *name)
{
	static char out[4][256];
	static unsigned turn;
	char *next = out[turn++ % 4];
	snprintf(next, sizeof out[0], "%s/%s", folder, name);
	return next;
}

static struct file_item put(const char *name, const char *text)
{
	return (struct file_item){.name = name, .bytes = text, .len = strlen(text), .keep = 1};
}

static int commit(const struct file_item *items, size_t n)
{
	return file_commit(folder, items, n, &done, &made, &err);
}

static void holds(const char *name, const char *text)
{
	char *bytes;
	size_t len;
	ck_assert_int_eq(file_read(folder, name, 1000, &bytes, &len, &err), 0);
	ck_assert_str_eq(bytes, text);
	free(bytes);
}

static void is_gone(const char *name)
{
	ck_assert_msg(access(path(name), F_OK) == -1, "%s is there", name);
}

START_TEST(all_of_them_are_there)
{
	const struct file_item items[] = {put("a", "1"), put("b", "2"), put("c", "")};
	ck_assert_int_eq(commit(items, 3), 0);
	ck_assert_uint_eq(done, 3);
	ck_assert(!made);
	holds("a", "1");
	holds("b", "2");
	holds("c", "");
	is_gone(".a");
}
END_TEST

START_TEST(the_one_before_stays_and_no_more)
{
	for (int i = 0; i < 3; i++) {
		const char text[] = {(char)('1' + i), '\0'};
		const struct file_item item = put("a", text);
		ck_assert_int_eq(commit(&item, 1), 0);
	}
	holds("a", "3");
	holds("a@1", "2");
	is_gone("a@2");
}
END_TEST

START_TEST(in_place_none_is_kept)
{
	struct file_item item = put("a", "1");
	ck_assert_int_eq(commit(&item, 1), 0);
	item = put("a", "2");
	item.in_place = true;
	ck_assert_int_eq(commit(&item, 1), 0);
	holds("a", "2");
	is_gone("a@1");
}
END_TEST

START_TEST(what_is_to_go_goes_with_those_before_it)
{
	struct file_item items[] = {put("a", "2"), {.name = "a", .keep = 1}, {.name = "never"}};
	ck_assert_int_eq(commit(items, 1), 0);
	ck_assert_int_eq(commit(items, 3), 0);
	ck_assert_uint_eq(done, 3);
	is_gone("a");
	is_gone("a@1");
}
END_TEST

START_TEST(those_before_the_one_that_fails_are_done)
{
	const struct file_item items[] = {put("a", "1"), put("b", "2"), put("c", "3")};
	ck_assert_int_eq(mkdir(path("b"), 0700), 0);
	ck_assert_int_eq(mkdir(path("b/full"), 0700), 0);
	ck_assert_int_eq(mkdir(path("b@1"), 0700), 0);
	ck_assert_int_eq(mkdir(path("b@1/full"), 0700), 0);
	ck_assert_int_eq(commit(items, 3), FLUME_IO);
	ck_assert_uint_eq(done, 1);
	ck_assert_ptr_nonnull(strstr(err.text, "/b: "));
	holds("a", "1");
	is_gone("c");
	is_gone(".b");
	is_gone(".c");
}
END_TEST

START_TEST(one_that_cannot_be_written_aside_fails_alone)
{
	const struct file_item items[] = {put("a", "1"), put("b", "2")};
	ck_assert_int_eq(mkdir(path(".b"), 0700), 0);
	ck_assert_int_eq(commit(items, 2), FLUME_IO);
	ck_assert_uint_eq(done, 1);
	holds("a", "1");
	is_gone("b");
}
END_TEST

START_TEST(a_folder_that_is_gone_is_made)
{
	const struct file_item item = put("a", "1");
	teardown();
	ck_assert_int_eq(file_probe(folder, &made, &err), 0);
	ck_assert(made);
	ck_assert_int_eq(file_probe(folder, &made, &err), 0);
	ck_assert(!made);
	is_gone(".probe");
	teardown();
	ck_assert_int_eq(commit(&item, 1), 0);
	ck_assert(made);
	holds("a", "1");
}
END_TEST

START_TEST(a_folder_that_cannot_be_had_is_an_error)
{
	const struct file_item item = put("a", "1");
	teardown();
	FILE *file = fopen(folder, "w");
	fclose(file);
	ck_assert_int_eq(commit(&item, 1), FLUME_IO);
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(file_probe(folder, &made, &err), FLUME_IO);
	ck_assert_int_eq(file_write(folder, "a", "1", 1, true, &err), FLUME_IO);
}
END_TEST

START_TEST(a_folder_has_one_owner_at_a_time)
{
	int first = -1, second = -1;
	ck_assert_int_eq(claim_folder(path("state"), &first, &err), 0);
	ck_assert_int_ge(first, 0);
	ck_assert_int_eq(claim_folder(path("state"), &second, &err), FLUME_IN_USE);
	ck_assert_ptr_nonnull(strstr(err.text, "another agent runs on the state folder"));
	ck_assert_int_eq(second, -1);
	close(first);
	ck_assert_int_eq(claim_folder(path("state"), &second, &err), 0);
	close(second);
}
END_TEST

START_TEST(a_folder_that_cannot_be_had_is_nobodys)
{
	int claim = 0;
	ck_assert_int_eq(claim_folder("/dev/null/state", &claim, &err), 0);
	ck_assert_int_eq(claim, -1);
}
END_TEST

Suite *suite_file(void)
{
	Suite *suite = suite_create("file");
	TCase *tcase = tcase_create("many at once");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_of_them_are_there);
	tcase_add_test(tcase, the_one_before_stays_and_no_more);
	tcase_add_test(tcase, in_place_none_is_kept);
	tcase_add_test(tcase, what_is_to_go_goes_with_those_before_it);
	tcase_add_test(tcase, those_before_the_one_that_fails_are_done);
	tcase_add_test(tcase, one_that_cannot_be_written_aside_fails_alone);
	tcase_add_test(tcase, a_folder_that_is_gone_is_made);
	tcase_add_test(tcase, a_folder_that_cannot_be_had_is_an_error);
	tcase_add_test(tcase, a_folder_has_one_owner_at_a_time);
	tcase_add_test(tcase, a_folder_that_cannot_be_had_is_nobodys);
	suite_add_tcase(suite, tcase);
	return suite;
}
