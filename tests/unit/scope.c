#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_with_makers(void)
{
	rig_open();
	rig_add_makers();
}

START_TEST(a_schema_brings_components_of_its_own)
{
	ck_assert_int_eq(rig_run("components: {processors: {x: {kind: note, text: hello}}}\n"
				 "ref: x",
				 1),
			 0);
	rig_left("hello");
}
END_TEST

START_TEST(its_own_hides_a_shared_one_of_the_same_name)
{
	ck_assert_int_eq(
		rig_run("components: {processors: {a: {kind: note, text: mine}}}\nref: a", 1),
		0);
	rig_left("mine");
	ck_assert_int_eq(rig_run("ref: a", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(other_schemas_do_not_see_it)
{
	rig_must_set("one", "components: {processors: {x: {kind: note, text: x}}}\nref: x");
	rig_refuses("two", "ref: x", "1:6: root: processor 'x' not found [unknown-ref]");
}
END_TEST

START_TEST(a_composed_schema_keeps_components_of_its_own)
{
	rig_must_set("part", "components: {processors: {x: {kind: note, text: in}}}\nref: x");
	rig_must_set("whole", "components: {processors: {x: {kind: note, text: out}}}\n"
			      "type: sequence\nchildren: [{ref: x}, {ref: part}, {ref: x}]");
	ck_assert_int_eq(rig_process("whole", 1), 0);
	rig_left("outinout");
}
END_TEST

#define PREDICATES(text) "components: {predicates: {" text "}}\n"
#define ASK(name)        "type: filter\npredicate: " name "\nthen: {ref: a}\nelse: {ref: b}"

START_TEST(predicates_are_made_of_predicates_in_any_order)
{
	static const char yaml[] =
		PREDICATES("x: {kind: not, of: y}, y: {kind: all, of: [z, even]}, "
			   "z: {kind: is, value: 4}");
	char text[512];
	snprintf(text, sizeof text, "%s%s", yaml, "type: filter\npredicate: x\nthen: {ref: a}");
	ck_assert_int_eq(rig_run(text, 4), 0);
	rig_left("");
	ck_assert_int_eq(rig_run(text, 3), 0);
	rig_left("a");
}
END_TEST

START_TEST(predicates_that_are_made_of_themselves_are_refused)
{
	rig_refuses("s", PREDICATES("x: {kind: not, of: y}, y: {kind: not, of: x}") "ref: a",
		    "1:69: components.predicates.y: predicate 'x' is made of itself [cycle]");
	ck_assert_uint_eq(flume_report_size(rig.report), 1);
	rig_refuses("s", PREDICATES("x: {kind: all, of: [yes, x]}") "ref: a",
		    "1:52: components.predicates.x: predicate 'x' is made of itself [cycle]");
}
END_TEST

START_TEST(an_unknown_predicate_gets_a_suggestion)
{
	rig_refuses("s", PREDICATES("x: {kind: not, of: evne}") "ref: a",
		    "1:46: components.predicates.x: predicate 'evne' not found "
		    "[unknown-component] (did you mean 'even'?)");
}
END_TEST

START_TEST(an_unknown_kind_gets_a_suggestion)
{
	rig_refuses("s", "components: {processors: {x: {kind: nots}}}\nref: a",
		    "1:37: components.processors.x: no kind of processor is called 'nots' "
		    "[unknown-kind] (did you mean 'note'?)");
	rig_refuses("s", PREDICATES("x: {kind: note}") "ref: a",
		    "1:37: components.predicates.x: no kind of predicate is called 'note' "
		    "[unknown-kind] (did you mean 'not'?)");
}
END_TEST

START_TEST(fields_are_checked_by_the_makers_table)
{
	rig_refuses("s", "components: {processors: {x: {kind: note, txt: 1}}}\nref: a",
		    "1:43: components.processors.x: unknown key 'txt' [unknown-key] "
		    "(did you mean 'text'?)");
	rig_found("1:30: components.processors.x: 'text' is required [missing-key]");
	rig_refuses("s", PREDICATES("x: {kind: is, value: 0}") "ref: a",
		    "1:48: components.predicates.x.value: 0 is not a whole number from 1 to "
		    "1000000 [out-of-bounds]");
	ck_assert_int_eq(rig.made, 0);
	ck_assert_int_eq(rig_run("components: {processors: {x: {kind: note, text: x, "
				 "description: fine, x-y: z}}}\nref: x",
				 1),
			 0);
}
END_TEST

START_TEST(a_maker_may_refuse_with_words)
{
	rig_refuses("s", "components: {processors: {x: {kind: note, text: bad}}}\nref: x",
		    "1:49: components.processors.x: that is a bad text [bad-text]");
	ck_assert_uint_eq(flume_report_size(rig.report), 1);
}
END_TEST

START_TEST(a_maker_that_refuses_in_silence_is_spoken_for)
{
	rig_refuses("s", "components: {processors: {x: {kind: nothing}}}\nref: x",
		    "1:27: components: the maker of 'x' gave no reason [not-made]");
	rig_refuses("s", "components: {processors: {x: {kind: nothing}}}\nref: a",
		    "1:27: components: the maker of 'x' gave no reason [not-made]");
}
END_TEST

START_TEST(a_maker_that_makes_something_else_is_caught)
{
	rig_refuses("s", "components: {processors: {x: {kind: another}}}\nref: x",
		    "1:27: components.processors.x: its maker did not make a processor "
		    "[bad-name]");
	ck_assert_int_eq(rig.made, 1);
	ck_assert_int_eq(rig.unmade, 1);
}
END_TEST

START_TEST(what_names_a_host_or_a_file_is_for_the_node_to_declare)
{
	rig_refuses("s", "components: {channels: {x: {kind: away}}}\nstream: x",
		    "1:35: components.channels.x: a channel of kind 'away' may not be declared "
		    "by a schema [not-allowed-here] (declare it in the configuration of the "
		    "node)");
	ck_assert_int_eq(rig_declare("channels: {x: {kind: away}}"), 0);
	ck_assert_int_eq(rig_run("stream: x", 1), 0);
}
END_TEST

START_TEST(bad_names_are_refused)
{
	rig_refuses(
		"s", "components: {processors: {'a b': {kind: note, text: x}}}\nref: a",
		"1:27: components.processors.a b: 'a b' cannot name a processor [bad-name]");
	ck_assert_int_eq(rig.unmade, rig.made);
}
END_TEST

START_TEST(a_component_is_made_once_for_check_and_build)
{
	rig_must_set("s", PREDICATES("x: {kind: is, value: 4}, y: {kind: not, of: x}, "
				     "z: {kind: all, of: [x, x, y]}") ASK("z"));
	ck_assert_int_eq(rig.made, 3);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	ck_assert_int_eq(rig.unmade, 3);
}
END_TEST

START_TEST(what_a_declaration_asks_for_cannot_be_removed)
{
	rig_must_set("used", PREDICATES("x: {kind: not, of: even}") ASK("x"));
	rig_must_set("unused", PREDICATES("y: {kind: not, of: no}") "ref: a");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "even", 0, NULL),
			 FLUME_IN_USE);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "no", 0, NULL),
			 FLUME_IN_USE);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "yes", 0, NULL), 0);
}
END_TEST

/* Its structure is known by then, and looked at no more. */
START_TEST(a_maker_that_refuses_a_schema_it_took_before_is_told_of_once)
{
	flume_schema *schema = rig_schema(PREDICATES("x: {kind: not, of: even}") ASK("x"));
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(flume_schema_check(schema, rig.factory, NULL), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "even", 0, NULL),
			 0);
	ck_assert_int_eq(flume_factory_set_schema(rig.factory, "s", schema, rig.report),
			 FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(rig.report), 1);
	ck_assert_str_eq(flume_report_get_issue(rig.report, 0)->code, "unknown-component");
	flume_schema_unref(schema);
}
END_TEST

START_TEST(a_predicate_that_blocks_makes_those_made_of_it_block)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema(
		PREDICATES("x: {kind: not, of: y}, y: {kind: not, of: slow-yes}") ASK("x"));
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	ck_assert(flume_pipeline_may_block(pipeline));
	flume_pipeline_unref(pipeline);
	flume_schema_unref(schema);
}
END_TEST

/* ---- hostile ones ---- */

struct yaml {
	char *s;
	size_t len;
};

static void add(struct yaml *out, const char *fmt, ...) FLUME_PRINTF(2, 3);
static void add(struct yaml *out, const char *fmt, ...)
{
	va_list args;
	if (!out->s)
		out->s = malloc(1 << 20);
	ck_assert_ptr_nonnull(out->s);
	va_start(args, fmt);
	out->len += (size_t)vsnprintf(out->s + out->len, (1 << 20) - out->len, fmt, args);
	va_end(args);
	ck_assert_uint_lt(out->len, 1 << 20);
}

/* `n` predicates, each made of its neighbour `times` times; the last is shared. */
static char *chain(int n, int step, int times)
{
	struct yaml yaml = {0};
	add(&yaml, "ref: a\ncomponents:\n  predicates:\n");
	for (int i = 0; i < n; i++) {
		int next = i + step;
		add(&yaml, "    p%05d: {kind: all, of: [", i);
		for (int t = 0; t < times; t++) {
			if (next < 0 || next >= n)
				add(&yaml, "yes,");
			else
				add(&yaml, "p%05d,", next);
		}
		add(&yaml, "]}\n");
	}
	return yaml.s;
}

START_TEST(a_chain_of_predicates_is_as_deep_as_a_document_at_most)
{
	for (int step = -1; step <= 1; step += 2) { /* made from the front, or the back */
		char *fits = chain(63, step, 1), *deep = chain(64, step, 1);
		rig_must_set("s", fits);
		ck_assert_int_eq(rig_set("s", deep), FLUME_REJECTED);
		ck_assert_uint_eq(flume_report_size(rig.report), 1);
		ck_assert_str_eq(flume_report_get_issue(rig.report, 0)->code, "too-deep");
		ck_assert_str_eq(flume_report_get_issue(rig.report, 0)->text,
				 "predicates are made of one another more than 64 deep");
		free(fits);
		free(deep);
	}
}
END_TEST

START_TEST(ten_thousand_predicates_in_a_chain_do_not_overflow_the_stack)
{
	for (int step = -1; step <= 1; step += 2) {
		char *yaml = chain(10000, step, 1);
		ck_assert_int_eq(rig_set("s", yaml), FLUME_REJECTED);
		free(yaml);
	}
}
END_TEST

START_TEST(predicates_that_double_at_each_level_are_refused)
{
	char *yaml = chain(40, 1, 2);
	ck_assert_int_eq(rig_set("s", yaml), FLUME_REJECTED);
	ck_assert_str_eq(flume_report_get_issue(rig.report, 0)->code, "too-many-nodes");
	ck_assert_str_eq(flume_report_get_issue(rig.report, 0)->text,
			 "made of more than 10000 predicates");
	free(yaml);
}
END_TEST

START_TEST(shared_predicates_count_towards_the_limits)
{
	char name[16], yaml[256];
	ck_assert_int_eq(rig_declare("predicates: {q0: {kind: is, value: 1}}"), 0);
	for (int i = 1; i < 64; i++) {
		snprintf(yaml, sizeof yaml, "predicates: {q%d: {kind: not, of: q%d}}", i,
			 i - 1);
		ck_assert_int_eq(rig_declare(yaml), 0);
	}
	ck_assert_int_eq(rig_declare("predicates: {q64: {kind: not, of: q63}}"),
			 FLUME_REJECTED);
	snprintf(name, sizeof name, "q%d", 63);
	ck_assert(flume_factory_has(rig.factory, FLUME_PREDICATE, name));
}
END_TEST

/* ---- the node's own ---- */

START_TEST(what_the_node_declares_is_there_for_every_schema)
{
	rig_listen();
	ck_assert_int_eq(
		rig_declare("processors: {x: {kind: note, text: one}}\n"
			    "predicates: {y: {kind: not, of: z}, z: {kind: is, value: 2}}"),
		0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PROCESSOR_REGISTERED, "x"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PREDICATE_REGISTERED, "z"), 1);
	ck_assert_int_eq(rig_run("{type: filter, predicate: y, then: {ref: x}}", 1), 0);
	rig_left("one");
}
END_TEST

START_TEST(one_that_exists_refuses_all_of_them)
{
	ck_assert_int_eq(rig_declare("processors: {x: {kind: note, text: one}}\n"
				     "channels: {box: {kind: away}, other: {kind: away}}\n"
				     "predicates: {y: {kind: is, value: 2}}"),
			 FLUME_EXISTS);
	rig_found("2:12: components: there is a channel 'box' already [exists]");
	ck_assert(!flume_factory_has(rig.factory, FLUME_PROCESSOR, "x"));
	ck_assert(!flume_factory_has(rig.factory, FLUME_PREDICATE, "y"));
	ck_assert(!flume_factory_has(rig.factory, FLUME_CHANNEL, "other"));
	ck_assert_int_eq(rig.unmade, rig.made);
}
END_TEST

START_TEST(one_that_is_wrong_refuses_all_of_them)
{
	ck_assert_int_eq(rig_declare("processors: {x: {kind: note, text: one}, "
				     "y: {kind: note, text: bad}}"),
			 FLUME_REJECTED);
	ck_assert(!flume_factory_has(rig.factory, FLUME_PROCESSOR, "x"));
	ck_assert_int_eq(rig_declare("processor: {}"), FLUME_REJECTED);
	ck_assert_int_eq(rig_declare("[1, 2]"), FLUME_REJECTED);
	ck_assert_int_eq(flume_factory_take_declared(rig.factory, NULL, NULL), 0);
}
END_TEST

START_TEST(findings_of_something_else_do_not_count)
{
	flume_value *components = NULL;
	static const char yaml[] = "processors: {x: {kind: note, text: one}}";
	ck_assert_int_eq(
		flume_value_parse(&components, yaml, strlen(yaml), FLUME_YAML, NULL, NULL), 0);
	flume_report_add(rig.report, "before", "", NULL, NULL, "an old finding");
	ck_assert_int_eq(flume_factory_take_declared(rig.factory, components, rig.report), 0);
	ck_assert(flume_factory_has(rig.factory, FLUME_PROCESSOR, "x"));
}
END_TEST

static int make_never(const flume_value *decl, const char *path, flume_scope *scope,
		      struct flume_component *out, flume_report *report)
{
	(void)decl, (void)path, (void)scope, (void)out, (void)report;
	return FLUME_NOMEM;
}

/* Of each factory its own, and each maker sees its own also when one makes another. */
struct owned {
	struct flume_maker row;
	int made;
};

static bool never(const struct flume_call *call, const void *item, void *arg)
{
	(void)call, (void)item, (void)arg;
	return false;
}

static int make_owned(const flume_value *decl, const char *path, flume_scope *scope,
		      struct flume_component *out, flume_report *report)
{
	struct flume_predicate_ref of;
	const flume_value *name = flume_value_get(decl, "of");
	int rc = name ? flume_scope_predicate(scope, name, path, &of, report) : 0;
	struct owned *owned = (struct owned *)(uintptr_t)flume_scope_maker(scope);
	owned->made++;
	out->test = never;
	return rc;
}

START_TEST(a_maker_finds_what_stands_beside_its_row)
{
	static const struct flume_field fields[] = {{.name = "of", .type = FLUME_FIELD_TEXT},
						    {0}};
	struct owned a = {{FLUME_PREDICATE, "mine", .fields = fields, .make = make_owned}, 0};
	struct owned b = {{FLUME_PREDICATE, "hers", .fields = fields, .make = make_owned}, 0};
	ck_assert_int_eq(flume_factory_add_maker(rig.factory, &a.row, NULL), 0);
	ck_assert_int_eq(flume_factory_add_maker(rig.factory, &b.row, NULL), 0);
	ck_assert_int_eq(rig_declare("predicates: {x: {kind: mine, of: y}, y: {kind: hers}, "
				     "z: {kind: mine}}"),
			 0);
	ck_assert_int_eq(a.made, 2);
	ck_assert_int_eq(b.made, 1);
	rig_close(); /* before what its rows lie in */
	open_with_makers();
}
END_TEST

START_TEST(a_maker_needs_a_kind_of_its_own)
{
	static const struct flume_maker none = {.kind = "x"};
	ck_assert_int_eq(flume_factory_add_maker(rig.factory, &none, NULL), FLUME_INVALID);
	static const struct flume_maker taken = {
		.of = FLUME_PROCESSOR, .kind = "note", .make = make_never};
	ck_assert_int_eq(flume_factory_add_maker(rig.factory, &taken, &rig.err), FLUME_EXISTS);
	ck_assert_str_eq(rig.err.text, "there is a maker of processors 'note' already");
}
END_TEST

Suite *suite_scope(void)
{
	Suite *suite = suite_create("scope");
	TCase *tc = tcase_create("scope");
	tcase_add_checked_fixture(tc, open_with_makers, rig_close);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, a_maker_finds_what_stands_beside_its_row);
	tcase_add_test(tc, a_schema_brings_components_of_its_own);
	tcase_add_test(tc, its_own_hides_a_shared_one_of_the_same_name);
	tcase_add_test(tc, other_schemas_do_not_see_it);
	tcase_add_test(tc, a_composed_schema_keeps_components_of_its_own);
	tcase_add_test(tc, predicates_are_made_of_predicates_in_any_order);
	tcase_add_test(tc, predicates_that_are_made_of_themselves_are_refused);
	tcase_add_test(tc, an_unknown_predicate_gets_a_suggestion);
	tcase_add_test(tc, an_unknown_kind_gets_a_suggestion);
	tcase_add_test(tc, fields_are_checked_by_the_makers_table);
	tcase_add_test(tc, a_maker_may_refuse_with_words);
	tcase_add_test(tc, a_maker_that_refuses_in_silence_is_spoken_for);
	tcase_add_test(tc, a_maker_that_makes_something_else_is_caught);
	tcase_add_test(tc, what_names_a_host_or_a_file_is_for_the_node_to_declare);
	tcase_add_test(tc, bad_names_are_refused);
	tcase_add_test(tc, a_component_is_made_once_for_check_and_build);
	tcase_add_test(tc, what_a_declaration_asks_for_cannot_be_removed);
	tcase_add_test(tc, a_maker_that_refuses_a_schema_it_took_before_is_told_of_once);
	tcase_add_test(tc, a_predicate_that_blocks_makes_those_made_of_it_block);
	tcase_add_test(tc, a_chain_of_predicates_is_as_deep_as_a_document_at_most);
	tcase_add_test(tc, ten_thousand_predicates_in_a_chain_do_not_overflow_the_stack);
	tcase_add_test(tc, predicates_that_double_at_each_level_are_refused);
	tcase_add_test(tc, shared_predicates_count_towards_the_limits);
	tcase_add_test(tc, what_the_node_declares_is_there_for_every_schema);
	tcase_add_test(tc, one_that_exists_refuses_all_of_them);
	tcase_add_test(tc, one_that_is_wrong_refuses_all_of_them);
	tcase_add_test(tc, findings_of_something_else_do_not_count);
	tcase_add_test(tc, a_maker_needs_a_kind_of_its_own);
	return suite;
}
