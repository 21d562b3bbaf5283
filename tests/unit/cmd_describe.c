#include "agent/document/kinds.h"
#include "tests/unit/cmd_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>

/* ---- components ---- */

START_TEST(every_kind_has_a_line)
{
	flume("components");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.err, "");
	SAYS(cmd.out, "SECTION ");
	for (size_t i = 0; document_kinds[i]; i++) {
		SAYS(cmd.out, document_kinds[i]->kind);
		SAYS(cmd.out, document_kinds[i]->about);
	}
	SAYS(cmd.out, " built in  Is the field a text in which the pattern is found?");
	SAYS(cmd.out, "file ");
	SAYS(cmd.out, " configuration  built in  Appends each document");
	SAYS(cmd.out, "nodes           retry ");
	SAYS(cmd.out, "child, [attempts], [backoff] ");
	ck_assert_ptr_null(strstr(cmd.out, "for every schema"));
}
END_TEST

START_TEST(what_the_configuration_declares_is_listed)
{
	cmd_put("agent.yaml", "components:\n  processors:\n    gone: {kind: drop}\n"
			      "  channels:\n    out: {kind: stdout}\n");
	flume("components --config agent.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "for every schema:\n\nSECTION ");
	SAYS(cmd.out, "processors  gone  no ");
	SAYS(cmd.out, "channels    out   yes");
	cmd_put("agent.yaml", "components: {processors: {gone: {kind: dorp}}}\n");
	flume("components --config agent.yaml");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "agent.yaml:1:");
}
END_TEST

START_TEST(one_kind_has_a_page)
{
	flume("components matches");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "matches (predicate, built in)\n");
	SAYS(cmd.out, "\n  pattern: text, required\n");
	SAYS(cmd.out,
	     "in a schema or the agent's configuration\n\n  components:\n    predicates:\n"
	     "      my-matches: {kind: matches, field: customer.email, ");
	flume("components retry");
	SAYS(cmd.out, "\n  attempts: whole number, 1 to 1000, default 3\n");
	SAYS(cmd.out, "\n  - {type: retry, child: {ref: my-step}}\n");
	flume("components set"); /* a processor, and an error handler */
	SAYS(cmd.out, "set (processor, built in)");
	SAYS(cmd.out, "set (error handler, built in)");
	flume("components drop -o json");
	SAYS(cmd.out, "[\n{\"section\":\"processors\",\"kind\":\"drop\",");
}
END_TEST

/* As many as there are, by the rows themselves. */
START_TEST(every_example_is_right)
{
	for (size_t i = 0; document_kinds[i]; i++) {
		const struct flume_maker *kind = document_kinds[i];
		char schema[1024], more[512] = "";
		bool run = kind->of == FLUME_PROCESSOR, test = kind->of == FLUME_PREDICATE;
		if (!kind->example || kind->local)
			continue;
		if (!run && !test)
			snprintf(more, sizeof more, "  %s: {mine: %s}\n",
				 flume_kind_key(kind->of), kind->example);
		snprintf(schema, sizeof schema,
			 "components:\n"
			 "  processors: {go: %s}\n"
			 "  predicates:\n"
			 "    is-premium: {kind: exists, field: a}\n"
			 "    is-new: {kind: exists, field: b}\n"
			 "    mine: %s\n"
			 "%s"
			 "ref: go\n",
			 run ? kind->example : "{kind: drop}",
			 test ? kind->example : "{kind: exists, field: a}", more);
		cmd_put("a.yaml", schema);
		flume("lint a.yaml");
		ck_assert_msg(cmd.code == CMD_DONE, "%s:\n%s%s", schema, cmd.err, cmd.out);
	}
}
END_TEST

START_TEST(words_find_what_has_them)
{
	flume("components NUMBERS field");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "predicates  greater ");
	SAYS(cmd.out, "predicates  less ");
	ck_assert_ptr_null(strstr(cmd.out, "rename"));
	flume("components child again attempts");
	SAYS(cmd.out, "retry (node, built in)"); /* the only one is shown whole */
	flume("components mathces");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	SAYS(cmd.err, "nothing here has to do with 'mathces'; did you mean 'matches'?");
	flume("components --json-schema set");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
}
END_TEST

static void expect_json(const char *first)
{
	flume_value *root = NULL;
	const struct flume_limits enough = {.nodes = 1 << 20};
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.err, "");
	ck_assert_int_eq(
		flume_value_parse(&root, cmd.out, strlen(cmd.out), FLUME_JSON, &enough, NULL),
		0);
	ck_assert_str_eq(flume_value_text(flume_value_key(root, 0)), first);
	flume_value_free(root);
}

START_TEST(programs_get_json)
{
	flume("components -o json");
	expect_json("document");
	SAYS(cmd.out, "\"kind\": \"matches\"");
	flume("components --json-schema");
	expect_json("$schema");
	SAYS(cmd.out, "\"const\": \"matches\"");
	ck_assert_ptr_null(strstr(cmd.out, "\"const\": \"stdout\""));
}
END_TEST

/* ---- graph ---- */

START_TEST(a_schema_is_drawn)
{
	cmd_put("a.yaml", "type: retry\nchild: {ref: x}\n");
	flume("graph a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.err, "");
	SAYS(cmd.out, "digraph flume {");
	SAYS(cmd.out, "n0 -> n1 [label=\"child\"];");
	flume("graph --format mermaid a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "flowchart TD");
	cmd_put("a.yaml", "type: rety\n");
	flume("graph --format dot a.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "rety");
}
END_TEST

START_TEST(what_does_not_parse_cannot_be_drawn)
{
	cmd_put("a.yaml", "type: [\n");
	flume("graph a.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out, "");
	SAYS(cmd.err, "a.yaml:2:1: error: ");
}
END_TEST

START_TEST(one_schema_is_drawn_at_a_time)
{
	flume("graph none.yaml");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	flume("graph");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	cmd_put("a.yaml", "ref: x\n");
	flume("graph .");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	cmd_put("b.yaml", "ref: x\n");
	flume("graph .");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "a folder of 2 schemas");
	flume("graph --format svg a.yaml");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
}
END_TEST

Suite *suite_cmd_describe(void)
{
	Suite *suite = suite_create("cmd_describe");
	TCase *tests = cmd_tests(suite, "cmd_describe");
	tcase_add_test(tests, every_kind_has_a_line);
	tcase_add_test(tests, what_the_configuration_declares_is_listed);
	tcase_add_test(tests, one_kind_has_a_page);
	tcase_add_test(tests, every_example_is_right);
	tcase_add_test(tests, words_find_what_has_them);
	tcase_add_test(tests, programs_get_json);
	tcase_add_test(tests, a_schema_is_drawn);
	tcase_add_test(tests, what_does_not_parse_cannot_be_drawn);
	tcase_add_test(tests, one_schema_is_drawn_at_a_time);
	return suite;
}
