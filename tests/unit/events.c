#include "lib/component/component.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- the list ---- */

START_TEST(every_event_has_a_name_and_a_sentence)
{
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_SCHEMA_UPDATED), "schema.updated");
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_RETRY_FAILED), "retry.failed");
	ck_assert_str_eq(flume_event_name(FLUME_EVENT_COUNT), "unknown");
	ck_assert_str_eq(flume_event_name(-1), "unknown");
	ck_assert_str_eq(flume_event_about(FLUME_EVENT_COUNT), "");
	for (int kind = 0; kind < FLUME_EVENT_COUNT; kind++) {
		const char *about = flume_event_about(kind);
		ck_assert_uint_gt(strlen(about), 10);
		ck_assert(isupper((unsigned char)about[0]));
		ck_assert_int_eq(about[strlen(about) - 1], '.');
		for (int other = 0; other < kind; other++)
			ck_assert_str_ne(flume_event_name(kind), flume_event_name(other));
	}
}
END_TEST

/* ---- components ---- */

static const struct flume_component *first_of(enum flume_kind kind)
{
	const struct flume_component *row = rig_parts;
	while (component_kind(row) != (int)kind)
		row++;
	return row;
}

START_TEST(components_of_each_kind_come_and_go_with_events)
{
	static const char *const kinds[] = {"processor", "predicate",     "condition",
					    "reducer",   "error-handler", "channel"};
	char told[64];
	rig_listen();
	for (int k = 0; k < FLUME_KINDS; k++) {
		const struct flume_component *row = first_of(k);
		ck_assert_int_eq(flume_factory_remove(rig.factory, k, row->name, 0, NULL), 0);
		rig_add(row);
		ck_assert_str_eq(rig.seen[0].name, row->name);
		ck_assert_str_eq(rig.seen[1].name, row->name);
		snprintf(told, sizeof told, "%s.removed %s.registered", kinds[k], kinds[k]);
		rig_told(told);
	}
}
END_TEST

/* ---- sets ---- */

START_TEST(a_first_set_tells_each_stage_and_then_the_schema)
{
	rig_listen();
	rig_must_set("s", "{version: '1', ref: a}");
	const struct seen *set = rig_last(FLUME_EVENT_SCHEMA_REGISTERED);
	ck_assert_str_eq(set->schema_id, "s");
	ck_assert_str_eq(set->version, "1");
	ck_assert_str_eq(set->old_version, "");
	ck_assert_uint_eq(set->generation, 1);
	for (size_t i = 0; i < rig.n_seen; i++) {
		ck_assert_str_eq(rig.seen[i].schema_id, "s");
		ck_assert_str_eq(rig.seen[i].version, "1");
	}
	rig_told("schema.validation.started schema.validation.completed schema.build.started "
		 "schema.build.completed schema.registered");
}
END_TEST

START_TEST(a_set_tells_both_versions_and_each_of_its_bindings)
{
	rig_listen();
	rig_must_set("s", "{version: '1', ref: a}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
	ck_assert_int_eq(flume_factory_bind(rig.factory, "c", "s", 0, NULL, NULL), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_ADDED, "b"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "b"), 0);
	rig_must_set("s", "{version: '2', ref: b}");
	const struct seen *set = rig_last(FLUME_EVENT_SCHEMA_UPDATED);
	ck_assert_str_eq(set->version, "2");
	ck_assert_str_eq(set->old_version, "1");
	ck_assert_uint_eq(set->generation, 2);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "b"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "c"), 1);
	const struct seen *swapped = rig_last(FLUME_EVENT_BINDING_SWAPPED);
	ck_assert_str_eq(swapped->name, "c");
	ck_assert_str_eq(swapped->schema_id, "s");
	ck_assert_uint_eq(swapped->generation, 2);
}
END_TEST

START_TEST(bindings_above_are_told_of_a_swap_below)
{
	rig_must_set("leaf", "{version: '1', ref: a}");
	rig_must_set("user", "{version: '9', ref: leaf}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "u", "user", 0, NULL, NULL), 0);
	rig_listen();
	rig_must_set("leaf", "{version: '2', ref: b}");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_SWAPPED, "u"), 1);
	const struct seen *swapped = rig_last(FLUME_EVENT_BINDING_SWAPPED);
	ck_assert_str_eq(swapped->schema_id, "user");
	ck_assert_str_eq(swapped->version, "9");
	ck_assert_str_eq(swapped->old_version, "9");
	ck_assert_uint_eq(swapped->generation, 2);
}
END_TEST

START_TEST(nothing_happens_when_nothing_changed)
{
	rig_must_set("s", "ref: a");
	rig_listen();
	ck_assert_int_eq(rig_set("s", "ref: a"), FLUME_UNCHANGED);
	ck_assert_uint_eq(rig.n_seen, 0);
}
END_TEST

START_TEST(a_rejection_tells_the_first_finding)
{
	rig_listen();
	ck_assert_int_eq(rig_set("s", "{version: '3', ref: nobody}"), FLUME_REJECTED);
	const struct seen *rejected = rig_last(FLUME_EVENT_SCHEMA_UPDATE_FAILED);
	ck_assert_str_eq(rejected->schema_id, "s");
	ck_assert_str_eq(rejected->version, "3");
	ck_assert_str_eq(rejected->path, "root");
	ck_assert_int_eq(rejected->code, FLUME_REJECTED);
	const struct seen *check = rig_last(FLUME_EVENT_SCHEMA_VALIDATION_FAILED);
	ck_assert_str_eq(check->schema_id, "s");
	ck_assert_int_eq(check->code, FLUME_REJECTED);
	rig_told("schema.validation.started schema.validation.failed schema.update.failed");
}
END_TEST

START_TEST(a_dependent_that_would_break_tells_its_own_stage)
{
	rig_must_set("leaf", "ref: a");
	rig_must_set("user", "{type: sequence, children: [{ref: leaf}, {ref: b}]}");
	ck_assert_int_eq(flume_factory_remove(rig.factory, FLUME_PROCESSOR, "b",
					      FLUME_REMOVE_FORCED, NULL),
			 0);
	rig_listen();
	ck_assert_int_eq(rig_set("leaf", "ref: c"), FLUME_REJECTED);
	ck_assert_str_eq(rig_last(FLUME_EVENT_SCHEMA_VALIDATION_FAILED)->schema_id, "user");
	ck_assert_str_eq(rig_last(FLUME_EVENT_SCHEMA_UPDATE_FAILED)->schema_id, "leaf");
}
END_TEST

START_TEST(a_build_that_fails_is_told)
{
	rig_must_set("twenty", "{type: sequence, children: [{ref: a}, {ref: a}, {ref: a}, "
			       "{ref: a}, {ref: a}, {ref: a}, {ref: a}, {ref: a}]}");
	const struct flume_limits limits = {.nodes = 8};
	flume_factory *small = NULL;
	flume_schema *schema = rig_schema("{type: sequence, children: [{ref: a}, {ref: a}, "
					  "{ref: a}, {ref: a}, {ref: a}]}");
	flume_schema *user = rig_schema("{type: sequence, children: [{ref: s}, {ref: s}]}");
	const struct flume_options options = {
		.type = &rig_items, .clock = &rig_clock, .limits = &limits};
	ck_assert_int_eq(flume_factory_new(&small, &options, NULL), 0);
	ck_assert_int_eq(flume_factory_add(small, &rig_parts[0], NULL), 0);
	ck_assert_int_eq(flume_factory_set_schema(small, "s", schema, NULL), 0);
	ck_assert_int_gt(flume_factory_listen(small, rig_write_down, NULL), 0);
	ck_assert_int_eq(flume_factory_set_schema(small, "u", user, NULL), FLUME_REJECTED);
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_BUILD_FAILED)->code, FLUME_REJECTED);
	rig_told("schema.validation.started schema.validation.completed schema.build.started "
		 "schema.build.failed schema.update.failed");
	flume_schema_unref(schema);
	flume_schema_unref(user);
	flume_factory_free(small);
	rig.n_seen = 0;
}
END_TEST

static int make_slowly(const flume_value *decl, const char *path, flume_scope *scope,
		       struct flume_component *out, flume_report *report)
{
	(void)decl, (void)path, (void)scope, (void)report;
	rig.now_ns += 7;
	out->run = rig_parts[0].run;
	out->arg = rig_parts[0].arg;
	return FLUME_OK;
}

START_TEST(stages_and_sets_tell_how_long_they_took)
{
	static const struct flume_maker slow = {
		.of = FLUME_PROCESSOR, .kind = "slow", .make = make_slowly};
	ck_assert_int_eq(flume_factory_add_maker(rig.factory, &slow, NULL), 0);
	rig_listen();
	rig_must_set("leaf", "{components: {processors: {x: {kind: slow}}}, ref: x}");
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_VALIDATION_STARTED)->duration_ns, 0);
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_VALIDATION_COMPLETED)->duration_ns, 7);
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_BUILD_COMPLETED)->duration_ns, 0);
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_REGISTERED)->duration_ns, 7);
	rig_must_set("user", "ref: leaf");
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_BUILD_COMPLETED)->duration_ns, 7);
	ck_assert_int_eq(rig_set("leaf", "{components: {processors: {x: {kind: slow}}}, "
					 "ref: y}"),
			 FLUME_REJECTED);
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_UPDATE_FAILED)->duration_ns, 7);
}
END_TEST

START_TEST(a_check_and_a_build_of_no_stored_schema_are_told_too)
{
	rig_listen();
	ck_assert_int_eq(rig_check("{version: '4', ref: a}"), 0);
	ck_assert_str_eq(rig_last(FLUME_EVENT_SCHEMA_VALIDATION_COMPLETED)->version, "4");
	rig_told("schema.validation.started schema.validation.completed");
	ck_assert_int_eq(rig_run("ref: a", 1), 0); /* nor does what never served retire */
	rig_told("schema.validation.started schema.validation.completed schema.build.started "
		 "schema.build.completed");
	flume_schema *wrong = rig_schema("ref: nobody");
	ck_assert_int_eq(flume_schema_check(wrong, rig.factory, NULL), FLUME_REJECTED);
	ck_assert_str_eq(rig_last(FLUME_EVENT_SCHEMA_VALIDATION_FAILED)->path, "root");
	ck_assert_int_eq(flume_schema_check(wrong, NULL, NULL), 0);
	rig_told("schema.validation.started schema.validation.failed");
	flume_schema_unref(wrong);
}
END_TEST

/* ---- text and files ---- */

START_TEST(reading_for_a_factory_is_told)
{
	static const char good[] = "{\"version\": \"5\", \"ref\": \"a\"}", bad[] = "ref: [";
	flume_schema *schema = NULL;
	rig_listen();
	ck_assert_int_eq(flume_factory_parse_schema(rig.factory, &schema, good, strlen(good),
						    FLUME_JSON, NULL),
			 0);
	ck_assert_str_eq(rig_last(FLUME_EVENT_SCHEMA_PARSED)->version, "5");
	flume_schema_unref(schema);
	ck_assert_int_eq(flume_factory_parse_schema(rig.factory, &schema, bad, strlen(bad),
						    FLUME_YAML, NULL),
			 FLUME_SYNTAX);
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_PARSE_FAILED)->code, FLUME_SYNTAX);
	rig_told("schema.parsed schema.parse.failed");
}
END_TEST

START_TEST(loading_for_a_factory_is_told)
{
	flume_schema *schema = NULL;
	rig_listen();
	ck_assert_int_eq(
		flume_factory_load_schema(rig.factory, &schema,
					  "tests/schemas/invalid/children-count/in.yaml", NULL),
		0);
	flume_schema_unref(schema);
	ck_assert_str_eq(rig_last(FLUME_EVENT_SCHEMA_FILE_LOADED)->name,
			 "tests/schemas/invalid/children-count/in.yaml");
	rig_told("schema.file.loaded schema.parsed");
	ck_assert_int_eq(flume_factory_load_schema(
				 rig.factory, &schema,
				 "tests/schemas/invalid/duplicate-keys/in.yaml", rig.report),
			 FLUME_SYNTAX);
	rig_told("schema.file.loaded schema.parse.failed");
	ck_assert_int_eq(
		flume_factory_load_schema(rig.factory, &schema, "tests/nobody.yaml", NULL),
		FLUME_IO);
	ck_assert_str_eq(rig_last(FLUME_EVENT_SCHEMA_FILE_FAILED)->name, "tests/nobody.yaml");
	ck_assert_int_eq(rig_last(FLUME_EVENT_SCHEMA_FILE_FAILED)->code, FLUME_IO);
	ck_assert_int_eq(flume_factory_load_schema(rig.factory, &schema, "Makefile", NULL),
			 FLUME_INVALID);
	rig_told("schema.file.failed schema.file.failed");
}
END_TEST

START_TEST(a_factory_reads_within_its_own_limits)
{
	static const char text[] = "ref: a # far longer than ten characters";
	const struct flume_limits limits = {.bytes = 10};
	flume_factory *small = NULL;
	flume_schema *schema = NULL;
	const struct flume_options options = {.type = &rig_items, .limits = &limits};
	ck_assert_int_eq(flume_factory_new(&small, &options, NULL), 0);
	ck_assert_int_eq(flume_factory_parse_schema(small, &schema, text, strlen(text),
						    FLUME_YAML, rig.report),
			 FLUME_SYNTAX);
	ck_assert_str_eq(flume_report_get_issue(rig.report, 0)->code, "too-large");
	ck_assert_int_eq(flume_factory_load_schema(
				 small, &schema, "tests/schemas/invalid/counts/in.yaml", NULL),
			 FLUME_SYNTAX);
	flume_factory_free(small);
}
END_TEST

/* ---- pipelines and bindings ---- */

START_TEST(a_pipeline_retires_when_its_last_call_ends)
{
	struct flight flight;
	rig_must_set("s", "{version: '1', ref: gate}");
	rig_take_off(&flight, "s");
	rig_listen();
	rig_must_set("s", "{version: '2', ref: b}");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 0);
	ck_assert_int_eq(rig_land(&flight), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETIRED, "s"), 1);
	const struct seen *retired = rig_last(FLUME_EVENT_PIPELINE_RETIRED);
	ck_assert_str_eq(retired->version, "1");
	ck_assert_uint_eq(retired->generation, 1);
}
END_TEST

START_TEST(a_swap_is_told_before_the_retirement)
{
	rig_must_set("s", "{version: '1', ref: a}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
	rig_listen();
	rig_must_set("s", "{version: '2', ref: b}");
	rig_told("schema.validation.started schema.validation.completed schema.build.started "
		 "schema.build.completed schema.updated binding.swapped pipeline.retired");
}
END_TEST

START_TEST(a_removal_tells_bindings_and_schema)
{
	rig_must_set("s", "{version: '1', ref: a}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
	ck_assert_int_eq(
		flume_factory_bind(rig.factory, "c", "s", FLUME_BIND_PINNED, NULL, NULL), 0);
	rig_listen();
	ck_assert_int_eq(flume_factory_remove_schema(rig.factory, "s", NULL), 0);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_REMOVED, "b"), 1);
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_BINDING_REMOVED, "c"), 1);
	const struct seen *removed = rig_last(FLUME_EVENT_SCHEMA_REMOVED);
	ck_assert_str_eq(removed->schema_id, "s");
	ck_assert_str_eq(removed->old_version, "1");
	rig_told("binding.removed binding.removed schema.removed pipeline.retired");
}
END_TEST

START_TEST(who_asks_for_a_pipeline_is_told)
{
	rig_must_set("s", "{version: '1', ref: a}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
	rig_listen();
	flume_binding *binding = flume_factory_dup_binding(rig.factory, "b");
	ck_assert_uint_eq(rig_saw(FLUME_EVENT_PIPELINE_RETRIEVED, "b"), 1);
	flume_pipeline_unref(flume_binding_dup_pipeline(binding));
	const struct seen *retrieved = rig_last(FLUME_EVENT_PIPELINE_RETRIEVED);
	ck_assert_str_eq(retrieved->schema_id, "s");
	ck_assert_str_eq(retrieved->version, "1");
	ck_assert_uint_eq(retrieved->generation, 1);
	ck_assert_ptr_null(flume_factory_dup_binding(rig.factory, "nobody"));
	rig_told("pipeline.retrieved pipeline.retrieved");
	flume_binding_unref(binding);
}
END_TEST

START_TEST(a_failed_call_tells_where_and_which_generation)
{
	rig_must_set("s", "{version: '1', type: sequence, children: [{ref: fail}]}");
	rig_listen();
	ck_assert_int_eq(rig_process("s", 1), FLUME_FAILED);
	const struct seen *failed = rig_last(FLUME_EVENT_CALL_FAILED);
	ck_assert_str_eq(failed->schema_id, "s");
	ck_assert_str_eq(failed->version, "1");
	ck_assert_uint_eq(failed->generation, 1);
	ck_assert_int_eq(failed->code, FLUME_FAILED);
	ck_assert_str_eq(failed->path, "sequence > fail");
}
END_TEST

/* Also what a step tells that was given a copy of it. */
START_TEST(what_a_call_makes_is_told_with_the_call)
{
	static const enum flume_event_kind kinds[] = {
		FLUME_EVENT_RETRY_FAILED, FLUME_EVENT_BREAKER_OPENED, FLUME_EVENT_CALL_FAILED};
	const struct flume_call call = {.id = 17};
	flume_binding *binding = NULL;
	rig_listen();
	rig_must_set("s", "{type: race, children: [{ref: fail}, {type: circuit-breaker, "
			  "failure_threshold: 1, "
			  "child: {type: retry, attempts: 1, child: {ref: fail}}}]}");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL), 0);
	void *item = rig_item(1);
	ck_assert_int_eq(flume_binding_process(binding, &call, &item, NULL), FLUME_FAILED);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		ck_assert(rig_last(kinds[i])->by_call);
		ck_assert_uint_eq(rig_last(kinds[i])->call_id, 17);
	}
	ck_assert(!rig_last(FLUME_EVENT_BINDING_ADDED)->by_call);
	rig_free_item(item);
	flume_binding_unref(binding);
}
END_TEST

Suite *suite_events(void)
{
	Suite *suite = suite_create("events");
	TCase *tc = rig_case(suite, "events");
	tcase_add_test(tc, every_event_has_a_name_and_a_sentence);
	tcase_add_test(tc, components_of_each_kind_come_and_go_with_events);
	tc = rig_case(suite, "sets");
	tcase_add_test(tc, a_first_set_tells_each_stage_and_then_the_schema);
	tcase_add_test(tc, a_set_tells_both_versions_and_each_of_its_bindings);
	tcase_add_test(tc, bindings_above_are_told_of_a_swap_below);
	tcase_add_test(tc, nothing_happens_when_nothing_changed);
	tcase_add_test(tc, a_rejection_tells_the_first_finding);
	tcase_add_test(tc, a_dependent_that_would_break_tells_its_own_stage);
	tcase_add_test(tc, a_build_that_fails_is_told);
	tcase_add_test(tc, stages_and_sets_tell_how_long_they_took);
	tcase_add_test(tc, a_check_and_a_build_of_no_stored_schema_are_told_too);
	tc = rig_case(suite, "reading");
	tcase_add_test(tc, reading_for_a_factory_is_told);
	tcase_add_test(tc, loading_for_a_factory_is_told);
	tcase_add_test(tc, a_factory_reads_within_its_own_limits);
	tc = rig_case(suite, "pipelines");
	tcase_add_test(tc, a_pipeline_retires_when_its_last_call_ends);
	tcase_add_test(tc, a_swap_is_told_before_the_retirement);
	tcase_add_test(tc, a_removal_tells_bindings_and_schema);
	tcase_add_test(tc, who_asks_for_a_pipeline_is_told);
	tcase_add_test(tc, what_a_call_makes_is_told_with_the_call);
	tcase_add_test(tc, a_failed_call_tells_where_and_which_generation);
	return suite;
}
