#include "tests/unit/cases.h"

#include "tests/unit/reading.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Lists are made before any test runs, where check's own assertions cannot be used. */
static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct cases cases_list(const char *folder)
{
	struct dirent **found = NULL;
	int n = scandir(folder, &found, visible, versionsort);
	struct cases cases = {.n = n > 0 ? (size_t)n : 0};
	cases.names = must(calloc(cases.n + 1, sizeof *cases.names));
	for (size_t i = 0; i < cases.n; i++) {
		cases.names[i] = must(strdup(found[i]->d_name));
		free(found[i]);
	}
	free(found);
	return cases;
}

void cases_free(struct cases *cases)
{
	for (size_t i = 0; i < cases->n; i++)
		free(cases->names[i]);
	free(cases->names);
	*cases = (struct cases){0};
}

const char *case_path(const char *folder, const char *name, const char *file)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof *paths, "%s/%s/%s", folder, name, file);
	return path;
}

bool case_has(const char *folder, const char *name, const char *file)
{
	return access(case_path(folder, name, file), R_OK) == 0;
}

char *case_read(const char *path)
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

char *case_refusal(const char *path)
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

static void write_file(const char *path, const char *s)
{
	FILE *f = fopen(path, "w");
	ck_assert_msg(f && fputs(s, f) >= 0 && fclose(f) == 0, "%s", path);
}

void case_expect(const char *path, const char *what, const char *said)
{
	const char *mode = getenv("GOLDEN");
	if (mode && !strcmp(mode, "write"))
		write_file(path, said);
	char *wanted = case_read(path);
	ck_assert_msg(wanted != NULL, "%s is missing; it would be:\n%s", path, said);
	ck_assert_msg(!strcmp(said, wanted), "%s\nwanted:\n%.1500s\nsaid:\n%.1500s", what,
		      wanted, said);
	free(wanted);
}
