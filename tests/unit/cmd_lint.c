#include "tests/unit/cmd_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <unistd.h>

static const char good[] = "components: {processors: {p: {kind: drop}}}\nref: p\n";

START_TEST(a_clean_file_says_nothing)
{
	cmd_put("a.yaml", good);
	flume("lint a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "");
	ck_assert_str_eq(cmd.err, "");
	flume("lint -o json a.yaml");
	ck_assert_str_eq(cmd.out, "[]\n");
}
END_TEST

START_TEST(a_finding_shows_line_caret_and_hint)
{
	cmd_put("a.yaml", "components:\n  processors:\n    mark: {kind: drop}\nchildren:\n"
			  "\t\nref: mark\n");
	cmd_put("b.yaml", "components: {processors: {mark: {kind: drop}}}\n"
			  "type: sequence\nchildren:\n  - ref: marc\n");
	flume("lint b.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out,
			 "b.yaml:4:10: error: processor 'marc' not found [unknown-ref]\n"
			 "  - ref: marc\n"
			 "         ^\n"
			 "hint: did you mean 'mark'?\n");
	ck_assert_str_eq(cmd.err, "1 finding in 1 file\n");
	flume("lint -o json b.yaml");
	SAYS(cmd.out, "{\"file\":\"b.yaml\",\"line\":4,\"column\":10,\"code\":\"unknown-ref\"");
	flume("lint .");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "./a.yaml:");
	SAYS(cmd.out, "./b.yaml:4:10:");
}
END_TEST

START_TEST(nothing_from_outside_commands_the_terminal)
{
	cmd_put("a.yaml", "ref: \"\\e[31m\\a\\u009b\"\n");
	flume("lint a.yaml");
	ck_assert_ptr_null(strpbrk(cmd.out, "\033\a"));
	ck_assert_ptr_null(strstr(cmd.out, "\xc2\x9b"));
}
END_TEST

START_TEST(nothing_from_outside_is_shown_in_another_order)
{
	cmd_put("a.yaml", "ref: \"a\\u202eb\\u2066c\\u200fd\\u2028e\\u20acf\"\n");
	flume("lint a.yaml");
	ck_assert_ptr_null(strstr(cmd.out, "\xe2\x80\xae"));
	SAYS(cmd.out, "a\xef\xbf\xbd"
		      "b\xef\xbf\xbd"
		      "c\xef\xbf\xbd"
		      "d\xef\xbf\xbd"
		      "e\xe2\x82\xac"
		      "f");
}
END_TEST

START_TEST(a_long_line_is_shown_around_the_place)
{
	char text[4000];
	char middle[2000];
	memset(middle, 'x', sizeof middle);
	snprintf(text, sizeof text, "ref: \"%.*s\", rfe: %.*s\n", 2000, middle, 1000, middle);
	cmd_put("a.yaml", text);
	flume("lint a.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	for (char *line = strtok(cmd.out, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_uint_lt(strlen(line), 400);
}
END_TEST

START_TEST(who_only_checks_opens_and_makes_nothing)
{
	cmd_put("agent.yaml", "components:\n  channels:\n    out: {kind: file, path: made}\n"
			      "    far: {kind: file, path: /no/such/folder/made}\n");
	cmd_put("a.yaml", "canary: {cases: [{input: 1, expect: 1}]}\nstream: out\n");
	flume("lint --config agent.yaml a.yaml");
	ck_assert_msg(cmd.code == CMD_DONE, "%s%s", cmd.out, cmd.err);
	flume("test --config agent.yaml a.yaml");
	ck_assert_msg(cmd.code == CMD_DONE, "%s%s", cmd.out, cmd.err);
	ck_assert_int_ne(access("made", F_OK), 0);
	flume("run --config agent.yaml a.yaml");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "/no/such/folder/made: No such file");
}
END_TEST

START_TEST(files_may_refer_to_each_other_in_any_order)
{
	cmd_put("a.yaml", "type: sequence\nchildren: [{ref: b}, {ref: c}]\n");
	cmd_put("b.yaml", "ref: c\n");
	cmd_put("c.yaml", good);
	flume("lint a.yaml b.yaml c.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	flume("lint a.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "2 findings in 1 file");
}
END_TEST

START_TEST(each_file_is_blamed_for_its_own_mistakes)
{
	cmd_put("a.yaml", "ref: b\n");
	cmd_put("b.yaml", "type: sequence\nchildren: []\n");
	flume("lint .");
	SAYS(cmd.out, "./b.yaml:");
	ck_assert_ptr_null(strstr(cmd.out, "a.yaml"));
}
END_TEST

START_TEST(a_circle_of_files_is_found)
{
	cmd_put("a.yaml", "ref: b\n");
	cmd_put("b.yaml", "ref: a\n");
	flume("lint .");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "[cycle]");
	SAYS(cmd.out, "b -> a -> b");
	SAYS(cmd.err, "1 finding in 2 files");
}
END_TEST

START_TEST(structure_alone_needs_no_components)
{
	cmd_put("a.yaml", "type: sequence\nchildren: [{ref: unheard-of}, {rfe: x}]\n");
	flume("lint --structure a.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_ptr_null(strstr(cmd.out, "unheard-of' not found"));
	SAYS(cmd.out, "rfe");
}
END_TEST

START_TEST(shared_components_come_from_the_configuration)
{
	cmd_put("a.yaml", "ref: shared\n");
	cmd_put("agent.conf",
		"listen: x:1\ncomponents:\n  processors:\n    shared: {kind: drop}\n");
	flume("lint --config agent.conf a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	cmd_put("agent.conf", "# one\ncomponents:\n  processors:\n    shared: {kind: dorp}\n");
	flume("lint --config agent.conf a.yaml");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "agent.conf:4:");
}
END_TEST

START_TEST(what_is_not_there_is_5)
{
	flume("lint none.yaml");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "none.yaml");
	flume("lint .");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	flume("run none.yaml");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
}
END_TEST

Suite *suite_cmd_lint(void)
{
	Suite *suite = suite_create("cmd_lint");
	TCase *tests = cmd_tests(suite, "cmd_lint");
	tcase_add_test(tests, a_clean_file_says_nothing);
	tcase_add_test(tests, a_finding_shows_line_caret_and_hint);
	tcase_add_test(tests, nothing_from_outside_commands_the_terminal);
	tcase_add_test(tests, nothing_from_outside_is_shown_in_another_order);
	tcase_add_test(tests, a_long_line_is_shown_around_the_place);
	tcase_add_test(tests, who_only_checks_opens_and_makes_nothing);
	tcase_add_test(tests, files_may_refer_to_each_other_in_any_order);
	tcase_add_test(tests, each_file_is_blamed_for_its_own_mistakes);
	tcase_add_test(tests, a_circle_of_files_is_found);
	tcase_add_test(tests, structure_alone_needs_no_components);
	tcase_add_test(tests, shared_components_come_from_the_configuration);
	tcase_add_test(tests, what_is_not_there_is_5);
	return suite;
}
