/* cmd_fixture.h - commands, run in this process in an empty folder. */
#ifndef FLUME_TESTS_UNIT_CMD_FIXTURE_H
#define FLUME_TESTS_UNIT_CMD_FIXTURE_H

#include "agent/cmd/cmd.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

extern struct cmd_test {
	char dir[256];   /* where we are */
	char *out, *err; /* what the last command wrote */
	int code;        /* how it ended */
} cmd;

void cmd_put(const char *file, const char *text);
char *cmd_get(const char *file); /* free(3) */
/* Words in one text, separated by single spaces; without "flume". */
void flume(const char *words);
/* The same while the `nth` allocation of the command fails.  Did it? */
bool flume_without(const char *words, long nth);

#define SAYS(text, what) \
	ck_assert_msg(strstr(text, what) != NULL, "'%s' is not in: %.3000s", what, text)

/* A case of the suite in which each test has a folder of its own. */
TCase *cmd_tests(Suite *, const char *name);

#endif
