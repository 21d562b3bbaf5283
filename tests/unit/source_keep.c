#include "agent/source/keep.h"

#include "agent/source/slurp.h"
#include "tests/unit/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[256];
static struct flume_err err;

static void begin(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof dir, "%s/flume-keep-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	err = (struct flume_err){0};
}

static void end(void)
{
	char command[300];
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

static int save(const char *name, const char *text, enum flume_format format)
{
	return keep_save(dir, name, text, strlen(text), format, &err);
}

/* NULL: the file is not there. */
static void expect(const char *file, const char *wanted)
{
	char path[512];
	char *text = NULL;
	size_t len = 0;
	snprintf(path, sizeof path, "%s/%s", dir, file);
	int code = slurp(path, 1000, &text, &len);
	ck_assert_int_eq(code, wanted ? 0 : FLUME_NOT_FOUND);
	if (wanted)
		ck_assert_str_eq(text, wanted);
	free(text);
}

static void put(const char *file, const char *text)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", dir, file);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(what_is_saved_is_there)
{
	ck_assert_int_eq(save("a", "1", FLUME_YAML), 0);
	expect("a.yaml", "1");
	ck_assert_int_eq(save("a", "2", FLUME_YAML), 0);
	expect("a.yaml", "2");
	expect(".a.new", NULL);
}
END_TEST

START_TEST(one_file_stands_for_one_schema)
{
	put("a.yml", "old");
	ck_assert_int_eq(save("a", "1", FLUME_YAML), 0);
	expect("a.yml", "1");
	expect("a.yaml", NULL);
	ck_assert_int_eq(save("a", "{}", FLUME_JSON), 0);
	expect("a.json", "{}");
	expect("a.yml", NULL);
	ck_assert_int_eq(save("a", "2", FLUME_YAML), 0);
	expect("a.yaml", "2");
	expect("a.json", NULL);
}
END_TEST

START_TEST(what_is_removed_is_gone_in_every_form)
{
	put("a.yml", "1");
	put("a.json", "1");
	put("b.yaml", "1");
	ck_assert_int_eq(keep_remove(dir, "a", &err), 0);
	expect("a.yml", NULL);
	expect("a.json", NULL);
	expect("b.yaml", "1");
	ck_assert_int_eq(keep_remove(dir, "a", &err), FLUME_NOT_FOUND);
}
END_TEST

START_TEST(what_fails_leaves_the_old_one)
{
	char path[512];
	put("a.yaml", "old");
	snprintf(path, sizeof path, "%s/.a.new", dir);
	ck_assert_int_eq(mkdir(path, 0777), 0);
	ck_assert_int_eq(save("a", "1", FLUME_YAML), FLUME_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "a.yaml"));
	expect("a.yaml", "old");
}
END_TEST

START_TEST(what_would_not_be_read_again_is_not_written)
{
	put("a.schema.json", "of an editor");
	ck_assert_int_eq(save("a.schema", "{}", FLUME_JSON), FLUME_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "a.schema.json would not be read again"));
	expect("a.schema.json", "of an editor");
	ck_assert_int_eq(save("a.schema", "1", FLUME_YAML), 0);
	expect("a.schema.yaml", "1");
	expect("a.schema.json", "of an editor");
	ck_assert_int_eq(keep_remove(dir, "a.schema", &err), 0);
	expect("a.schema.yaml", NULL);
	expect("a.schema.json", "of an editor");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
	ck_assert_int_eq(keep_save("/no/such", "a", "1", 1, FLUME_YAML, &err), FLUME_IO);
	ck_assert_str_eq(err.text, "/no/such: No such file or directory");
	ck_assert_int_eq(keep_remove("/no/such", "a", &err), FLUME_IO);
}
END_TEST

START_TEST(the_longest_name_can_be_kept)
{
	char name[129], file[160];
	memset(name, 'a', 128);
	name[128] = '\0';
	snprintf(file, sizeof file, "%s.yaml", name);
	ck_assert_int_eq(save(name, "1", FLUME_YAML), 0);
	expect(file, "1");
	ck_assert_int_eq(keep_remove(dir, name, &err), 0);
	expect(file, NULL);
}
END_TEST

Suite *suite_source_keep(void)
{
	Suite *suite = suite_create("source_keep");
	TCase *tests = tcase_create("source_keep");
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, what_is_saved_is_there);
	tcase_add_test(tests, one_file_stands_for_one_schema);
	tcase_add_test(tests, what_is_removed_is_gone_in_every_form);
	tcase_add_test(tests, what_fails_leaves_the_old_one);
	tcase_add_test(tests, what_would_not_be_read_again_is_not_written);
	tcase_add_test(tests, a_folder_that_is_not_there_is_named);
	tcase_add_test(tests, the_longest_name_can_be_kept);
	suite_add_tcase(suite, tests);
	return suite;
}
