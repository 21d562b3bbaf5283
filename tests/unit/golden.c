/*
 * Each folder below tests/schemas/invalid holds a document and the words it is refused with.
 * GOLDEN=write puts today's words into the folders: for reading the difference, not instead of
 * it.
 */
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#define CASES "tests/schemas/invalid"

static struct dirent **cases;
static int n_cases;

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static char *read_file(const char *path)
{
	struct text text = {0};
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	for (int c; (c = getc(f)) != EOF;)
		text_add_char(&text, (char)c);
	fclose(f);
	return text_take(&text);
}

static void write_file(const char *path, const char *s)
{
	FILE *f = fopen(path, "w");
	ck_assert_msg(f && fputs(s, f) >= 0 && fclose(f) == 0, "%s", path);
}

/* What is said about the document at `path`. */
static char *refusal(const char *path)
{
	struct text said = {0};
	flume_schema *schema = NULL;
	flume_report *report = flume_report_new();
	int rc = flume_schema_load(&schema, path, NULL, report);
	if (!rc)
		rc = flume_schema_check(schema, NULL, report);
	ck_assert_msg(rc < 0, "%s is accepted", path);
	ck_assert_msg(rc == FLUME_SYNTAX || rc == FLUME_REJECTED, "%s: %s", path,
		      flume_code_text(rc));
	add_findings(&said, report);
	flume_schema_unref(schema);
	flume_report_free(report);
	return text_take(&said);
}

START_TEST(a_wrong_document_is_refused_in_these_words)
{
	const char *name = cases[_i]->d_name, *mode = getenv("GOLDEN");
	char path[512], expected[512];
	snprintf(expected, sizeof expected, CASES "/%s/expected", name);
	snprintf(path, sizeof path, CASES "/%s/in.yaml", name);
	if (access(path, R_OK) != 0)
		snprintf(path, sizeof path, CASES "/%s/in.json", name);
	char *said = refusal(path);
	if (mode && !strcmp(mode, "write"))
		write_file(expected, said);
	char *wanted = read_file(expected);
	ck_assert_msg(wanted != NULL, "%s is missing; it would be:\n%s", expected, said);
	ck_assert_msg(!strcmp(said, wanted), "%s\nwanted:\n%s\nsaid:\n%s", path, wanted, said);
	free(wanted);
	free(said);
}
END_TEST

START_TEST(there_are_cases)
{
	ck_assert_msg(n_cases > 0, "no " CASES " here: run from the top of the tree");
}
END_TEST

Suite *suite_golden(void)
{
	Suite *suite = suite_create("golden");
	TCase *tests = tcase_create("golden");
	n_cases = scandir(CASES, &cases, visible, alphasort);
	tcase_add_test(tests, there_are_cases);
	if (n_cases > 0)
		tcase_add_loop_test(tests, a_wrong_document_is_refused_in_these_words, 0,
				    n_cases);
	suite_add_tcase(suite, tests);
	return suite;
}
