/* Removing a component although stored schemas name it. */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

static int force(enum flume_kind kind, const char *name)
{
	return flume_factory_remove(rig.factory, kind, name, FLUME_REMOVE_FORCED, rig.report);
}

START_TEST(a_removal_by_force_lists_who_is_left_without)
{
	rig_must_set("one", "{type: sequence, children: [{ref: a}, {ref: b}]}");
	rig_must_set("two", "ref: one");
	rig_must_set("three", "ref: b");
	rig_listen();
	ck_assert_int_eq(force(FLUME_PROCESSOR, "a"), 0);
	ck_assert_uint_eq(flume_report_size(rig.report), 2);
	rig_found("0:0: one: schema 'one' uses processor 'a' [in-use]");
	rig_found("0:0: two: schema 'two' uses processor 'a' [in-use]");
	rig_told("processor.removed");
	ck_assert(!flume_factory_has(rig.factory, FLUME_PROCESSOR, "a"));
	ck_assert_int_eq(force(FLUME_PROCESSOR, "a"), FLUME_NOT_FOUND);
}
END_TEST

START_TEST(the_schemas_stay_and_run_on)
{
	rig_must_set("one", "ref: a");
	ck_assert_int_eq(force(FLUME_PROCESSOR, "a"), 0);
	ck_assert_int_eq(rig.done, 0);
	ck_assert_int_eq(rig_process("one", 1), 0);
	rig_left("a");
	flume_schema *stored = flume_factory_dup_schema(rig.factory, "one");
	ck_assert_ptr_nonnull(stored);
	flume_schema_unref(stored);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "one", NULL), 0);
	ck_assert_int_eq(rig.done, 1);
}
END_TEST

START_TEST(it_is_let_go_when_its_last_call_ends)
{
	struct flight flight;
	rig_must_set("s", "ref: gate");
	rig_take_off(&flight, "s");
	ck_assert_int_eq(force(FLUME_PROCESSOR, "gate"), 0);
	rig_must_set("s", "ref: a");
	ck_assert_int_eq(rig.done, 0);
	ck_assert_int_eq(rig_land(&flight), 0);
	ck_assert_int_eq(rig.done, 1);
}
END_TEST

START_TEST(setting_the_same_again_finds_it_missing)
{
	rig_must_set("one", "ref: a");
	ck_assert_int_eq(force(FLUME_PROCESSOR, "a"), 0);
	rig_refuses("one", "ref: a", "1:6: root: processor 'a' not found [unknown-ref]");
	ck_assert_int_eq(rig_process("one", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(a_new_one_of_the_name_serves_from_the_next_set_on)
{
	rig_must_set("one", "ref: a");
	rig_must_set("user", "{type: sequence, children: [{ref: one}, {ref: c}]}");
	ck_assert_int_eq(force(FLUME_PROCESSOR, "a"), 0);
	rig_add(&(struct flume_component){
		.name = "a", .run = rig_parts[1].run, .arg = rig_parts[1].arg});
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("ac");
	rig_must_set("one", "ref: a"); /* not unchanged, though its digest is */
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("bc");
	ck_assert_int_eq(rig_set("one", "ref: a"), FLUME_UNCHANGED);
}
END_TEST

START_TEST(a_schema_below_cannot_be_set_while_one_above_lacks_something)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("user", "{type: sequence, children: [{ref: leaf}, {ref: b}]}");
	ck_assert_int_eq(force(FLUME_PROCESSOR, "b"), 0);
	rig_refuses("leaf", "ref: c",
		    "0:0: user: schema 'user', which refers to it, would break: "
		    "root.children[1]: processor 'b' not found [dependent]");
	rig_must_set("user", "ref: leaf");
	rig_must_set("leaf", "ref: c");
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("c");
}
END_TEST

START_TEST(what_was_declared_of_it_lacks_it_too)
{
	rig_add_makers();
	rig_must_set("s", "{components: {predicates: {x: {kind: not, of: even}}}, "
			  "type: filter, predicate: x, then: {ref: a}}");
	ck_assert_int_eq(force(FLUME_PREDICATE, "even"), 0);
	rig_found("0:0: s: schema 's' uses predicate 'even' [in-use]");
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_set("s", "{components: {predicates: {x: {kind: not, of: even}}}, "
				      "type: filter, predicate: x, then: {ref: a}}"),
			 FLUME_REJECTED);
}
END_TEST

/* It has a name of its own, and keeps what it was made of. */
START_TEST(what_the_node_declared_of_it_goes_on)
{
	rig_add_makers();
	ck_assert_int_eq(rig_declare("predicates: {x: {kind: not, of: even}}"), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "even", 0, NULL),
			 0);
	ck_assert_int_eq(rig.done, 0);
	rig_must_set("s", "{type: filter, predicate: x, then: {ref: a}}");
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_set("s", "{type: filter, predicate: x, then: {ref: b}}"), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "x", 0, NULL),
			 FLUME_IN_USE);
	ck_assert_int_eq(force(FLUME_PREDICATE, "x"), 0);
	rig_refuses("s", "{type: filter, predicate: x, then: {ref: b}}",
		    "1:27: root: predicate 'x' not found [unknown-component]");
}
END_TEST

START_TEST(a_change_prepared_before_is_a_conflict)
{
	flume_change *change = NULL;
	flume_schema *schema = rig_schema("ref: a");
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "s", schema, &change, NULL), 0);
	ck_assert_int_eq(force(FLUME_PROCESSOR, "a"), 0);
	ck_assert_int_eq(flume_change_commit(change), FLUME_CONFLICT);
	flume_change_free(change);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(only_what_is_meant_removes)
{
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "a", 2, NULL),
			 FLUME_INVALID);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_KINDS, "a", 0, NULL),
			 FLUME_INVALID);
	ck_assert(flume_factory_has(rig.factory, FLUME_PROCESSOR, "a"));
}
END_TEST

Suite *suite_component_forced(void)
{
	Suite *suite = suite_create("component_forced");
	TCase *tc = rig_case(suite, "forced");
	tcase_add_test(tc, a_removal_by_force_lists_who_is_left_without);
	tcase_add_test(tc, the_schemas_stay_and_run_on);
	tcase_add_test(tc, it_is_let_go_when_its_last_call_ends);
	tcase_add_test(tc, setting_the_same_again_finds_it_missing);
	tcase_add_test(tc, a_new_one_of_the_name_serves_from_the_next_set_on);
	tcase_add_test(tc, a_schema_below_cannot_be_set_while_one_above_lacks_something);
	tcase_add_test(tc, what_was_declared_of_it_lacks_it_too);
	tcase_add_test(tc, what_the_node_declared_of_it_goes_on);
	tcase_add_test(tc, a_change_prepared_before_is_a_conflict);
	tcase_add_test(tc, only_what_is_meant_removes);
	return suite;
}
