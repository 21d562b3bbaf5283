/* Bindings that are pinned, moved and removed, and what a binding says of itself. */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static flume_binding *bound(const char *name, const char *id, unsigned flags)
{
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, name, id, flags, &binding, NULL), 0);
	return binding;
}

static flume_binding *pinned(const char *name, const char *id)
{
	return bound(name, id, FLUME_BIND_PINNED);
}

static int call(flume_binding *binding)
{
	void *item = rig_item(1);
	int rc = flume_binding_process(binding, NULL, &item, &rig.err);
	rig_free_item(rig.item);
	rig.item = item;
	return rc;
}

static void runs(flume_binding *binding, const char *marks)
{
	ck_assert_int_eq(call(binding), 0);
	rig_left(marks);
}

static void refuses(flume_binding *binding, const char *text)
{
	ck_assert_int_eq(call(binding), FLUME_NOT_FOUND);
	ck_assert_str_eq(rig.err.text, text);
	ck_assert_ptr_null(flume_binding_dup_pipeline(binding));
}

static struct flume_binding_info read_binding(flume_binding *binding)
{
	struct flume_binding_info info;
	memset(&info, 'x', sizeof info);
	flume_binding_read(binding, &info);
	return info;
}

/* ---- pinned ---- */

START_TEST(a_pinned_binding_stays_where_it_was_bound)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_binding *old = pinned("old", "s"), *new = bound("new", "s", 0);
	rig_listen();
	rig_must_set("s", "{version: '2', ref: b}");
	runs(old, "a");
	runs(new, "b");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "new"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "old"), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 0);
	struct flume_binding_info info = read_binding(old);
	ck_assert(info.pinned);
	ck_assert_str_eq(info.version, "1");
	ck_assert_uint_eq(info.generation, 1);
	ck_assert_uint_eq(info.calls, 1);
	info = read_binding(new);
	ck_assert(!info.pinned);
	ck_assert_str_eq(info.version, "2");
	ck_assert_uint_eq(info.generation, 2);
	flume_binding_unref(old);
	flume_binding_unref(new);
}
END_TEST

START_TEST(a_pinned_binding_keeps_what_its_schema_referred_to)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("top", "{type: sequence, children: [{ref: leaf}, {ref: c}]}");
	flume_binding *old = pinned("old", "top");
	rig_must_set("leaf", "ref: b");
	runs(old, "ac");
	flume_binding_unref(old);
}
END_TEST

START_TEST(what_it_keeps_outlives_its_components)
{
	rig_must_set("s", "ref: a");
	flume_binding *old = pinned("old", "s");
	rig_must_set("s", "ref: b");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "a", 0, NULL), 0);
	ck_assert_int_eq(rig.done, 0);
	runs(old, "a");
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "old"), 0);
	ck_assert_int_eq(rig.done, 1);
	flume_binding_unref(old);
}
END_TEST

START_TEST(a_name_is_bound_in_one_way)
{
	flume_binding *other = NULL;
	rig_must_set("s", "ref: a");
	flume_binding *old = pinned("old", "s"), *new = bound("new", "s", 0);
	rig_must_set("s", "ref: b");
	flume_binding *again = pinned("old", "s");
	ck_assert_ptr_eq(again, old);
	runs(again, "a");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "old", "s", 0, &other, &rig.err),
			 FLUME_EXISTS);
	ck_assert_str_eq(rig.err.text, "'old' is bound, and pinned");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "new", "s", FLUME_BIND_PINNED, &other,
					    &rig.err),
			 FLUME_EXISTS);
	ck_assert_str_eq(rig.err.text, "'new' is bound, and follows");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "x", "s", 6, &other, &rig.err),
			 FLUME_INVALID);
	ck_assert_str_eq(rig.err.text, "no such flags: 0x6");
	ck_assert_ptr_null(other);
	flume_binding_unref(old);
	flume_binding_unref(again);
	flume_binding_unref(new);
}
END_TEST

START_TEST(a_pinned_binding_is_moved_to_what_is_stored_now)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_binding *old = pinned("old", "s");
	ck_assert_int_eq(flume_factory_repin(rig.factory, "old"), FLUME_UNCHANGED);
	rig_must_set("s", "{version: '2', ref: b}");
	rig_must_set("s", "{version: '3', ref: c}");
	rig_listen();
	ck_assert_int_eq(flume_factory_repin(rig.factory, "old"), 0);
	const struct seen *swapped = rig_last(FLUME_EVENT_BINDING_SWAPPED);
	ck_assert_str_eq(swapped->name, "old");
	ck_assert_str_eq(swapped->schema_id, "s");
	ck_assert_str_eq(swapped->version, "3");
	ck_assert_str_eq(swapped->old_version, "1");
	ck_assert_uint_eq(swapped->generation, 3);
	rig_told("binding.swapped pipeline.retired");
	ck_assert_int_eq(flume_factory_repin(rig.factory, "old"), FLUME_UNCHANGED);
	rig_must_set("s", "{version: '4', ref: d}");
	runs(old, "c");
	flume_binding_unref(old);
}
END_TEST

START_TEST(only_what_is_pinned_is_moved)
{
	rig_must_set("s", "ref: a");
	flume_binding_unref(bound("new", "s", 0));
	ck_assert_int_eq(flume_factory_repin(rig.factory, "new"), FLUME_INVALID);
	ck_assert_int_eq(flume_factory_repin(rig.factory, "nobody"), FLUME_NOT_FOUND);
}
END_TEST

START_TEST(a_call_ends_on_what_was_pinned_when_it_began)
{
	struct flight flight;
	rig_must_set("s", "{type: sequence, children: [{ref: gate}, {ref: a}]}");
	rig_take_off_in(&flight, pinned("s", "s"));
	rig_must_set("s", "ref: b");
	ck_assert_int_eq(flume_factory_repin(rig.factory, "s"), 0);
	flume_binding *binding = flume_factory_dup_binding(rig.factory, "s");
	runs(binding, "b");
	flume_binding_unref(binding);
	ck_assert_int_eq(rig_land(&flight), 0);
	rig_left("ga");
}
END_TEST

/* ---- unbinding ---- */

START_TEST(an_unbound_name_is_free_again)
{
	rig_must_set("s", "ref: a");
	rig_must_set("t", "ref: b");
	flume_binding *old = bound("b", "s", 0);
	rig_listen();
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "b"), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_REMOVED, "b"), 1);
	ck_assert_str_eq(rig_last(FLUME_EVENT_BINDING_REMOVED)->schema_id, "s");
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, "b"));
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "b"), FLUME_NOT_FOUND);
	refuses(old, "the binding 'b' was removed");
	flume_binding *new = bound("b", "t", FLUME_BIND_PINNED);
	ck_assert_ptr_ne(new, old);
	runs(new, "b");
	refuses(old, "the binding 'b' was removed");
	flume_binding_unref(old);
	flume_binding_unref(new);
}
END_TEST

START_TEST(an_unbound_binding_is_not_told_of_swaps)
{
	rig_must_set("s", "ref: a");
	flume_binding *old = bound("b", "s", 0);
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "b"), 0);
	rig_listen();
	rig_must_set("s", "ref: b");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "b"), 0);
	refuses(old, "the binding 'b' was removed");
	flume_binding_unref(old);
}
END_TEST

START_TEST(unbinding_lets_go_of_what_was_pinned)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_binding *old = pinned("old", "s");
	rig_must_set("s", "{version: '2', ref: b}");
	rig_listen();
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "old"), 0);
	rig_told("binding.removed pipeline.retired");
	refuses(old, "the binding 'old' was removed");
	flume_binding_unref(old);
}
END_TEST

START_TEST(a_call_in_progress_outlives_its_binding)
{
	struct flight flight;
	rig_must_set("s", "{type: sequence, children: [{ref: gate}, {ref: a}]}");
	rig_take_off(&flight, "s");
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "s"), 0);
	ck_assert_int_eq(rig_land(&flight), 0);
	rig_left("ga");
}
END_TEST

START_TEST(a_removed_schema_ends_pinned_bindings_too)
{
	rig_must_set("s", "ref: a");
	flume_binding *old = pinned("old", "s");
	rig_must_set("s", "ref: b");
	rig_listen();
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 2);
	refuses(old, "the schema 's' was removed");
	ck_assert_int_eq(flume_factory_repin(rig.factory, "old"), FLUME_NOT_FOUND);
	flume_binding_unref(old);
}
END_TEST

START_TEST(the_end_of_the_factory_ends_pinned_bindings_too)
{
	rig_must_set("s", "{version: '1', ref: a}");
	flume_binding *old = pinned("old", "s");
	rig_must_set("s", "{version: '2', ref: b}");
	rig.factory = flume_factory_free(rig.factory);
	refuses(old, "the schema 's' was removed");
	ck_assert_str_eq(read_binding(old).version, "1");
	flume_binding_unref(old);
}
END_TEST

/* ---- reading ---- */

START_TEST(a_binding_tells_what_it_serves)
{
	rig_must_set("s", "{version: '1', ref: fail}");
	flume_binding *binding = bound("b", "s", 0);
	struct flume_binding_info info = read_binding(binding);
	ck_assert_str_eq(info.schema_id, "s");
	ck_assert_str_eq(info.version, "1");
	ck_assert_uint_eq(info.generation, 1);
	ck_assert_int_eq(info.swapped_ns, 1000);
	ck_assert(!info.pinned);
	ck_assert_int_eq(call(binding), FLUME_FAILED);
	info = read_binding(binding);
	ck_assert_uint_eq(info.calls, 1);
	ck_assert_uint_eq(info.failures, 1);
	rig.now_ns = 5000;
	rig_must_set("s", "ref: a");
	runs(binding, "a");
	flume_schema *stored = flume_factory_dup_schema(rig.factory, "s");
	info = read_binding(binding);
	ck_assert_str_eq(info.version, "");
	ck_assert_str_eq(info.digest, flume_schema_get_digest(stored));
	ck_assert_uint_eq(info.generation, 2);
	ck_assert_int_eq(info.swapped_ns, 5000);
	ck_assert_uint_eq(info.calls, 1);
	ck_assert_uint_eq(info.failures, 0);
	flume_schema_unref(stored);
	flume_binding_unref(binding);
}
END_TEST

START_TEST(long_names_are_cut)
{
	char id[300], version[100], yaml[200];
	struct flume_binding_info info;
	memset(id, 'i', sizeof id);
	id[sizeof id - 1] = '\0';
	memset(version, '7', sizeof version);
	version[sizeof version - 1] = '\0';
	snprintf(yaml, sizeof yaml, "{version: '%s', ref: a}", version);
	rig_must_set(id, yaml);
	flume_binding *binding = bound("b", id, 0);
	info = read_binding(binding);
	ck_assert_uint_eq(strlen(info.schema_id), 128);
	ck_assert_uint_eq(strlen(info.version), 63);
	ck_assert_uint_eq(strlen(info.digest), 71);
	flume_binding_unref(binding);
}
END_TEST

static void same(const struct flume_binding_info *a, const struct flume_binding_info *b)
{
	ck_assert_str_eq(a->schema_id, b->schema_id);
	ck_assert_str_eq(a->version, b->version);
	ck_assert_str_eq(a->digest, b->digest);
	ck_assert_int_eq(a->pinned, b->pinned);
	ck_assert_uint_eq(a->generation, b->generation);
	ck_assert_int_eq(a->swapped_ns, b->swapped_ns);
	ck_assert_uint_eq(a->calls, b->calls);
	ck_assert_uint_eq(a->failures, b->failures);
}

/* All that can take away what was there. */
static void remove_schema(void)
{
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
}

static void unbind(void)
{
	ck_assert_int_eq(flume_factory_unbind(rig.factory, "b"), 0);
}

static void free_factory(void)
{
	rig.factory = flume_factory_free(rig.factory);
}

START_TEST(what_was_there_last_can_be_read)
{
	static void (*const ends[])(void) = {remove_schema, unbind, free_factory};
	struct flume_binding_info before, after;
	rig_must_set("s", "{version: '1', ref: a}");
	rig.now_ns = 2000;
	rig_must_set("s", "{version: '2', ref: fail}");
	for (unsigned flags = 0; flags <= FLUME_BIND_PINNED; flags++) {
		flume_binding *binding = bound("b", "s", flags);
		call(binding);
		before = read_binding(binding);
		ends[_i]();
		after = read_binding(binding);
		same(&before, &after);
		flume_binding_unref(binding);
		if (!rig.factory)
			break;
		ck_assert_int_ge(rig_set("s", "{version: '3', ref: b}"), 0);
	}
}
END_TEST

Suite *suite_binding_ends(void)
{
	Suite *suite = suite_create("binding_ends");
	TCase *tc = rig_case(suite, "pinned");
	tcase_add_test(tc, a_pinned_binding_stays_where_it_was_bound);
	tcase_add_test(tc, a_pinned_binding_keeps_what_its_schema_referred_to);
	tcase_add_test(tc, what_it_keeps_outlives_its_components);
	tcase_add_test(tc, a_name_is_bound_in_one_way);
	tcase_add_test(tc, a_pinned_binding_is_moved_to_what_is_stored_now);
	tcase_add_test(tc, only_what_is_pinned_is_moved);
	tcase_add_test(tc, a_call_ends_on_what_was_pinned_when_it_began);
	tc = rig_case(suite, "unbind");
	tcase_add_test(tc, an_unbound_name_is_free_again);
	tcase_add_test(tc, an_unbound_binding_is_not_told_of_swaps);
	tcase_add_test(tc, unbinding_lets_go_of_what_was_pinned);
	tcase_add_test(tc, a_call_in_progress_outlives_its_binding);
	tcase_add_test(tc, a_removed_schema_ends_pinned_bindings_too);
	tcase_add_test(tc, the_end_of_the_factory_ends_pinned_bindings_too);
	tc = rig_case(suite, "read");
	tcase_add_test(tc, a_binding_tells_what_it_serves);
	tcase_add_test(tc, long_names_are_cut);
	tcase_add_loop_test(tc, what_was_there_last_can_be_read, 0, 3);
	return suite;
}
