/* What the kernel says of memory, as files of ours say it. */
#include "agent/http/cgroup.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT "/system.slice/flume.service"

static char folder[64], self[128];

static void setup(void)
{
	char path[256];
	strcpy(folder, "/tmp/flume-cgroup-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(self, sizeof self, "%s/self", folder);
	snprintf(path, sizeof path, "%s/system.slice", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s" AT, folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void teardown(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void put(const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s%s", folder, name);
	FILE *file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static struct cgroup_memory read_here(void)
{
	return cgroup_read_memory(self, folder);
}

START_TEST(idle_caches_of_files_are_not_counted)
{
	put("/self", "4:memory:/elsewhere\n0::" AT "\n");
	put(AT "/memory.current", "1000\n");
	put(AT "/memory.stat", "anon 600\nfile 400\nactive_file 100\ninactive_file 300\n");
	put(AT "/memory.max", "4096\n");
	struct cgroup_memory memory = read_here();
	ck_assert_int_eq(memory.used, 700);
	ck_assert_int_eq(memory.limit, 4096);
}
END_TEST

START_TEST(no_limit_is_none)
{
	put("/self", "0::" AT "\n");
	put(AT "/memory.current", "1000\n");
	put(AT "/memory.max", "max\n");
	struct cgroup_memory memory = read_here();
	ck_assert_int_eq(memory.used, 1000);
	ck_assert_int_eq(memory.limit, -1);
}
END_TEST

START_TEST(a_container_sees_its_own_as_the_top)
{
	put("/self", "0::/\n");
	put("/memory.current", "5\n");
	put("/memory.max", "9\n");
	ck_assert_int_eq(read_here().used, 5);
	ck_assert_int_eq(read_here().limit, 9);
}
END_TEST

START_TEST(what_cannot_be_known_is_not_made_up)
{
	ck_assert_int_eq(read_here().used, -1);
	put("/self", "4:memory:/elsewhere\n");
	ck_assert_int_eq(read_here().used, -1);
	put("/self", "0::/gone\n");
	ck_assert_int_eq(read_here().used, -1);
	ck_assert_int_eq(read_here().limit, -1);
}
END_TEST

Suite *suite_cgroup(void)
{
	Suite *suite = suite_create("cgroup");
	TCase *t = tcase_create("cgroup");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, idle_caches_of_files_are_not_counted);
	tcase_add_test(t, no_limit_is_none);
	tcase_add_test(t, a_container_sees_its_own_as_the_top);
	tcase_add_test(t, what_cannot_be_known_is_not_made_up);
	suite_add_tcase(suite, t);
	return suite;
}
