/*
 * Each folder below tests/schemas/conformance is a case of one rule of the language, by the number
 * that the rule has in README.md there.
 *
 * A case that is right must pass a check of its structure, a full check and a build, come back
 * from print and parse as the same schema, and mean the same in each format it is written in; with
 * `name`, its root has that name.  One with `expected` has a structure that is refused in these
 * words; one with `expected-full` has a structure that passes, and is refused in these words by a
 * factory with the components of the fixture, the kinds of the agent and the schemas in `store`.
 */
#include "agent/document/kinds.h"
#include "agent/outside/kinds.h"
#include "agent/split/switchboard.h"
#include "lib/build/pipeline.h"
#include "tests/unit/cases.h"
#include "tests/unit/fixture.h"
#include "tests/unit/reading.h"
#include "tests/unit/suites.h"

#include <stdio.h>

#define CASES "tests/schemas/conformance"
#define RULES CASES "/README.md"

static const char *const inputs[] = {"in.yaml", "in.yml", "in.json", NULL};

static struct cases all;

/* ---- one case ---- */

static void open_with_kinds(void)
{
	rig_open();
	ck_assert_int_eq(document_register(rig.factory, NULL), 0);
	ck_assert_int_eq(outside_register(rig.factory, NULL), 0);
	ck_assert_int_eq(switchboard_register(NULL, rig.factory, NULL), 0);
}

/* Fails, with what the report says of the document at `path`, unless `rc` is what it should be. */
static void expect(int rc, int wanted, const char *path, const flume_report *report)
{
	struct text said = {0};
	add_findings(&said, report);
	ck_assert_msg(rc == wanted, "%s: %d, not %d\n%.3000s", path, rc, wanted,
		      said.s ? said.s : "");
	text_fini(&said);
}

/* Its structure must be right. */
static flume_schema *load(const char *path)
{
	flume_schema *schema = NULL;
	flume_report *report = flume_report_new();
	expect(flume_schema_load(&schema, path, NULL, report), 0, path, report);
	expect(flume_schema_check(schema, NULL, report), 0, path, report);
	flume_report_free(report);
	return schema;
}

static void must_set(const char *id, const char *path, flume_schema *schema, int wanted)
{
	flume_report *report = flume_report_new();
	expect(flume_schema_check(schema, rig.factory, report), 0, path, report);
	expect(flume_factory_set_schema(rig.factory, id, schema, report), wanted, path, report);
	flume_report_free(report);
}

/* In the order of their names, each under its name without the suffix. */
static void fill_store(const char *name)
{
	char folder[256], id[128];
	snprintf(folder, sizeof folder, CASES "/%s", name);
	struct cases files = cases_list(case_path(CASES, name, "store"));
	for (size_t i = 0; i < files.n; i++) {
		const char *path = case_path(folder, "store", files.names[i]);
		flume_schema *schema = load(path);
		snprintf(id, sizeof id, "%s", files.names[i]);
		*strrchr(id, '.') = '\0';
		must_set(id, path, schema, 0);
		flume_schema_unref(schema);
	}
	cases_free(&files);
}

static void expect_same_when_printed(flume_schema *schema, enum flume_format format,
				     const char *path)
{
	flume_schema *again = NULL;
	char *text = flume_schema_dup_text(schema, format);
	ck_assert_ptr_nonnull(text);
	int rc = flume_schema_parse(&again, text, strlen(text), format, NULL, NULL);
	ck_assert_msg(rc == 0, "%s, printed:\n%s", path, text);
	ck_assert_msg(!strcmp(flume_schema_get_digest(schema), flume_schema_get_digest(again)),
		      "%s means something else when printed:\n%s", path, text);
	flume_schema_unref(again);
	free(text);
}

static void expect_name(const char *wanted, flume_schema *schema)
{
	flume_pipeline *pipeline = NULL;
	char *name = case_read(wanted);
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	name[strcspn(name, "\n")] = '\0';
	ck_assert_msg(!strcmp(pipeline->root->name, name), "%s: %s instead of %s", wanted,
		      pipeline->root->name, name);
	flume_pipeline_unref(pipeline);
	free(name);
}

static void accept(const char *name)
{
	int inputs_seen = 0;
	for (size_t i = 0; inputs[i]; i++) {
		if (!case_has(CASES, name, inputs[i]))
			continue;
		const char *path = case_path(CASES, name, inputs[i]);
		flume_schema *schema = load(path);
		must_set("in", path, schema, inputs_seen++ ? FLUME_UNCHANGED : 0);
		expect_same_when_printed(schema, FLUME_YAML, path);
		expect_same_when_printed(schema, FLUME_JSON, path);
		if (case_has(CASES, name, "name"))
			expect_name(case_path(CASES, name, "name"), schema);
		flume_schema_unref(schema);
	}
	ck_assert_msg(inputs_seen > 0, CASES "/%s has no input", name);
}

static const char *only_input(const char *name)
{
	const char *found = NULL;
	for (size_t i = 0; inputs[i]; i++)
		if (case_has(CASES, name, inputs[i])) {
			ck_assert_msg(!found, CASES "/%s has two inputs", name);
			found = case_path(CASES, name, inputs[i]);
		}
	ck_assert_msg(found != NULL, CASES "/%s has no input", name);
	return found;
}

static void refuse_structure(const char *name)
{
	const char *path = only_input(name);
	char *said = case_refusal(path);
	case_expect(case_path(CASES, name, "expected"), path, said);
	free(said);
}

static void refuse_names(const char *name)
{
	struct text said = {0};
	const char *path = only_input(name);
	flume_schema *schema = load(path);
	flume_report *report = flume_report_new();
	int rc = flume_factory_set_schema(rig.factory, "in", schema, report);
	expect(rc, FLUME_REJECTED, path, report);
	add_findings(&said, report);
	case_expect(case_path(CASES, name, "expected-full"), path, said.s);
	text_fini(&said);
	flume_report_free(report);
	flume_schema_unref(schema);
}

START_TEST(a_case_is_taken_as_its_rule_says)
{
	const char *name = all.names[_i];
	if (!case_has(CASES, name, "."))
		return; /* README.md */
	fill_store(name);
	if (case_has(CASES, name, "expected"))
		refuse_structure(name);
	else if (case_has(CASES, name, "expected-full"))
		refuse_names(name);
	else
		accept(name);
}
END_TEST

/* The one limit that is no case of a folder, for its size. */
START_TEST(a_mebibyte_is_read_and_one_byte_more_is_not)
{
	const size_t most = 1 << 20;
	for (enum flume_format format = FLUME_YAML; format <= FLUME_JSON; format++) {
		flume_schema *schema = NULL;
		flume_report *report = flume_report_new();
		char *text = malloc(most + 1);
		ck_assert_ptr_nonnull(text);
		memset(text, ' ', most + 1);
		memcpy(text, "{\"ref\": \"a\"}", 12);
		ck_assert_int_eq(flume_schema_parse(&schema, text, most, format, NULL, report),
				 0);
		schema = flume_schema_unref(schema);
		ck_assert_int_eq(
			flume_schema_parse(&schema, text, most + 1, format, NULL, report),
			FLUME_SYNTAX);
		ck_assert_str_eq(flume_report_get_issue(report, 0)->code, "too-large");
		flume_report_free(report);
		free(text);
	}
}
END_TEST

/* ---- the rules ---- */

static bool is_refused(const char *name)
{
	return case_has(CASES, name, "expected") || case_has(CASES, name, "expected-full");
}

/* Of the rule "2.7": its cases that are right, and those that are refused. */
static void count(const char *rule, size_t *right, size_t *refused)
{
	size_t n = strlen(rule);
	*right = *refused = 0;
	for (size_t i = 0; i < all.n; i++)
		if (!strncmp(all.names[i], rule, n) && all.names[i][n] == '-')
			++*(is_refused(all.names[i]) ? refused : right);
}

/* A row of the table is "| 2.7 | what the rule says | note |"; a note may say that nothing is
 * right, or refused, by the rule. */
START_TEST(each_rule_has_cases_of_both_sorts)
{
	size_t seen = 0, right, refused, of_rules = 0;
	char *text = case_read(RULES), *rest = text;
	ck_assert_msg(text != NULL, "no " RULES " here: run from the top of the tree");
	for (char *line; (line = strsep(&rest, "\n"));) {
		char rule[16];
		if (sscanf(line, "| %15[0-9.] |", rule) != 1)
			continue;
		count(rule, &right, &refused);
		ck_assert_msg(right || strstr(line, "refused only"), "%s: nothing is right",
			      rule);
		ck_assert_msg(refused || strstr(line, "right only"), "%s: nothing is refused",
			      rule);
		of_rules += right + refused;
		seen++;
	}
	free(text);
	ck_assert_uint_gt(seen, 40);
	ck_assert_msg(of_rules + 1 == all.n, "%zu cases, %zu of them of rules in " RULES,
		      all.n - 1, of_rules);
}
END_TEST

Suite *suite_conformance(void)
{
	Suite *suite = suite_create("conformance");
	all = cases_list(CASES);
	TCase *tests = tcase_create("rules");
	tcase_add_test(tests, each_rule_has_cases_of_both_sorts);
	tcase_add_test(tests, a_mebibyte_is_read_and_one_byte_more_is_not);
	suite_add_tcase(suite, tests);
	tests = tcase_create("cases");
	tcase_add_checked_fixture(tests, open_with_kinds, rig_close);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_case_is_taken_as_its_rule_says, 0, (int)all.n);
	suite_add_tcase(suite, tests);
	return suite;
}
