/* Does a switch fit the schemas of a node? */
#include "agent/switches/judge.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

/* What this node has: "runs" and "ready" run, "soon" is on its way. */
static enum engine_presence find(void *arg, const char *name)
{
	(void)arg;
	if (!strcmp(name, "soon"))
		return ENGINE_COMING;
	return !strcmp(name, "runs") || !strcmp(name, "ready") ? ENGINE_RUNS : ENGINE_ABSENT;
}

static int check_routes(void *arg, const struct ab_switch *sw, flume_report *report)
{
	const char *route = arg;
	if (!route || ab_find(sw, route) >= 0)
		return 0;
	flume_report_add(report, "unreachable-route", "switch", NULL, NULL, "no '%s'", route);
	return FLUME_REJECTED;
}

static const struct {
	const char *name, *variants, *more, *route;
	enum judge_verdict verdict;
	bool front;
	const char *codes; /* of the findings, in their order */
} rows[] = {
	{"x", "{a: 50, b: 50}", "", NULL, JUDGE_GO, false, ""},
	{"x", "{runs: 50, ready: 50}", "", NULL, JUDGE_GO, true, ""},
	{"x", "{runs: 50, ready: 50}", "front: false", NULL, JUDGE_GO, false, ""},
	{"x", "{runs: 50, b: 50}", "", NULL, JUDGE_REJECTED, false, "unknown-schema "},
	{"x", "{runs: 50, b: 50}", "front: false", NULL, JUDGE_GO, false, ""},
	{"x", "{a: 50, b: 50}", "front: true", NULL, JUDGE_REJECTED, false,
	 "unknown-schema unknown-schema "},
	{"x", "{runs: 50, soon: 50}", "", NULL, JUDGE_WAITS, false, "unknown-schema "},
	{"x", "{runs: 50, soon: 50}", "front: false", NULL, JUDGE_GO, false, ""},
	{"x", "{soon: 50, b: 50}", "", NULL, JUDGE_REJECTED, false, "unknown-schema "},
	{"runs", "{a: 50, b: 50}", "", NULL, JUDGE_REJECTED, false, "name-taken "},
	{"soon", "{a: 50, b: 50}", "", NULL, JUDGE_REJECTED, false, "name-taken "},
	{"x", "{a: 50, b: 50}", "", "b", JUDGE_GO, false, ""},
	{"x", "{a: 50, b: 50}", "", "c", JUDGE_REJECTED, false, "unreachable-route "},
	{"runs", "{runs: 50, b: 50}", "", "c", JUDGE_REJECTED, false,
	 "unreachable-route name-taken unknown-schema "},
};

static void add_codes(char *out, size_t size, const flume_report *report)
{
	*out = '\0';
	for (size_t i = 0; i < flume_report_size(report); i++) {
		strncat(out, flume_report_get_issue(report, i)->code, size - strlen(out) - 1);
		strncat(out, " ", size - strlen(out) - 1);
	}
}

START_TEST(a_switch_fits_or_it_is_said_why_not)
{
	char text[256], codes[256];
	bool front = false;
	struct ab_switch *sw;
	char route[16] = "";
	snprintf(route, sizeof route, "%s", rows[_i].route ? rows[_i].route : "");
	const struct judge_world world = {find, check_routes, *route ? route : NULL,
					  "on this node", false};
	flume_report *report = flume_report_new();
	int n = snprintf(text, sizeof text, "variants: %s\nby: id\ndefault: %.*s\n%s\n",
			 rows[_i].variants, (int)strcspn(rows[_i].variants + 1, ":"),
			 rows[_i].variants + 1, rows[_i].more);
	ck_assert_int_eq(ab_parse(&sw, rows[_i].name, text, (size_t)n, FLUME_YAML, report), 0);
	ck_assert_int_eq(judge(&world, sw, &front, report), rows[_i].verdict);
	ck_assert_int_eq(front, rows[_i].front);
	add_codes(codes, sizeof codes, report);
	ck_assert_str_eq(codes, rows[_i].codes);
	const char *missing;
	enum judge_front now = judge_front(&world, sw, &missing);
	ck_assert(now != JUDGE_FRONT || rows[_i].front || rows[_i].route);
	ck_assert_int_eq(now == JUDGE_NAME_TAKEN,
			 strstr(codes, "name-taken") && now != JUDGE_BEHIND);
	ck_assert_int_eq(now == JUDGE_UNSERVED, missing != NULL);
	ck_assert(!judge_is_unasked(&world, sw, true));
	ck_assert_int_eq(judge_is_unasked(&world, sw, false),
			 now == JUDGE_BEHIND && !*rows[_i].more);
	ab_unref(sw);
	flume_report_free(report);
}
END_TEST

/* Does a name to which documents are sent keep its place with that text? */
static enum judge_verdict judge_one_that_serves(const char *text, bool *out_front)
{
	const struct judge_world world = {find, check_routes, NULL, "on this node", true};
	flume_report *report = flume_report_new();
	struct ab_switch *sw;
	ck_assert_int_eq(ab_parse(&sw, "x", text, strlen(text), FLUME_YAML, report), 0);
	enum judge_verdict verdict = judge(&world, sw, out_front, report);
	ab_unref(sw);
	flume_report_free(report);
	return verdict;
}

START_TEST(one_in_front_stays_there_unless_it_says_otherwise)
{
	bool front = true;
	ck_assert_int_eq(judge_one_that_serves("variants: {a: 100}\ndefault: a\n", &front),
			 JUDGE_REJECTED);
	ck_assert_int_eq(
		judge_one_that_serves("variants: {a: 100}\ndefault: a\nfront: false\n", &front),
		JUDGE_GO);
	ck_assert(!front);
	ck_assert_int_eq(
		judge_one_that_serves("variants: {runs: 100}\ndefault: runs\n", &front),
		JUDGE_GO);
	ck_assert(front);
}
END_TEST

START_TEST(a_finding_is_at_the_variant)
{
	static const char text[] = "variants:\n  runs: 50\n  b: 50\nby: id\ndefault: b\n";
	const struct judge_world world = {find, check_routes, NULL, "on this node", false};
	flume_report *report = flume_report_new();
	struct ab_switch *sw;
	bool front;
	ck_assert_int_eq(ab_parse(&sw, "x", text, sizeof text - 1, FLUME_YAML, report), 0);
	ck_assert_int_eq(judge(&world, sw, &front, report), JUDGE_REJECTED);
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	ck_assert_uint_eq(issue->line, 3);
	ck_assert_uint_eq(issue->column, 3);
	ab_unref(sw);
	flume_report_free(report);
}
END_TEST

Suite *suite_judge(void)
{
	Suite *suite = suite_create("judge");
	TCase *tcase = tcase_create("a switch");
	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_switch_fits_or_it_is_said_why_not, 0,
			    sizeof rows / sizeof *rows);
	tcase_add_test(tcase, one_in_front_stays_there_unless_it_says_otherwise);
	tcase_add_test(tcase, a_finding_is_at_the_variant);
	return suite;
}
