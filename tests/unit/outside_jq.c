/* jq programs: what they may do, and that none of them goes on for ever. */
#include "agent/outside/kinds.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char yaml[2000];

/* Single quotes of the program are doubled. */
static const char *jq(const char *program, const char *more)
{
	size_t n = (size_t)snprintf(yaml, sizeof yaml, "{program: '");
	for (const char *c = program; *c; c++) {
		yaml[n++] = *c;
		if (*c == '\'')
			yaml[n++] = '\'';
	}
	snprintf(yaml + n, sizeof yaml - n, "'%s%s}", *more ? ", " : "", more);
	return yaml;
}

static void expect_jq(const char *program, const char *more, const char *input, int code,
		      const char *output)
{
	struct made made = make_outside(&kind_jq, jq(program, more));
	expect_run(&made, NULL, input, code, output);
	unmake(&made);
}

START_TEST(the_result_takes_the_place_of_the_document)
{
	expect_jq(".total *= 2", "", "{\"id\":\"a\",\"total\":50}", 0,
		  "{\"id\":\"a\",\"total\":100}");
	expect_jq("{z: .a, a: .z}", "", "{\"a\":\"\\u0000ä\\ud83d\\ude00\",\"z\":null}", 0,
		  "{\"z\":\"\\u0000ä😀\",\"a\":null}");
	expect_jq("env, $ENV | select(length > 0)", "", "1", FLUME_DROPPED, NULL);
	expect_jq("empty", "", "1", FLUME_DROPPED, NULL);
	expect_jq("error(null)", "", "1", FLUME_DROPPED, NULL); /* as in jq 1.6 */
	expect_jq("debug", "", "1", 0, "1");
}
END_TEST

START_TEST(more_than_one_result_is_what_the_declaration_says)
{
	expect_jq(".[]", "", "[1,2]", FLUME_FAILED, "more than one result");
	expect_jq(".[]", "", "[1]", 0, "1");
	expect_jq(".[]", "results: first", "[1,2]", 0, "1");
	expect_jq("repeat(.)", "results: first", "7", 0, "7");
	expect_jq(".[]", "results: collect", "[1,2]", 0, "[1,2]");
	expect_jq(".[]", "results: collect", "[]", 0, "[]");
}
END_TEST

START_TEST(an_error_of_the_program_fails_the_document)
{
	static const struct {
		const char *program, *why;
	} rows[] = {
		{"error(\"no total\")", "jq: no total"},
		{"error({a: 1})", "jq: {\"a\":1}"},
		{".a.b", "jq: Cannot index number with"},
		{"1, error(\"late\")", "jq: late"},
		{"halt", "the program halted"},
		{"\"x\" | halt_error", "the program halted"},
		{"input", "jq: break"},
		{"test(\"(\")", "jq: "},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_jq(rows[i].program, "", "{\"a\":1}", FLUME_FAILED, rows[i].why);
}
END_TEST

START_TEST(one_program_fails_and_works_again_and_again)
{
	struct made made = make_outside(&kind_jq, jq("if .bad then halt else .n += 1 end", ""));
	for (int i = 0; i < 50; i++) {
		expect_run(&made, NULL, "{\"bad\":true}", FLUME_FAILED, "halted");
		expect_run(&made, NULL, "{\"n\":1}", 0, "{\"n\":2}");
	}
	unmake(&made);
}
END_TEST

static pid_t child_of_ours(void)
{
	char path[64];
	int pid = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

START_TEST(the_process_has_nothing_of_the_environment_of_the_agent)
{
	char path[64], first;
	ck_assert_int_eq(setenv("PASSWORD", "secret", 1), 0);
	struct made made = make_outside(&kind_jq, jq("$ENV", ""));
	expect_run(&made, NULL, "1", 0, "{}");
	snprintf(path, sizeof path, "/proc/%d/environ", (int)child_of_ours());
	FILE *file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(&first, 1, 1, file), 0);
	ck_assert_int_ne(feof(file), 0);
	fclose(file);
	unmake(&made);
}
END_TEST

/* The signal may not have been taken yet when the document comes. */
START_TEST(a_process_that_somebody_kills_while_it_waits_costs_no_document)
{
	struct made made = make_outside(&kind_jq, jq(".n += 1", ""));
	for (int i = 0; i < 30; i++) {
		expect_run(&made, NULL, "{\"n\":1}", 0, "{\"n\":2}");
		pid_t pid = child_of_ours();
		ck_assert_int_gt(pid, 0);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		if (i % 2)
			nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	expect_run(&made, NULL, "{\"n\":1}", 0, "{\"n\":2}");
	unmake(&made);
}
END_TEST

START_TEST(a_program_that_does_not_compile_is_a_finding_in_the_words_of_jq)
{
	expect_refused(&kind_jq, jq(".a |", ""), "program",
		       "line 1: syntax error, unexpected $end");
	expect_refused(&kind_jq, jq("foo(1)", ""), "program", "line 1: foo/1 is not defined");
	expect_refused(&kind_jq, jq("", ""), "program", "the program is empty");
	expect_refused(&kind_jq, jq("import \"a\" as a; .", ""), "program", "module not found");
	expect_refused(&kind_jq, jq("import \"passwd\" as $a {search: \"/etc\"}; .", ""),
		       "program", "module not found");
	expect_refused(&kind_jq, jq(".", "timeout: 11s"), "timeout", "at most 10s");
	expect_refused(&kind_jq, jq(".", "results: all"), "results",
		       "'all' is not one, first or collect");
	expect_refused(&kind_jq_predicate, jq("}", ""), "program", "syntax error");
	expect_refused(&kind_jq_condition, jq("}", ""), "program", "syntax error");
}
END_TEST

/* Each ends, in time, and the next document is served as if nothing had been. */
START_TEST(no_program_goes_on_for_ever)
{
	static const char *const programs[] = {
		"def f: f; f",
		"def f: f + 1; f",
		"last(repeat(.))",
		"[range(1e9)]",
		"[recurse([.])]",
		"\"x\" * 1e9",
		"[limit(1e10; repeat(\"x\"))] | length",
		"last(range(1e12))",
		"null | .[999999999] = 1",
		"reduce range(1000000) as $i (0; [.]) | tojson | length",
		"reduce range(3000000) as $i (0; [.]) | flatten",
		"def d: reduce range(60) as $i (0; [., .]); d < d",
		"reduce range(60) as $i (0; [., .]) | tojson",
		"until(false; .)",
		"[splits(\"\")] | combinations(40)",
	};
	struct made good = make_outside(&kind_jq, jq(".n += 1", "timeout: 10s"));
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		struct made made = make_outside(&kind_jq, jq(programs[i], "timeout: 100ms"));
		struct flume_err err = {0};
		void *item = read_document("\"x\"");
		int64_t begun = ms_now();
		int rc = made.is.run(NULL, &item, made.is.arg, &err);
		int64_t took = ms_now() - begun;
		ck_assert_msg(rc == FLUME_FAILED, "%s: %s", programs[i], flume_code_text(rc));
		ck_assert_msg(took < 15000, "%s: %lld ms", programs[i], (long long)took);
		document_free(item);
		expect_run(&good, NULL, "{\"n\":1}", 0, "{\"n\":2}");
		unmake(&made);
	}
	unmake(&good);
}
END_TEST

START_TEST(a_call_that_is_over_is_not_held_up)
{
	struct made made = make_outside(&kind_jq, jq("def f: f; f", "timeout: 10s"));
	ck_assert(made.is.blocks && !made.is.prompt);
	struct flume_call call = call_of_ms(100);
	int64_t begun = ms_now();
	expect_run(&made, &call, "1", FLUME_TIMED_OUT, "the call was over");
	ck_assert_int_lt(ms_now() - begun, 9000);
	call = (struct flume_call){.cancel = flume_cancel_new()};
	flume_cancel_request(call.cancel);
	expect_run(&made, &call, "1", FLUME_CANCELLED, "the call was over");
	flume_cancel_free(call.cancel);
	unmake(&made);
}
END_TEST

START_TEST(a_result_that_is_no_document_fails)
{
	expect_jq("reduce range(300) as $i (0; [.])", "", "1", FLUME_FAILED,
		  "the result of jq is no document");
}
END_TEST

START_TEST(a_document_as_deep_as_may_be_goes_through)
{
	char deep[2 * DOCUMENT_DEPTH + 2];
	memset(deep, '[', DOCUMENT_DEPTH);
	memset(deep + DOCUMENT_DEPTH, ']', DOCUMENT_DEPTH);
	deep[2 * DOCUMENT_DEPTH] = '\0';
	expect_jq(".", "timeout: 5s", deep, 0, deep);
}
END_TEST

START_TEST(a_large_document_goes_through)
{
	size_t len = 2 << 20;
	char *large = malloc(len + 3);
	memset(large, 'x', len);
	large[0] = large[len - 1] = '"';
	large[len] = '\0';
	expect_jq(".", "timeout: 10s", large, 0, large);
	free(large);
}
END_TEST

static bool asks(const char *program, const char *json, int *out_code)
{
	struct made made = make_outside(&kind_jq_predicate, jq(program, "timeout: 2s"));
	struct flume_err err = {0};
	const struct flume_call call = {.doubt = &err};
	struct document *document = read_document(json);
	bool answer = made.is.test(&call, document, made.is.arg);
	document_free(document);
	unmake(&made);
	*out_code = err.code;
	return answer;
}

START_TEST(a_predicate_is_true_of_all_but_null_false_and_nothing)
{
	static const struct {
		const char *program;
		bool answer;
		int code;
	} rows[] = {
		{".a > 1", true, 0},
		{".a > 2", false, 0},
		{"null", false, 0},
		{"0", true, 0},
		{"\"\"", true, 0},
		{"empty", false, 0},
		{"false, true", false, 0},
		{"error(\"x\")", false, FLUME_FAILED},
		{"def f: f; f", false, FLUME_FAILED},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int code;
		bool answer = asks(rows[i].program, "{\"a\":2}", &code);
		ck_assert_msg(answer == rows[i].answer && code == rows[i].code, "%s",
			      rows[i].program);
	}
}
END_TEST

START_TEST(a_condition_names_the_route)
{
	static const struct {
		const char *program, *name;
	} rows[] = {
		{".a", "x"},           {".n", "7"},   {"true", "true"}, {".none", NULL},
		{"empty", NULL},       {"[1]", NULL}, {".a, .n", "x"},  {"\"a\\u0000b\"", NULL},
		{"\"x\" * 300", NULL},
	};
	struct document *document = read_document("{\"a\":\"x\",\"n\":7}");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char scratch[256];
		struct made made =
			make_outside(&kind_jq_condition, jq(rows[i].program, "timeout: 5s"));
		const char *name = made.is.pick(NULL, document, made.is.arg, scratch);
		ck_assert_msg(rows[i].name ? name && !strcmp(name, rows[i].name) : !name, "%s",
			      rows[i].program);
		unmake(&made);
	}
	document_free(document);
}
END_TEST

static void *run_often(void *arg)
{
	for (int i = 0; i < 50; i++)
		expect_run(arg, NULL, "{\"n\":1}", 0, "{\"n\":2}");
	return arg;
}

START_TEST(many_threads_run_one_program)
{
	pthread_t threads[6];
	struct made made = make_outside(&kind_jq, jq(".n += 1", "timeout: 10s"));
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_often, &made), 0);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	unmake(&made);
}
END_TEST

START_TEST(many_programs_share_the_processes)
{
	struct made all[40];
	for (int i = 0; i < 40; i++) {
		char program[32];
		snprintf(program, sizeof program, ".n += %d", i);
		all[i] = make_outside(&kind_jq, jq(program, "timeout: 10s"));
	}
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 40; i++) {
			char output[32];
			snprintf(output, sizeof output, "{\"n\":%d}", i);
			expect_run(&all[i], NULL, "{\"n\":0}", 0, output);
		}
	}
	for (int i = 0; i < 40; i++)
		unmake(&all[i]);
}
END_TEST

/* Those of this process. */
static int children(void)
{
	char line[4096] = "";
	FILE *file = fopen("/proc/thread-self/children", "re");
	if (!file)
		return -1;
	int n = 0;
	if (fgets(line, sizeof line, file))
		for (char *c = line; *c; c++)
			n += *c == ' ';
	fclose(file);
	return n;
}

START_TEST(the_processes_go_with_the_last_program)
{
	struct made first = make_outside(&kind_jq, jq(".", ""));
	struct made second = make_outside(&kind_jq, jq(". + 1", "timeout: 5s"));
	unmake(&first);
	expect_run(&second, NULL, "1", 0, "2");
	unmake(&second);
	ck_assert_int_le(children(), 0);
}
END_TEST

Suite *suite_outside_jq(void)
{
	Suite *suite = suite_create("outside_jq");
	TCase *tc = tcase_create("jq");
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, the_result_takes_the_place_of_the_document);
	tcase_add_test(tc, more_than_one_result_is_what_the_declaration_says);
	tcase_add_test(tc, an_error_of_the_program_fails_the_document);
	tcase_add_test(tc, one_program_fails_and_works_again_and_again);
	tcase_add_test(tc, the_process_has_nothing_of_the_environment_of_the_agent);
	tcase_add_test(tc, a_process_that_somebody_kills_while_it_waits_costs_no_document);
	tcase_add_test(tc, a_program_that_does_not_compile_is_a_finding_in_the_words_of_jq);
	tcase_add_test(tc, no_program_goes_on_for_ever);
	tcase_add_test(tc, a_call_that_is_over_is_not_held_up);
	tcase_add_test(tc, a_result_that_is_no_document_fails);
	tcase_add_test(tc, a_document_as_deep_as_may_be_goes_through);
	tcase_add_test(tc, a_large_document_goes_through);
	tcase_add_test(tc, a_predicate_is_true_of_all_but_null_false_and_nothing);
	tcase_add_test(tc, a_condition_names_the_route);
	tcase_add_test(tc, many_threads_run_one_program);
	tcase_add_test(tc, many_programs_share_the_processes);
	tcase_add_test(tc, the_processes_go_with_the_last_program);
	suite_add_tcase(suite, tc);
	return suite;
}
