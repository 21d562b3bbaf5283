/*
 * Runs every suite of this folder; with arguments, only the suites named.  --list names them.
 *
 * A test may take 20 seconds, or what its suite says, and CK_TIMEOUT_MULTIPLIER as long: the four
 * of Check are soon over on a busy machine.
 */
#include "tests/unit/suites.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	Suite *(*make)(void);
} suites[] = {
#define X(room) {#room, suite_##room},
	SUITES(X)
#undef X
};

static bool wanted(const char *name, int argc, char **argv)
{
	if (argc < 2)
		return true;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return false;
}

static int list(void)
{
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		puts(suites[i].name);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	setenv("CK_DEFAULT_TIMEOUT", "20", 0); /* before the first suite is made */
	SRunner *runner = srunner_create(NULL);
	size_t chosen = 0;
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
		if (!wanted(suites[i].name, argc, argv))
			continue;
		srunner_add_suite(runner, suites[i].make());
		chosen++;
	}
	if (!chosen) {
		fprintf(stderr, "no such suite\n");
		srunner_free(runner);
		return 2;
	}
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
