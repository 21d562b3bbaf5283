/* Switches beside schemas in lint, test and run; and who gets what by eval. */
#include "tests/unit/cmd_fixture.h"
#include "tests/unit/suites.h"

static const char layout[] = "version: '3'\n"
			     "by: user.id\n"
			     "variants: {control: 90, compact: 10}\n"
			     "default: control\n"
			     "where: {zone: a}\n"
			     "overrides: {'user-42': compact}\n";
static const char plain[] = "{by: id, variants: {control: 90, compact: 10}, default: control, "
			    "overrides: {x: compact}}";
static const char shop[] =
	"components:\n"
	"  processors: {a: {kind: set, fields: {way: a}}, b: {kind: set, fields: {way: b}}}\n"
	"  conditions: {which: {kind: ab, switch: plain}}\n"
	"canary:\n"
	"  cases:\n"
	"    - {name: overridden, input: {id: x}, expect: {way: b}}\n"
	"    - {name: nobody, input: {}, expect: {way: a}}\n"
	"type: switch\n"
	"condition: which\n"
	"routes: {control: {ref: a}, compact: {ref: b}}\n";

/* ---- beside schemas ---- */

START_TEST(lint_knows_a_switch_by_its_variants)
{
	cmd_put("layout.yaml", layout);
	flume("lint layout.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	cmd_put("layout.yaml", "by: id\nvariants: {a: 50, b: 49}\ndefault: a\n");
	flume("lint layout.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out, "layout.yaml:2:11: error: the weights sum to 99, not to 100 "
				  "[weights]\n"
				  "variants: {a: 50, b: 49}\n"
				  "          ^\n"
				  "hint: 1 is missing\n");
	flume("lint --structure layout.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "[weights]");
}
END_TEST

START_TEST(lint_compares_routes_with_variants)
{
	cmd_put("shop.yaml", shop);
	flume("lint shop.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	cmd_put("plain.yaml", "{by: id, variants: {control: 90, wide: 10}, default: control}");
	flume("lint shop.yaml plain.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "shop.yaml:10:29: error: switch 'plain' has no variant 'compact' "
		      "[unreachable-route]");
	ck_assert_str_eq(cmd.err, "1 finding in 2 files\n");
}
END_TEST

START_TEST(lint_compares_what_the_node_declares_too)
{
	cmd_put("flume.yaml", "components: {conditions: {which: {kind: ab, switch: plain}}}");
	cmd_put("shop.yaml", "components: {processors: {a: {kind: drop}}}\n"
			     "type: switch\ncondition: which\nroutes: {wide: {ref: a}}\n");
	cmd_put("plain.yaml", plain);
	flume("lint --config flume.yaml shop.yaml plain.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "shop.yaml:4:10: error: switch 'plain' has no variant 'wide'");
}
END_TEST

START_TEST(lint_wants_a_schema_for_each_variant_in_front)
{
	cmd_put("a-schema.yaml", "components: {processors: {p: {kind: drop}}}\nref: p\n");
	cmd_put("s.yaml", "{by: id, variants: {a-schema: 50, b: 50}, default: b}");
	flume("lint a-schema.yaml s.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.out, "[unknown-schema]");
	cmd_put("s.yaml",
		"{by: id, variants: {a-schema: 50, b: 50}, default: b, front: false}");
	flume("lint a-schema.yaml s.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
}
END_TEST

START_TEST(lint_has_a_word_for_a_switch_that_decides_nothing)
{
	cmd_put("shop.yaml", shop);
	cmd_put("plain.yaml", plain);
	flume("lint shop.yaml plain.yaml");
	ck_assert_str_eq(cmd.err, "");
	cmd_put("other.yaml", "{by: id, variants: {shpo: 50, b: 50}, default: b}");
	flume("lint other.yaml");
	ck_assert_str_eq(cmd.err, ""); /* who knows */
	flume("lint shop.yaml plain.yaml other.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.err,
	     "other.yaml: it decides nothing: no schema among the files asks it, or is "
	     "called as one of its variants (variant 'shpo': did you mean 'shop'?)\n");
	cmd_put("other.yaml",
		"{by: id, variants: {shpo: 50, b: 50}, default: b, front: false}");
	flume("lint shop.yaml plain.yaml other.yaml");
	ck_assert_str_eq(cmd.err, "");
}
END_TEST

START_TEST(cases_and_documents_go_where_the_switch_says)
{
	cmd_put("shop.yaml", shop);
	cmd_put("plain.yaml", plain);
	cmd_put("in", "{\"id\":\"x\"}\n{}\n");
	flume("test shop.yaml plain.yaml");
	ck_assert_msg(cmd.code == CMD_DONE, "%s%s", cmd.out, cmd.err);
	SAYS(cmd.err, "2 cases, 0 failed");
	flume("test shop.yaml"); /* no switch: no route */
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	flume("run -i in shop.yaml plain.yaml");
	ck_assert_str_eq(cmd.out, "{\"id\":\"x\",\"way\":\"b\"}\n{\"way\":\"a\"}\n");
	flume("run plain.yaml");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
}
END_TEST

START_TEST(apply_is_of_schemas)
{
	cmd_put("plain.yaml", plain);
	cmd_put("old.yaml", shop);
	cmd_put("in", "{\"id\":1}\n");
	flume("diff --behaviour -i in old.yaml plain.yaml");
	ck_assert_int_ne(cmd.code, CMD_DONE);
	SAYS(cmd.err, "[not-a-schema]");
	SAYS(cmd.err, "hint: 'flume switch set -f' writes it");
}
END_TEST

/* ---- eval ---- */

START_TEST(keys_are_told_their_variants)
{
	cmd_put("layout.yaml", layout);
	flume("switch eval --label zone=a layout.yaml user-42 7");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	ck_assert_str_eq(cmd.out, "KEY      VARIANT  WHY\n"
				  "user-42  compact  override\n"
				  "7        compact  weight\n");
	flume("switch eval layout.yaml user-42");
	SAYS(cmd.out, "user-42  control  elsewhere");
	flume("switch eval -o json --label zone=a layout.yaml user-42");
	ck_assert_str_eq(
		cmd.out,
		"[\n{\"key\":\"user-42\",\"variant\":\"compact\",\"why\":\"override\"}\n]\n");
}
END_TEST

START_TEST(documents_are_told_theirs_line_by_line)
{
	cmd_put("plain.yaml", plain);
	cmd_put("in", "{\n{\"id\":\"x\"}\n{\"id\":null}\n");
	flume("switch eval -i in plain.yaml");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	ck_assert_str_eq(cmd.out, "2 compact override\n3 control no-key\n");
	ck_assert_str_eq(cmd.err, "flume: line 1, column 2: expected a key in quotes, but "
				  "the text ends\n");
	flume("switch eval -i in -o json plain.yaml");
	ck_assert_str_eq(cmd.out,
			 "[\n{\"line\":2,\"variant\":\"compact\",\"why\":\"override\"},\n"
			 "{\"line\":3,\"variant\":\"control\",\"why\":\"no-key\"}\n]\n");
	flume("switch eval -i nowhere plain.yaml");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
}
END_TEST

START_TEST(shares_are_shown_over_many_keys)
{
	cmd_put("plain.yaml", plain);
	flume("switch eval --keys 10000 plain.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "VARIANT  WEIGHT %  KEYS  SHARE %\ncompact  10 ");
	flume("switch eval --keys 100 -o json plain.yaml");
	SAYS(cmd.out, "[\n{\"variant\":\"compact\",\"weight\":10,\"keys\":");
	flume("switch eval --keys 0 plain.yaml");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
}
END_TEST

START_TEST(shares_of_a_node_that_gets_the_default_alone_say_why)
{
	cmd_put("layout.yaml", layout);
	flume("switch eval --keys 100 layout.yaml");
	ck_assert_int_eq(cmd.code, CMD_DONE);
	SAYS(cmd.out, "control  90        100   100.000\n");
	ck_assert_str_eq(cmd.err,
			 "flume: the node matches none of 'where', so all keys get the "
			 "default 'control': say --label KEY=VALUE as the node has it\n");
	flume("switch eval --keys 100 --label zone=a layout.yaml");
	ck_assert_str_eq(cmd.err, "");
	cmd_put("off.yaml", "{by: id, variants: {a: 50, b: 50}, default: b, enabled: false}");
	flume("switch eval --keys 100 off.yaml");
	ck_assert_str_eq(cmd.err, "flume: the switch is off: all keys get the default 'b'\n");
}
END_TEST

START_TEST(what_is_no_switch_is_told_so)
{
	cmd_put("bad.yaml", "variants: {a: 1}\n");
	flume("switch eval bad.yaml x");
	ck_assert_int_eq(cmd.code, CMD_NEGATIVE);
	SAYS(cmd.err, "bad.yaml:1:11: error: the weights sum to 1, not to 100 [weights]");
	SAYS(cmd.err, "'default' is required");
	flume("switch eval none.yaml x");
	ck_assert_int_eq(cmd.code, CMD_NOT_FOUND);
	flume("switch eval name x");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
	SAYS(cmd.err, "'name' is no file; for one of etcd say --etcd URL");
	flume("switch eval -i in bad.yaml x");
	ck_assert_int_eq(cmd.code, CMD_USAGE);
}
END_TEST

Suite *suite_cmd_switch_eval(void)
{
	Suite *suite = suite_create("cmd_switch_eval");
	TCase *tests = cmd_tests(suite, "beside schemas");
	tcase_add_test(tests, lint_has_a_word_for_a_switch_that_decides_nothing);
	tcase_add_test(tests, lint_knows_a_switch_by_its_variants);
	tcase_add_test(tests, lint_compares_routes_with_variants);
	tcase_add_test(tests, lint_compares_what_the_node_declares_too);
	tcase_add_test(tests, lint_wants_a_schema_for_each_variant_in_front);
	tcase_add_test(tests, cases_and_documents_go_where_the_switch_says);
	tcase_add_test(tests, apply_is_of_schemas);
	tests = cmd_tests(suite, "eval");
	tcase_add_test(tests, keys_are_told_their_variants);
	tcase_add_test(tests, documents_are_told_theirs_line_by_line);
	tcase_add_test(tests, shares_are_shown_over_many_keys);
	tcase_add_test(tests, shares_of_a_node_that_gets_the_default_alone_say_why);
	tcase_add_test(tests, what_is_no_switch_is_told_so);
	return suite;
}
