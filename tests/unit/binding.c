#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static flume_binding *bound(const char *name, const char *id)
{
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, name, id, 0, &binding, NULL), 0);
	return binding;
}

static int call(flume_binding *binding)
{
	void *item = rig_item(1);
	int rc = flume_binding_process(binding, NULL, &item, &rig.err);
	rig_free_item(rig.item);
	rig.item = item;
	return rc;
}

static uint64_t generation(flume_binding *binding)
{
	struct flume_pipeline_info info;
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	ck_assert_ptr_nonnull(pipeline);
	flume_pipeline_read(pipeline, &info);
	flume_pipeline_unref(pipeline);
	return info.generation;
}

START_TEST(only_what_is_stored_can_be_bound)
{
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, &rig.err),
			 FLUME_NOT_FOUND);
	ck_assert_str_eq(rig.err.text, "there is no schema 's'");
	ck_assert_ptr_null(binding);
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, "b"));
}
END_TEST

START_TEST(no_name_is_nobodys_name)
{
	rig_must_set("s", "ref: a");
	flume_binding_unref(bound("b", "s"));
	ck_assert_int_eq(flume_factory_bind(rig.factory, NULL, "s", 0, NULL, &rig.err),
			 FLUME_INVALID);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", NULL, 0, NULL, &rig.err),
			 FLUME_INVALID);
	ck_assert_str_eq(rig.err.text, "a binding needs a name and the id of a schema");
	ck_assert_int_eq(flume_factory_repin(rig.factory, NULL), FLUME_NOT_FOUND);
	ck_assert_int_eq(flume_factory_unbind(rig.factory, NULL), FLUME_NOT_FOUND);
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, NULL));
	ck_assert_ptr_null(flume_factory_dup_schema(rig.factory, NULL));
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, NULL, NULL), FLUME_NOT_FOUND);
}
END_TEST

START_TEST(binding_a_name_twice_gives_the_same)
{
	rig_must_set("s", "ref: a");
	flume_binding *one = bound("b", "s"), *two = bound("b", "s");
	ck_assert_ptr_eq(one, two);
	flume_binding *three = flume_factory_dup_binding(rig.factory, "b");
	ck_assert_ptr_eq(one, three);
	flume_binding_unref(one);
	flume_binding_unref(two);
	flume_binding_unref(three);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
}
END_TEST

START_TEST(a_name_is_bound_to_one_schema)
{
	flume_binding *other = NULL;
	rig_must_set("s", "ref: a");
	rig_must_set("t", "ref: b");
	flume_binding *one = bound("b", "s");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "t", 0, &other, &rig.err),
			 FLUME_EXISTS);
	ck_assert_str_eq(rig.err.text, "'b' is bound to another schema");
	ck_assert_ptr_null(other);
	flume_binding_unref(one);
}
END_TEST

START_TEST(names_of_bindings_are_listed_in_order)
{
	rig_must_set("s", "ref: a");
	flume_binding_unref(bound("z", "s"));
	flume_binding_unref(bound("a", "s"));
	char **names = flume_factory_dup_binding_names(rig.factory);
	ck_assert_str_eq(names[0], "a");
	ck_assert_str_eq(names[1], "z");
	ck_assert_ptr_null(names[2]);
	free(names);
}
END_TEST

START_TEST(a_binding_follows_its_schema)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_binding *one = bound("one", "s"), *two = bound("two", "s");
	ck_assert_int_eq(call(one), 0);
	rig_left("a");
	ck_assert_uint_eq(generation(one), 1);
	rig_must_set("s", "{version: '2', ref: b}");
	ck_assert_int_eq(call(one), 0);
	rig_left("b");
	ck_assert_int_eq(call(two), 0);
	rig_left("b");
	ck_assert_uint_eq(generation(one), 2);
	ck_assert_uint_eq(generation(two), 2);
	flume_binding_unref(one);
	flume_binding_unref(two);
}
END_TEST

START_TEST(a_binding_follows_the_schemas_its_schema_refers_to)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("middle", "ref: leaf");
	rig_must_set("top", "{type: sequence, children: [{ref: middle}, {ref: c}]}");
	flume_binding *binding = bound("top", "top");
	rig_must_set("leaf", "ref: b");
	ck_assert_int_eq(call(binding), 0);
	rig_left("bc");
	ck_assert_uint_eq(generation(binding), 2);
	flume_binding_unref(binding);
}
END_TEST

START_TEST(a_rejected_schema_leaves_what_runs)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_binding *binding = bound("s", "s");
	ck_assert_int_eq(rig_set("s", "{version: '2', ref: nobody}"), FLUME_REJECTED);
	ck_assert_int_eq(call(binding), 0);
	rig_left("a");
	ck_assert_uint_eq(generation(binding), 1);
	flume_schema *stored = flume_factory_dup_schema(rig.factory, "s");
	ck_assert_str_eq(flume_schema_get_version(stored), "1");
	flume_schema_unref(stored);
	flume_binding_unref(binding);
}
END_TEST

START_TEST(a_call_ends_on_the_generation_it_began_with)
{
	struct flight flight;
	rig_must_set("s", "{type: sequence, children: [{ref: gate}, {ref: a}]}");
	rig_take_off(&flight, "s");
	rig_must_set("s", "{type: sequence, children: [{ref: b}, {ref: b}]}");
	ck_assert_int_eq(rig_process("s", 1), 0); /* does not wait for the other */
	rig_left("bb");
	ck_assert_int_eq(rig_land(&flight), 0);
	rig_left("ga");
}
END_TEST

START_TEST(a_removed_schema_takes_its_bindings_along)
{
	rig_must_set("s", "ref: a");
	rig_must_set("t", "ref: b");
	flume_binding *one = bound("one", "s"), *other = bound("other", "t");
	flume_binding_unref(bound("two", "s"));
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, "one"));
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, "two"));
	ck_assert_int_eq(call(one), FLUME_NOT_FOUND);
	ck_assert_str_eq(rig.err.text, "the schema 's' was removed");
	ck_assert_ptr_null(flume_binding_dup_pipeline(one));
	ck_assert_int_eq(call(other), 0);
	flume_binding_unref(one);
	flume_binding_unref(other);
}
END_TEST

START_TEST(a_schema_of_the_same_name_is_another_one)
{
	rig_must_set("s", "ref: a");
	flume_binding *old = bound("b", "s");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	rig_must_set("s", "ref: b");
	ck_assert_int_eq(call(old), FLUME_NOT_FOUND);
	flume_binding *new = bound("b", "s");
	ck_assert_ptr_ne(old, new);
	ck_assert_int_eq(call(new), 0);
	flume_binding_unref(old);
	flume_binding_unref(new);
}
END_TEST

START_TEST(a_pipeline_in_hand_stays_what_it_was)
{
	struct flume_pipeline_info info;
	rig_must_set("s", "{version: '1', ref: a}");
	flume_binding *binding = bound("s", "s");
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	rig_must_set("s", "{version: '2', ref: b}");
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	flume_binding_unref(binding);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(pipeline, NULL, &item, NULL), 0);
	ck_assert_str_eq(((struct item *)item)->marks, "a");
	rig_free_item(item);
	flume_pipeline_read(pipeline, &info);
	ck_assert_str_eq(info.schema_id, "s");
	ck_assert_str_eq(info.version, "1");
	ck_assert_uint_eq(info.generation, 1);
	ck_assert_uint_eq(info.calls, 1);
	flume_pipeline_unref(pipeline);
}
END_TEST

static int run_set(const struct flume_call *c, void **item, void *arg, struct flume_err *err)
{
	(void)c, (void)item;
	int rc = flume_factory_set_schema(rig.factory, "s", arg, NULL);
	return rc < 0 ? flume_fail(err, rc, "cannot set") : FLUME_OK;
}

START_TEST(a_step_may_change_the_schema_it_runs_in)
{
	flume_schema *next = rig_schema("ref: b");
	rig_add(&(struct flume_component){.name = "set", .run = run_set, .arg = next});
	rig_must_set("s", "{type: sequence, children: [{ref: set}, {ref: a}]}");
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("b");
	flume_schema_unref(next);
}
END_TEST

START_TEST(nothing_is_fine_where_the_contract_says_so)
{
	ck_assert_ptr_null(flume_binding_ref(NULL));
	ck_assert_ptr_null(flume_binding_unref(NULL));
}
END_TEST

Suite *suite_binding(void)
{
	Suite *suite = suite_create("binding");
	TCase *tc = rig_case(suite, "binding");
	tcase_add_test(tc, only_what_is_stored_can_be_bound);
	tcase_add_test(tc, no_name_is_nobodys_name);
	tcase_add_test(tc, binding_a_name_twice_gives_the_same);
	tcase_add_test(tc, a_name_is_bound_to_one_schema);
	tcase_add_test(tc, names_of_bindings_are_listed_in_order);
	tcase_add_test(tc, a_binding_follows_its_schema);
	tcase_add_test(tc, a_binding_follows_the_schemas_its_schema_refers_to);
	tcase_add_test(tc, a_rejected_schema_leaves_what_runs);
	tcase_add_test(tc, a_call_ends_on_the_generation_it_began_with);
	tcase_add_test(tc, a_removed_schema_takes_its_bindings_along);
	tcase_add_test(tc, a_schema_of_the_same_name_is_another_one);
	tcase_add_test(tc, a_pipeline_in_hand_stays_what_it_was);
	tcase_add_test(tc, a_step_may_change_the_schema_it_runs_in);
	tcase_add_test(tc, nothing_is_fine_where_the_contract_says_so);
	return suite;
}
