#include "agent/cmd/cmd.h"

#include "agent/cmd/agent_options.h"
#include "agent/source/slurp.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Commands run in this process, with stdout and stderr in files. */
static struct {
	char dir[256];
	char *out, *err;
	int code;
} t;

static void begin(void)
{
	const char *tmp = getenv("TMPDIR");
	memset(&t, 0, sizeof t);
	snprintf(t.dir, sizeof t.dir, "%s/flume-cmd-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(t.dir));
	ck_assert_int_eq(chdir(t.dir), 0);
	for (const struct command *const *c = commands; *c; c++)
		for (const struct conf_option *o = (*c)->options; o && o->name; o++)
			if (o->env)
				unsetenv(o->env);
}

static void end(void)
{
	char command[300];
	free(t.out);
	free(t.err);
	snprintf(command, sizeof command, "rm -rf '%s'", t.dir);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static char *get(const char *file)
{
	char *text = NULL;
	size_t len;
	ck_assert_int_eq(slurp(file, 1 << 20, &text, &len), 0);
	return text;
}

/* Words in one text, separated by single spaces. */
static void run(const char *words)
{
	static char copy[512];
	char *argv[32] = {(char *)(uintptr_t) "flume"};
	int argc = 1;
	snprintf(copy, sizeof copy, "%s", words);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	fflush(stdout);
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	ck_assert_ptr_nonnull(freopen("/dev/null", "r", stdin));
	ck_assert_ptr_nonnull(freopen(".out", "w", stdout));
	ck_assert_ptr_nonnull(freopen(".err", "w", stderr));
	t.code = cmd_main(argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	free(t.out);
	free(t.err);
	t.out = get(".out");
	t.err = get(".err");
}

#define SAYS(text, what) \
	ck_assert_msg(strstr(text, what) != NULL, "'%s' is not in: %s", what, text)

/* ---- rows ---- */

START_TEST(every_row_is_complete)
{
	for (const struct command *const *c = commands; *c; c++) {
		ck_assert_ptr_eq(cmd_find((*c)->name), *c);
		ck_assert(*(*c)->about && (*c)->usage && (*c)->run);
		for (const struct conf_option *o = (*c)->options; o && o->name; o++) {
			ck_assert_msg(*o->about && o->value, "--%s", o->name);
			ck_assert_msg(o->at < (*c)->size, "--%s", o->name);
			ck_assert_msg(o->type != CONF_CHOICE || o->fallback, "--%s", o->name);
		}
	}
}
END_TEST

START_TEST(whatever_lasts_can_stand_in_a_file)
{
	for (const struct conf_option *o = agent_option_rows; o->name; o++) {
		char expected[64] = "FLUME_";
		size_t n = strlen(expected);
		for (const char *s = o->name; *s; s++)
			expected[n++] = *s == '-' ? '_' : (char)(*s - 'a' + 'A');
		expected[n] = '\0';
		ck_assert_str_eq(o->env, expected);
	}
}
END_TEST

START_TEST(rows_of_one_name_mean_the_same_everywhere)
{
	for (const struct command *const *a = commands; *a; a++)
		for (const struct conf_option *o = (*a)->options; o && o->name; o++)
			for (const struct command *const *b = commands; *b; b++)
				for (const struct conf_option *p = (*b)->options; p && p->name;
				     p++)
					if (!strcmp(o->name, p->name) && o->env && p->env)
						ck_assert(o->type == p->type &&
							  !strcmp(o->env, p->env));
}
END_TEST

/* ---- words ---- */

START_TEST(help_comes_from_the_rows)
{
	run("--help");
	ck_assert_int_eq(t.code, CMD_DONE);
	for (const struct command *const *c = commands; *c; c++)
		SAYS(t.out, (*c)->name);
	run("agent --help --no-such");
	ck_assert_int_eq(t.code, CMD_DONE);
	for (const struct conf_option *o = agent_option_rows; o->name; o++)
		SAYS(t.out, o->name);
	SAYS(t.out, "Exit codes: 0 done, 1 it cannot start, 2 ");
	run("help lint");
	SAYS(t.out, "flume lint ");
	run("help lnt");
	ck_assert_int_eq(t.code, CMD_USAGE);
}
END_TEST

START_TEST(wrong_words_are_named_with_the_right_ones)
{
	static const struct {
		const char *words, *says;
	} wrong[] = {
		{"", "usage: flume COMMAND"},
		{"lnt", "unknown command 'lnt' (did you mean 'lint'?)"},
		{"lint", "flume lint [OPTION...] FILE|DIR..."},
		{"lint --strucure x.yaml", "(did you mean '--structure'?)"},
		{"lint x.txt", "x.txt: not a .yaml, .yml or .json file"},
		{"status extra", "unexpected argument 'extra'"},
		{"agent --etcd a --dir b", "--etcd and --dir"},
		{"agent --label zone", "'zone' is not KEY=VALUE"},
		{"agent --node Big", "'Big' cannot name a node"},
		{"agent --prefix flume", "'flume' does not end with '/'"},
		{"agent --listen=", "neither --listen nor --socket"},
		{"agent --token-file /no/such", "/no/such"},
		{"agent --poll often", "'often' is not a duration"},
		{"apply", "nothing to apply"},
		{"get --etcd http://127.0.0.1:1 --prefix x", "'x' does not end with '/'"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		run(wrong[i].words);
		ck_assert_msg(t.code == CMD_USAGE, "%s: %d", wrong[i].words, t.code);
		SAYS(t.err, wrong[i].says);
		ck_assert_str_eq(t.out, "");
	}
}
END_TEST

START_TEST(a_wrong_key_is_shown_where_it_stands)
{
	put("agent.yaml", "listen: x:1\nlistne: y:2\n");
	run("agent --config agent.yaml");
	ck_assert_int_eq(t.code, CMD_USAGE);
	ck_assert_str_eq(t.err, "agent.yaml:2:1: error: unknown key 'listne' [unknown-key]\n"
				"listne: y:2\n"
				"^\n"
				"hint: did you mean 'listen'?\n");
}
END_TEST

/* ---- lint ---- */

static const char good[] = "components: {processors: {p: {kind: drop}}}\nref: p\n";

START_TEST(a_clean_file_says_nothing)
{
	put("a.yaml", good);
	run("lint a.yaml");
	ck_assert_int_eq(t.code, CMD_DONE);
	ck_assert_str_eq(t.out, "");
	ck_assert_str_eq(t.err, "");
	run("lint -o json a.yaml");
	ck_assert_str_eq(t.out, "[]\n");
}
END_TEST

START_TEST(a_finding_shows_line_caret_and_hint)
{
	put("a.yaml", "components:\n  processors:\n    mark: {kind: drop}\nchildren:\n"
		      "\t\nref: mark\n");
	put("b.yaml", "components: {processors: {mark: {kind: drop}}}\n"
		      "type: sequence\nchildren:\n  - ref: marc\n");
	run("lint b.yaml");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	ck_assert_str_eq(t.out, "b.yaml:4:10: error: processor 'marc' not found [unknown-ref]\n"
				"  - ref: marc\n"
				"         ^\n"
				"hint: did you mean 'mark'?\n");
	ck_assert_str_eq(t.err, "1 finding in 1 file\n");
	run("lint -o json b.yaml");
	SAYS(t.out, "{\"file\":\"b.yaml\",\"line\":4,\"column\":10,\"code\":\"unknown-ref\"");
	run("lint .");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	SAYS(t.out, "./a.yaml:");
	SAYS(t.out, "./b.yaml:4:10:");
}
END_TEST

START_TEST(nothing_from_outside_commands_the_terminal)
{
	put("a.yaml", "ref: \"\\e[31m\\a\\u009b\"\n");
	run("lint a.yaml");
	ck_assert_ptr_null(strpbrk(t.out, "\033\a"));
	ck_assert_ptr_null(strstr(t.out, "\xc2\x9b"));
}
END_TEST

START_TEST(a_long_line_is_shown_around_the_place)
{
	char text[4000];
	memset(text, 'x', sizeof text);
	memcpy(text, "ref: \"", 6);
	memcpy(text + 2000, "\", rfe: 1\n", 11);
	put("a.yaml", text);
	run("lint a.yaml");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	for (char *line = strtok(t.out, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_uint_lt(strlen(line), 400);
}
END_TEST

START_TEST(files_may_refer_to_each_other_in_any_order)
{
	put("a.yaml", "type: sequence\nchildren: [{ref: b}, {ref: c}]\n");
	put("b.yaml", "ref: c\n");
	put("c.yaml", good);
	run("lint a.yaml b.yaml c.yaml");
	ck_assert_int_eq(t.code, CMD_DONE);
	run("lint a.yaml");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	SAYS(t.err, "2 findings in 1 file");
}
END_TEST

START_TEST(each_file_is_blamed_for_its_own_mistakes)
{
	put("a.yaml", "ref: b\n");
	put("b.yaml", "type: sequence\nchildren: []\n");
	run("lint .");
	SAYS(t.out, "./b.yaml:");
	ck_assert_ptr_null(strstr(t.out, "a.yaml"));
}
END_TEST

START_TEST(a_circle_of_files_is_found)
{
	put("a.yaml", "ref: b\n");
	put("b.yaml", "ref: a\n");
	run("lint .");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	SAYS(t.out, "[cycle]");
	SAYS(t.out, "b -> a -> b");
	SAYS(t.err, "1 finding in 2 files");
}
END_TEST

START_TEST(structure_alone_needs_no_components)
{
	put("a.yaml", "type: sequence\nchildren: [{ref: unheard-of}, {rfe: x}]\n");
	run("lint --structure a.yaml");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	ck_assert_ptr_null(strstr(t.out, "unheard-of' not found"));
	SAYS(t.out, "rfe");
}
END_TEST

START_TEST(shared_components_come_from_the_configuration)
{
	put("a.yaml", "ref: shared\n");
	put("agent.conf",
	    "listen: x:1\ncomponents:\n  processors:\n    shared: {kind: drop}\n");
	run("lint --config agent.conf a.yaml");
	ck_assert_int_eq(t.code, CMD_DONE);
	put("agent.conf", "# one\ncomponents:\n  processors:\n    shared: {kind: dorp}\n");
	run("lint --config agent.conf a.yaml");
	ck_assert_int_eq(t.code, CMD_USAGE);
	SAYS(t.err, "agent.conf:4:");
}
END_TEST

START_TEST(what_is_not_there_is_5)
{
	run("lint none.yaml");
	ck_assert_int_eq(t.code, CMD_NOT_FOUND);
	SAYS(t.err, "none.yaml");
	run("lint .");
	ck_assert_int_eq(t.code, CMD_NOT_FOUND);
	run("run none.yaml");
	ck_assert_int_eq(t.code, CMD_NOT_FOUND);
}
END_TEST

/* ---- test ---- */

#define CASES                                                          \
	"components: {processors: {s: {kind: set, fields: {x: 1}}}}\n" \
	"ref: s\ncanary:\n  cases:\n"

START_TEST(cases_are_told_one_by_one)
{
	put("a.yaml", CASES "    - {name: right, input: {}, expect: {x: 1}}\n"
			    "    - {name: \"wr<o>ng\", input: {}, expect: {x: 2}}\n");
	put("b.yaml", good);
	run("test --junit j.xml .");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	SAYS(t.out, "ok a: case 'right'\n");
	SAYS(t.out, "FAILED a: case 'wr<o>ng': x: expected 2, got 1\n");
	SAYS(t.out, "b: no cases\n");
	ck_assert_str_eq(t.err, "2 cases, 1 failed\n");
	char *xml = get("j.xml");
	SAYS(xml, "<testsuite name=\"a\" file=\"./a.yaml\" tests=\"2\" failures=\"1\" "
		  "errors=\"0\">");
	SAYS(xml, "<failure message=\"x: expected 2, got 1\"/>");
	SAYS(xml, "wr&lt;o>ng");
	free(xml);
	run("test -o json .");
	SAYS(t.out, "\"case\":\"case 'right'\",\"ok\":true");
	SAYS(t.out, "\"error\":\"x: expected 2, got 1\"");
}
END_TEST

START_TEST(findings_come_before_cases)
{
	put("a.yaml", "ref: nobody\n");
	run("test --junit j.xml a.yaml");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	SAYS(t.out, "a.yaml:1:6: error: ");
	char *xml = get("j.xml");
	SAYS(xml, "errors=\"1\"");
	SAYS(xml, "<error type=\"unknown-ref\"");
	free(xml);
}
END_TEST

/* ---- run ---- */

START_TEST(documents_go_through_line_by_line)
{
	put("a.yaml", "components: {processors: {s: {kind: set, fields: {x: 1}},\n"
		      "  r: {kind: require, fields: [id]}, d: {kind: drop}},\n"
		      "  predicates: {t: {kind: exists, field: test}}}\n"
		      "type: sequence\nchildren: [{ref: r}, {type: filter, predicate: t,\n"
		      "  then: {ref: d}}, {ref: s}]\n");
	put("in", "{\"id\":1}\n\n{\"no\":1}\r\n{\"id\":2,\"test\":1}\nnope\n{\"id\":3}");
	run("run a.yaml --input in");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	ck_assert_str_eq(t.out, "{\"id\":1,\"x\":1}\n{\"id\":3,\"x\":1}\n");
	SAYS(t.err, "in:3: ");
	SAYS(t.err, "in:5: line 1, column ");
	SAYS(t.err, "5 read, 2 written, 1 dropped, 2 rejected\n");
	run("run a.yaml --input in --rejects bad -o json");
	char *bad = get("bad");
	SAYS(bad, "{\"line\":3,");
	SAYS(bad, "\"input\":\"nope\"}\n");
	free(bad);
	ck_assert_str_eq(t.err, "{\"read\":5,\"written\":2,\"dropped\":1,\"rejected\":2}\n");
	run("run a.yaml");
	ck_assert_int_eq(t.code, CMD_DONE);
	ck_assert_str_eq(t.out, "");
}
END_TEST

START_TEST(a_schema_runs_with_those_it_refers_to)
{
	put("a.yaml", "ref: b\n");
	put("b.yaml", "components: {processors: {s: {kind: set, fields: {x: 1}}}}\nref: s\n");
	put("in", "{}\n");
	run("run a.yaml b.yaml --input in");
	ck_assert_int_eq(t.code, CMD_DONE);
	ck_assert_str_eq(t.out, "{\"x\":1}\n");
	run("run a.yaml --input in");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	ck_assert_str_eq(t.out, "");
	SAYS(t.err, "a.yaml:1:6: error: ");
}
END_TEST

START_TEST(a_line_too_long_is_rejected_alone)
{
	put("a.yaml", "components: {processors: {s: {kind: set, fields: {x: 1}}}}\nref: s\n");
	put("in", "{}\n{\"a\":\"0123456789012345678901234567890123456789\"}\n{\"b\":1}\n");
	run("run a.yaml --input in --max-line 20");
	ck_assert_int_eq(t.code, CMD_NEGATIVE);
	ck_assert_str_eq(t.out, "{\"x\":1}\n{\"b\":1,\"x\":1}\n");
	SAYS(t.err, "in:2: the line is too long");
}
END_TEST

static TCase *group(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, begin, end);
	suite_add_tcase(suite, tests);
	return tests;
}

Suite *suite_cmd(void)
{
	Suite *suite = suite_create("cmd");
	TCase *words = group(suite, "words");
	tcase_add_test(words, every_row_is_complete);
	tcase_add_test(words, whatever_lasts_can_stand_in_a_file);
	tcase_add_test(words, rows_of_one_name_mean_the_same_everywhere);
	tcase_add_test(words, help_comes_from_the_rows);
	tcase_add_test(words, wrong_words_are_named_with_the_right_ones);
	tcase_add_test(words, a_wrong_key_is_shown_where_it_stands);
	TCase *lint = group(suite, "lint");
	tcase_add_test(lint, a_clean_file_says_nothing);
	tcase_add_test(lint, a_finding_shows_line_caret_and_hint);
	tcase_add_test(lint, nothing_from_outside_commands_the_terminal);
	tcase_add_test(lint, a_long_line_is_shown_around_the_place);
	tcase_add_test(lint, files_may_refer_to_each_other_in_any_order);
	tcase_add_test(lint, each_file_is_blamed_for_its_own_mistakes);
	tcase_add_test(lint, a_circle_of_files_is_found);
	tcase_add_test(lint, structure_alone_needs_no_components);
	tcase_add_test(lint, shared_components_come_from_the_configuration);
	tcase_add_test(lint, what_is_not_there_is_5);
	TCase *tests = group(suite, "test and run");
	tcase_add_test(tests, cases_are_told_one_by_one);
	tcase_add_test(tests, findings_come_before_cases);
	tcase_add_test(tests, documents_go_through_line_by_line);
	tcase_add_test(tests, a_schema_runs_with_those_it_refers_to);
	tcase_add_test(tests, a_line_too_long_is_rejected_alone);
	return suite;
}
