/* The store moved on between prepare and commit. */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <string.h>

static void conflicts(flume_change *change)
{
	ck_assert_int_eq(flume_change_commit(change), FLUME_CONFLICT);
	ck_assert_int_eq(flume_change_commit(change), FLUME_CONFLICT);
	flume_change_free(change);
}

START_TEST(another_set_in_between_is_a_conflict)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_change *change = rig_prepared("s", "{version: '2', ref: b}");
	rig_must_set("s", "{version: '3', ref: c}");
	conflicts(change);
	ck_assert_str_eq(rig_stored_version("s"), "3");
}
END_TEST

START_TEST(the_first_set_of_an_id_has_conflicts_too)
{
	flume_change *change = rig_prepared("s", "{version: '2', ref: b}");
	rig_must_set("s", "{version: '3', ref: c}");
	conflicts(change);
	ck_assert_str_eq(rig_stored_version("s"), "3");
}
END_TEST

START_TEST(a_removal_in_between_is_a_conflict)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_change *change = rig_prepared("s", "{version: '2', ref: b}");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	conflicts(change);
	ck_assert_ptr_null(flume_factory_dup_schema(rig.factory, "s"));
}
END_TEST

START_TEST(a_removal_and_return_in_between_is_a_conflict)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_change *change = rig_prepared("s", "{version: '2', ref: b}");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	rig_must_set("s", "{version: '1', ref: a}");
	conflicts(change);
}
END_TEST

START_TEST(a_change_below_in_between_is_a_conflict)
{
	rig_must_set("bottom", "ref: a");
	rig_must_set("leaf", "ref: bottom");
	flume_change *change = rig_prepared("s", "ref: leaf");
	rig_must_set("bottom", "ref: b");
	conflicts(change);
}
END_TEST

START_TEST(a_new_dependent_in_between_is_a_conflict)
{
	rig_must_set("leaf", "ref: a");
	flume_change *change = rig_prepared("leaf", "ref: b");
	rig_must_set("user", "ref: leaf");
	conflicts(change);
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("a");
}
END_TEST

START_TEST(a_dependent_that_left_in_between_is_a_conflict)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("user", "ref: leaf");
	flume_change *change = rig_prepared("leaf", "ref: b");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "user", NULL), 0);
	conflicts(change);
}
END_TEST

START_TEST(a_component_removed_in_between_is_a_conflict)
{
	flume_change *change = rig_prepared("s", "ref: a");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "a", 0, NULL), 0);
	conflicts(change);
	rig_add_makers();
	change = rig_prepared("s",
			      "components: {predicates: {x: {kind: not, of: even}}}\nref: b");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "even", 0, NULL),
			 0);
	conflicts(change);
}
END_TEST

START_TEST(what_does_not_matter_is_no_conflict)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("other", "ref: c");
	flume_change *change = rig_prepared("s", "ref: leaf");
	rig_must_set("other", "ref: d");
	rig_must_set("another", "ref: leaf");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "b", 0, NULL), 0);
	ck_assert_int_eq(flume_change_commit(change), 0);
	flume_change_free(change);
}
END_TEST

START_TEST(two_changes_that_close_a_circle_do_not_both_commit)
{
	rig_must_set("x", "ref: a");
	rig_must_set("y", "ref: a");
	flume_change *one = rig_prepared("x", "ref: y"), *two = rig_prepared("y", "ref: x");
	ck_assert_int_eq(flume_change_commit(one), 0);
	conflicts(two);
	flume_change_free(one);
	rig_refuses("y", "ref: x",
		    "1:6: root: schemas that refer to one another: y -> x -> y [cycle]");
}
END_TEST

Suite *suite_change_conflicts(void)
{
	Suite *suite = suite_create("change_conflicts");
	TCase *tc = rig_case(suite, "conflicts");
	tcase_add_test(tc, another_set_in_between_is_a_conflict);
	tcase_add_test(tc, the_first_set_of_an_id_has_conflicts_too);
	tcase_add_test(tc, a_removal_in_between_is_a_conflict);
	tcase_add_test(tc, a_removal_and_return_in_between_is_a_conflict);
	tcase_add_test(tc, a_change_below_in_between_is_a_conflict);
	tcase_add_test(tc, a_new_dependent_in_between_is_a_conflict);
	tcase_add_test(tc, a_dependent_that_left_in_between_is_a_conflict);
	tcase_add_test(tc, a_component_removed_in_between_is_a_conflict);
	tcase_add_test(tc, what_does_not_matter_is_no_conflict);
	tcase_add_test(tc, two_changes_that_close_a_circle_do_not_both_commit);
	return suite;
}
