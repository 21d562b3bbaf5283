#include "tests/unit/cmd_fixture.h"

#include "agent/cmd/agent_options.h"
#include "tests/unit/suites.h"

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
	flume("--help");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	for (const struct command *const *c = commands; *c; c++)
		SAYS(cmd.out, (*c)->name);
	flume("agent --help --no-such");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	for (const struct conf_option *o = agent_option_rows; o->name; o++)
		SAYS(cmd.out, o->name);
	SAYS(cmd.out, "Exit codes: 0 done, 1 it cannot start, 2 ");
	flume("help lint");
	SAYS(cmd.out, "flume lint ");
	flume("help lnt");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
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
		{"status one extra", "unexpected argument 'extra'"},
		{"agent --etcd a --dir b", "--etcd and --dir"},
		{"agent --label zone", "'zone' is not KEY=VALUE"},
		{"agent --node Big", "'Big' cannot name a node"},
		{"agent --prefix flume", "'flume' does not end with '/'"},
		{"agent --listen= --socket none", "neither --listen nor --socket"},
		{"agent --token-file /no/such", "/no/such"},
		{"agent --poll often", "'often' is not a duration"},
		{"apply", "nothing to apply"},
		{"get --etcd http://127.0.0.1:1 --prefix x", "'x' does not end with '/'"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		flume(wrong[i].words);
		ck_assert_msg(cmd.code == CMD_USAGE, "%s: %d", wrong[i].words, cmd.code);
		SAYS(cmd.err, wrong[i].says);
		ck_assert_str_eq(cmd.out, "");
	}
}
END_TEST

START_TEST(a_token_is_taken_whole_or_not_at_all)
{
	char token[4098];
	memset(token, 'x', sizeof token - 1);
	token[sizeof token - 1] = '\0';
	cmd_put("token", token);
	flume("agent --token-file token");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "token is larger than 4096 bytes");
	flume("agent --url https://127.0.0.1:1/ --url-token-file token");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "--url-token-file: token is larger than 4096 bytes");
	cmd_put("token", "a\nb\n");
	flume("agent --token-file token");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "token holds no token");
	flume("agent --url https://127.0.0.1:1/ --url-ca-file nowhere");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "--url-ca-file: nowhere: No such file");
}
END_TEST

START_TEST(a_wrong_key_is_shown_where_it_stands)
{
	cmd_put("agent.yaml", "listen: x:1\nlistne: y:2\n");
	flume("agent --config agent.yaml");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	ck_assert_str_eq(cmd.err, "agent.yaml:2:1: error: unknown key 'listne' [unknown-key]\n"
				  "listne: y:2\n"
				  "^\n"
				  "hint: did you mean 'listen'?\n");
}
END_TEST

Suite *suite_cmd(void)
{
	Suite *suite = suite_create("cmd");
	TCase *tests = cmd_tests(suite, "cmd");
	tcase_add_test(tests, every_row_is_complete);
	tcase_add_test(tests, whatever_lasts_can_stand_in_a_file);
	tcase_add_test(tests, rows_of_one_name_mean_the_same_everywhere);
	tcase_add_test(tests, help_comes_from_the_rows);
	tcase_add_test(tests, wrong_words_are_named_with_the_right_ones);
	tcase_add_test(tests, a_token_is_taken_whole_or_not_at_all);
	tcase_add_test(tests, a_wrong_key_is_shown_where_it_stands);
	return suite;
}
