#include "lib/factory/factory.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	return FLUME_OK;
}

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call, (void)item, (void)arg;
	return true;
}

static void count(void *arg)
{
	++*(int *)arg;
}

static int add(const struct flume_component *row)
{
	rig.err = (struct flume_err){0};
	return flume_factory_add(rig.factory, row, &rig.err);
}

START_TEST(kinds_have_names_for_people_and_for_schemas)
{
	static const char *const texts[] = {"processor", "predicate",     "condition",
					    "reducer",   "error handler", "channel"};
	static const char *const keys[] = {"processors", "predicates",     "conditions",
					   "reducers",   "error_handlers", "channels"};
	for (int k = 0; k < FLUME_KINDS; k++) {
		ck_assert_str_eq(flume_kind_text(k), texts[k]);
		ck_assert_str_eq(flume_kind_key(k), keys[k]);
	}
	ck_assert_str_eq(flume_kind_text(FLUME_KINDS), "component");
	ck_assert_str_eq(flume_kind_key(-1), "components");
}
END_TEST

START_TEST(a_component_has_exactly_one_function)
{
	ck_assert_int_eq(add(&(struct flume_component){.name = "none"}), FLUME_INVALID);
	ck_assert_int_eq(
		add(&(struct flume_component){.name = "two", .run = run, .test = test}),
		FLUME_INVALID);
	ck_assert_str_eq(rig.err.text, "exactly one of run, test, pick, merge, handle and send "
				       "must be set");
}
END_TEST

START_TEST(names_are_of_letters_digits_and_a_few_signs)
{
	static const char *const good[] = {"A", "z9", "_x", "0", "a.b-c_d", "9.lives"};
	static const char *const bad[] = {"",         "-a",  ".a",  "a b", "a/b",
					  "\xC3\xA9", "a\n", "a:b", " a"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_int_eq(add(&(struct flume_component){.name = good[i], .run = run}),
				 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(add(&(struct flume_component){.name = bad[i], .run = run}),
				 FLUME_INVALID);
	ck_assert_int_eq(add(&(struct flume_component){.run = run}), FLUME_INVALID);
	char longest[130];
	memset(longest, 'x', 129);
	longest[129] = '\0';
	ck_assert_int_eq(add(&(struct flume_component){.name = longest, .run = run}),
			 FLUME_INVALID);
	longest[128] = '\0';
	ck_assert_int_eq(add(&(struct flume_component){.name = longest, .run = run}), 0);
}
END_TEST

START_TEST(a_second_of_the_same_name_and_kind_is_refused)
{
	ck_assert_int_eq(add(&(struct flume_component){.name = "a", .run = run}), FLUME_EXISTS);
	ck_assert_str_eq(rig.err.text, "there is a processor 'a' already");
	ck_assert_int_eq(add(&(struct flume_component){.name = "a", .test = test}), 0);
}
END_TEST

START_TEST(when_adding_fails_done_does_not_run)
{
	int done = 0;
	const struct flume_component bad[] = {
		{.name = "a", .run = run, .arg = &done, .done = count},
		{.name = "a b", .run = run, .arg = &done, .done = count},
		{.name = "ab", .arg = &done, .done = count},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_lt(add(&bad[i]), 0);
	ck_assert_int_eq(done, 0);
}
END_TEST

START_TEST(the_texts_of_a_row_are_copied)
{
	char name[] = "mine";
	rig_add(&(struct flume_component){.name = name, .run = run});
	memset(name, 'x', 4);
	ck_assert(flume_factory_has(rig.factory, FLUME_PROCESSOR, "mine"));
	ck_assert(!flume_factory_has(rig.factory, FLUME_PROCESSOR, "xxxx"));
}
END_TEST

/* A row of each kind, named x. */
static struct flume_component row_of(enum flume_kind kind)
{
	struct flume_component row = {.name = "x"};
	for (const struct flume_component *it = rig_parts; it->name; it++) {
		if (component_kind(it) != (int)kind)
			continue;
		row = *it;
		row.name = "x";
		return row;
	}
	ck_abort_msg("the rig has no %s", flume_kind_text(kind));
	return row;
}

static size_t listed(enum flume_kind kind, const char *name)
{
	char **names = flume_factory_dup_names(rig.factory, kind);
	size_t n = 0;
	for (size_t i = 0; names[i]; i++)
		n += !strcmp(names[i], name);
	free(names);
	return n;
}

START_TEST(each_kind_has_names_of_its_own)
{
	for (int k = 0; k < FLUME_KINDS; k++) {
		struct flume_component row = row_of(k);
		rig_add(&row);
		for (int other = 0; other < FLUME_KINDS; other++)
			ck_assert_int_eq(flume_factory_has(rig.factory, other, "x"),
					 other <= k);
		ck_assert_uint_eq(listed(k, "x"), 1);
	}
	for (int k = 0; k < FLUME_KINDS; k++) {
		ck_assert_int_eq(flume_factory_remove(rig.factory, k, "x", 0, NULL), 0);
		for (int other = 0; other < FLUME_KINDS; other++)
			ck_assert_int_eq(flume_factory_has(rig.factory, other, "x"), other > k);
		ck_assert_uint_eq(listed(k, "x"), 0);
	}
}
END_TEST

START_TEST(what_describes_a_component_is_copied_for_each_kind)
{
	for (int k = 0; k < FLUME_KINDS; k++) {
		char about[] = "What it does.", one[] = "one", two[] = "two";
		const char *words[] = {one, two, NULL};
		struct flume_component row = row_of(k);
		row.about = about;
		row.words = words;
		rig_add(&row);
		memset(about, 'z', 4);
		one[0] = two[0] = 'z';
		words[1] = NULL;
		struct component *component =
			registry_ref(factory_registry(rig.factory), k, "x");
		ck_assert_int_eq(component->kind, k);
		ck_assert_str_eq(component->is.about, "What it does.");
		ck_assert_str_eq(component->is.words[0], "one");
		ck_assert_str_eq(component->is.words[1], "two");
		ck_assert_ptr_null(component->is.words[2]);
		component_unref(component);
	}
}
END_TEST

START_TEST(names_are_listed_in_order)
{
	char **names = flume_factory_dup_names(rig.factory, FLUME_PREDICATE);
	static const char *const wanted[] = {"even", "no", "slow-yes", "yes"};
	size_t n = 0;
	for (; names[n]; n++)
		ck_assert_str_eq(names[n], wanted[n]);
	ck_assert_uint_eq(n, 4);
	free(names);
}
END_TEST

START_TEST(a_removed_component_is_not_found_again)
{
	int done = 0;
	ck_assert_int_eq(add(&(struct flume_component){
				 .name = "x", .run = run, .arg = &done, .done = count}),
			 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x", 0, NULL), 0);
	ck_assert_int_eq(done, 1);
	ck_assert(!flume_factory_has(rig.factory, FLUME_PROCESSOR, "x"));
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x", 0, NULL),
			 FLUME_NOT_FOUND);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_CHANNEL, "a", 0, NULL),
			 FLUME_NOT_FOUND);
	rig_refuses("s", "ref: x", "1:6: root: processor 'x' not found [unknown-ref]");
}
END_TEST

START_TEST(a_component_in_use_cannot_be_removed_and_names_who_uses_it)
{
	rig_must_set("one", "{type: sequence, children: [{ref: a}, {ref: a}]}");
	rig_must_set("two", "{type: filter, predicate: yes, then: {ref: a}}");
	rig_must_set("three", "ref: b");
	rig_must_set("four", "ref: one");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "a", 0, rig.report),
			 FLUME_IN_USE);
	ck_assert_uint_eq(flume_report_size(rig.report), 3);
	rig_found("0:0: one: schema 'one' uses processor 'a' [in-use]");
	rig_found("0:0: two: schema 'two' uses processor 'a' [in-use]");
	rig_found("0:0: four: schema 'four' uses processor 'a' [in-use]");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PREDICATE, "yes", 0, NULL),
			 FLUME_IN_USE);
	ck_assert_int_eq(rig_process("one", 1), 0);
}
END_TEST

START_TEST(a_component_no_longer_used_can_be_removed)
{
	rig_must_set("one", "ref: a");
	rig_must_set("one", "ref: b");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "a", 0, NULL), 0);
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "one", NULL), 0);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "b", 0, NULL), 0);
}
END_TEST

START_TEST(a_removed_component_lives_until_the_last_pipeline_ends)
{
	int done = 0;
	flume_pipeline *pipeline = NULL;
	ck_assert_int_eq(add(&(struct flume_component){
				 .name = "x", .run = run, .arg = &done, .done = count}),
			 0);
	flume_schema *schema = rig_schema("ref: x");
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &pipeline, NULL), 0);
	flume_schema_unref(schema);
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x", 0, NULL), 0);
	ck_assert_int_eq(done, 0);
	flume_pipeline *other = flume_pipeline_ref(pipeline);
	flume_pipeline_unref(pipeline);
	ck_assert_int_eq(done, 0);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_pipeline_process(other, NULL, &item, NULL), 0);
	rig_free_item(item);
	flume_pipeline_unref(other);
	ck_assert_int_eq(done, 1);
}
END_TEST

START_TEST(what_is_no_kind_and_no_name_has_no_components)
{
	ck_assert(!flume_factory_has(rig.factory, FLUME_KINDS, "a"));
	ck_assert(!flume_factory_has(rig.factory, FLUME_PROCESSOR, NULL));
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, NULL, 0, NULL),
			 FLUME_NOT_FOUND);
	char **names = flume_factory_dup_names(rig.factory, FLUME_KINDS);
	ck_assert_ptr_nonnull(names);
	ck_assert_ptr_null(names[0]);
	free(names);
}
END_TEST

START_TEST(a_component_that_is_never_removed_is_done_with_the_factory)
{
	int done = 0;
	flume_factory *factory = NULL;
	const struct flume_options options = {.type = &rig_items};
	const struct flume_component row = {
		.name = "x", .run = run, .arg = &done, .done = count};
	ck_assert_int_eq(flume_factory_new(&factory, &options, NULL), 0);
	ck_assert_int_eq(flume_factory_add(factory, &row, NULL), 0);
	flume_factory_free(factory);
	ck_assert_int_eq(done, 1);
}
END_TEST

Suite *suite_component(void)
{
	Suite *suite = suite_create("component");
	TCase *tc = rig_case(suite, "component");
	tcase_add_test(tc, kinds_have_names_for_people_and_for_schemas);
	tcase_add_test(tc, a_component_has_exactly_one_function);
	tcase_add_test(tc, names_are_of_letters_digits_and_a_few_signs);
	tcase_add_test(tc, a_second_of_the_same_name_and_kind_is_refused);
	tcase_add_test(tc, when_adding_fails_done_does_not_run);
	tcase_add_test(tc, the_texts_of_a_row_are_copied);
	tcase_add_test(tc, each_kind_has_names_of_its_own);
	tcase_add_test(tc, what_describes_a_component_is_copied_for_each_kind);
	tcase_add_test(tc, names_are_listed_in_order);
	tcase_add_test(tc, a_removed_component_is_not_found_again);
	tcase_add_test(tc, a_component_in_use_cannot_be_removed_and_names_who_uses_it);
	tcase_add_test(tc, a_component_no_longer_used_can_be_removed);
	tcase_add_test(tc, a_removed_component_lives_until_the_last_pipeline_ends);
	tcase_add_test(tc, what_is_no_kind_and_no_name_has_no_components);
	tcase_add_test(tc, a_component_that_is_never_removed_is_done_with_the_factory);
	return suite;
}
