#include "tests/unit/cmd_fixture.h"

#include "agent/source/slurp.h"
#include "tests/unit/memory.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cmd_test cmd;

static void cmd_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	memset(&cmd, 0, sizeof cmd);
	snprintf(cmd.dir, sizeof cmd.dir, "%s/flume-cmd-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(cmd.dir));
	ck_assert_int_eq(chdir(cmd.dir), 0);
	for (const struct command *const *c = commands; *c; c++)
		for (const struct conf_option *o = (*c)->options; o && o->name; o++)
			if (o->env)
				unsetenv(o->env);
}

static void cmd_end(void)
{
	char command[300];
	free(cmd.out);
	free(cmd.err);
	snprintf(command, sizeof command, "rm -rf '%s'", cmd.dir);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

void cmd_put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

char *cmd_get(const char *file)
{
	char *text = NULL;
	size_t len;
	ck_assert_int_eq(slurp(file, 1 << 20, &text, &len), 0);
	return text;
}

void flume(const char *words)
{
	flume_without(words, 0);
}

bool flume_without(const char *words, long nth)
{
	static char copy[512];
	char *argv[32] = {(char *)(uintptr_t) "flume"};
	int argc = 1;
	snprintf(copy, sizeof copy, "%s", words);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	fflush(stdout);
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	unlink(".out"); /* cutting a file short waits for the disk, on some */
	unlink(".err");
	ck_assert_ptr_nonnull(freopen("/dev/null", "r", stdin));
	ck_assert_ptr_nonnull(freopen(".out", "w", stdout));
	ck_assert_ptr_nonnull(freopen(".err", "w", stderr));
	memory_fails_at(nth);
	cmd.code = cmd_main(argc, argv);
	bool failed = memory_is_back();
	fflush(stdout);
	fflush(stderr);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	free(cmd.out);
	free(cmd.err);
	cmd.out = cmd_get(".out");
	cmd.err = cmd_get(".err");
	return failed;
}

TCase *cmd_tests(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, cmd_begin, cmd_end);
	suite_add_tcase(suite, tests);
	return tests;
}
