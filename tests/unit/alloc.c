/*
 * Each allocation on the way of a document fails in turn: nothing leaks (the sanitizers look),
 * nothing half-done is left, and what ran before goes on running.
 */
#include "tests/unit/fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static void open_with_makers(void)
{
	rig_open();
	rig_add_makers();
}

/* Everything a schema may hold. */
#define RICH                                                                               \
	"version: \"2\"\n"                                                                 \
	"components:\n"                                                                    \
	"  processors: {x: {kind: note, text: x}}\n"                                       \
	"  predicates: {p: {kind: all, of: [q, even]}, q: {kind: not, of: r}, "            \
	"r: {kind: is, value: 4}}\n"                                                       \
	"canary: {cases: [{input: 1, expect: &e {a: [1, 2]}}, {input: *e}], max_latency: " \
	"1s}\n"                                                                            \
	"type: sequence\n"                                                                 \
	"children:\n"                                                                      \
	"  - {ref: x, name: first}\n"                                                      \
	"  - {ref: leaf}\n"                                                                \
	"  - {type: filter, predicate: p, then: {ref: a}, else: {ref: b}}\n"               \
	"  - {type: switch, condition: word, routes: {k: {ref: a}, l: {ref: b}}}\n"        \
	"  - {type: fallback, children: [{ref: fail}, {ref: c}]}\n"                        \
	"  - {type: retry, attempts: 2, child: {ref: leaf}}\n"                             \
	"  - {type: handle, error_handler: recover, child: {ref: fail}}\n"                 \
	"  - {stream: box, child: {ref: d}}\n"

#define RICH_JSON                                                                        \
	"{\"version\": \"3\", \"type\": \"sequence\", \"children\": [{\"ref\": \"a\"}, " \
	"{\"type\": \"retry\", \"backoff\": \"1s\", \"child\": {\"ref\": \"leaf\"}}]}"

/* Runs without a look at the outcome, for looking needs memory too; `look` comes afterwards. */
typedef int try_fn(void);
typedef void look_fn(int rc);

/* Tried again and again, with a later failure each time, until it no longer meets it.  Returns
 * how many it met. */
static long until_it_works(try_fn *attempt, look_fn *look)
{
	for (long nth = 1;; nth++) {
		long items = rig.items;
		memory_fails_at(nth);
		int rc = attempt();
		bool failed = memory_is_back();
		ck_assert_int_eq(rig.items, items);
		ck_assert_msg(rc >= 0 || (failed && rc == FLUME_NOMEM), "allocation %ld: %s",
			      nth, flume_code_text(rc));
		if (look)
			look(rc);
		if (!failed)
			return nth - 1;
	}
}

static int parse(const char *text, enum flume_format format)
{
	flume_schema *schema = NULL;
	flume_report *report = flume_report_new();
	int rc = flume_schema_parse(&schema, text, strlen(text), format, NULL, report);
	flume_schema_unref(schema);
	flume_report_free(report);
	return rc;
}

static int parse_yaml(void)
{
	return parse(RICH, FLUME_YAML);
}

static int parse_json(void)
{
	return parse(RICH_JSON, FLUME_JSON);
}

START_TEST(reading)
{
	ck_assert_int_gt(until_it_works(parse_yaml, NULL), 20);
	ck_assert_int_gt(until_it_works(parse_json, NULL), 3);
}
END_TEST

static flume_schema *rich;

static int print(void)
{
	int rc = 0;
	for (enum flume_format format = FLUME_YAML; format <= FLUME_JSON; format++) {
		char *text = flume_schema_dup_text(rich, format);
		rc = text ? rc : FLUME_NOMEM;
		free(text);
	}
	return rc;
}

START_TEST(writing)
{
	rich = rig_schema(RICH);
	until_it_works(print, NULL);
	flume_schema_unref(rich);
}
END_TEST

static int check(void)
{
	flume_report *report = flume_report_new();
	int rc = flume_schema_check(rich, rig.factory, report);
	flume_report_free(report);
	return rc;
}

static int build(void)
{
	flume_pipeline *pipeline = NULL;
	int rc = flume_schema_build(rich, rig.factory, &pipeline, NULL);
	flume_pipeline_unref(pipeline);
	return rc;
}

START_TEST(checking_and_building)
{
	rig_must_set("leaf", "components: {processors: {y: {kind: note, text: y}}}\nref: y");
	long made = rig.made - rig.unmade;
	rich = rig_schema(RICH);
	until_it_works(check, NULL);
	ck_assert_int_eq(rig.made - rig.unmade, made);
	ck_assert_int_gt(until_it_works(build, NULL), 30);
	ck_assert_int_eq(rig.made - rig.unmade, made);
	flume_schema_unref(rich);
}
END_TEST

START_TEST(what_is_wrong_stays_wrong_without_memory)
{
	rich = rig_schema("{type: sequence, name: '', children: [{ref: zzz}, {type: xyz}, "
			  "{ref: a, nmae: b}, {type: retry, attempts: 0}]}");
	for (long nth = 1; nth < 100; nth++) {
		flume_report_free(rig.report);
		rig.report = flume_report_new();
		memory_fails_at(nth);
		int rc = flume_schema_check(rich, rig.factory, rig.report);
		memory_is_back();
		ck_assert(rc == FLUME_NOMEM || rc == FLUME_REJECTED); /* never right */
		ck_assert(rc == FLUME_NOMEM || flume_report_size(rig.report) > 0);
	}
	flume_schema_unref(rich);
}
END_TEST

/* The store as it was before each attempt, and as it has to be when one fails. */
static void expect_the_old_one(void)
{
	flume_schema *stored = flume_factory_dup_schema(rig.factory, "s");
	ck_assert_str_eq(flume_schema_get_version(stored), "1");
	flume_schema_unref(stored);
	ck_assert_int_eq(rig_process("s", 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_process("user", 1), 0);
	rig_left("a");
}

START_TEST(setting_leaves_what_ran_before)
{
	rig_must_set("leaf", "ref: d");
	rig_must_set("s", "{version: '1', ref: a}");
	rig_must_set("user", "ref: s");
	rig_listen();
	rich = rig_schema(RICH);
	long made = rig.made - rig.unmade;
	int rc = FLUME_NOMEM;
	for (long nth = 1; rc; nth++) {
		memory_fails_at(nth);
		rc = flume_factory_set_schema(rig.factory, "s", rich, NULL);
		memory_is_back();
		ck_assert(rc == 0 || rc == FLUME_NOMEM);
		if (rc) {
			ck_assert_int_eq(rig.made - rig.unmade, made);
			expect_the_old_one();
		}
	}
	ck_assert_int_eq(rig_process("user", 1), 0);
	ck_assert_str_eq(rig.item->marks, "xdbcdFd");
	flume_schema_unref(rich);
}
END_TEST

static int set_first(void)
{
	return flume_factory_set_schema(rig.factory, "new", rich, NULL);
}

static void look_for_new(int rc)
{
	flume_schema *stored = flume_factory_dup_schema(rig.factory, "new");
	ck_assert(rc < 0 ? !stored : stored != NULL);
	flume_schema_unref(stored);
	flume_factory_remove_schema(rig.factory, "new", NULL);
}

START_TEST(setting_for_the_first_time_is_all_or_nothing)
{
	rig_must_set("leaf", "ref: d");
	rich = rig_schema(RICH);
	ck_assert_int_gt(until_it_works(set_first, look_for_new), 30);
	flume_schema_unref(rich);
}
END_TEST

static int live_and_die(void)
{
	flume_factory *factory = NULL;
	const struct flume_options options = {.type = &rig_items, .listen = rig_write_down};
	int rc = flume_factory_new(&factory, &options, NULL);
	for (const struct flume_component *it = rig_parts; !rc && it->name; it++)
		rc = flume_factory_add(factory, it, NULL);
	flume_factory_free(factory);
	return rc;
}

START_TEST(a_factory_and_its_components)
{
	until_it_works(live_and_die, NULL);
}
END_TEST

static int declare(void)
{
	flume_value *components = NULL;
	static const char yaml[] =
		"processors: {x: {kind: note, text: x}}\n"
		"predicates: {p: {kind: not, of: q}, q: {kind: is, value: 1}}";
	int rc = flume_value_parse(&components, yaml, strlen(yaml), FLUME_YAML, NULL, NULL);
	return rc ? rc : flume_factory_take_declared(rig.factory, components, NULL);
}

static void look_for_declared(int rc)
{
	bool there = rc == 0;
	ck_assert(flume_factory_has(rig.factory, FLUME_PROCESSOR, "x") == there);
	ck_assert(flume_factory_has(rig.factory, FLUME_PREDICATE, "p") == there);
	ck_assert(flume_factory_has(rig.factory, FLUME_PREDICATE, "q") == there);
	flume_factory_remove(rig.factory, FLUME_PROCESSOR, "x", 0, NULL);
	flume_factory_remove(rig.factory, FLUME_PREDICATE, "p", 0, NULL);
	flume_factory_remove(rig.factory, FLUME_PREDICATE, "q", 0, NULL);
	ck_assert_int_eq(rig.made, rig.unmade);
}

START_TEST(declaring_is_all_or_nothing)
{
	until_it_works(declare, look_for_declared);
}
END_TEST

static int bind(void)
{
	flume_binding *binding = NULL, *pinned = NULL;
	int rc = flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL);
	if (!rc)
		rc = flume_factory_bind(rig.factory, "p", "s", FLUME_BIND_PINNED, &pinned,
					NULL);
	flume_binding_unref(binding);
	flume_binding_unref(pinned);
	return rc;
}

static int read_for_a_factory(void)
{
	flume_schema *schema = NULL, *loaded = NULL;
	int rc = flume_factory_parse_schema(rig.factory, &schema, RICH, strlen(RICH),
					    FLUME_YAML, NULL);
	if (!rc)
		rc = flume_factory_load_schema(rig.factory, &loaded,
					       "tests/schemas/invalid/children-count/in.yaml",
					       NULL);
	flume_schema_unref(schema);
	flume_schema_unref(loaded);
	return rc;
}

static void hear_nothing(const struct flume_event *event, void *arg)
{
	(void)event;
	(void)arg;
}

static int listen_once(void)
{
	int ticket = flume_factory_listen(rig.factory, hear_nothing, NULL);
	if (ticket > 0)
		flume_factory_unlisten(rig.factory, ticket);
	return ticket;
}

static int list(void)
{
	char **ids = flume_factory_dup_schema_ids(rig.factory);
	char **names = flume_factory_dup_binding_names(rig.factory);
	char **parts = flume_factory_dup_names(rig.factory, FLUME_CHANNEL);
	int rc = ids && names && parts ? 0 : FLUME_NOMEM;
	free(ids);
	free(names);
	free(parts);
	return rc;
}

START_TEST(binding_listening_and_listing)
{
	rig_must_set("s", "ref: a");
	until_it_works(bind, NULL);
	until_it_works(read_for_a_factory, NULL);
	until_it_works(listen_once, NULL);
	until_it_works(list, NULL);
}
END_TEST

static int describe(void)
{
	char *spec = flume_factory_dup_spec(rig.factory);
	char *grammar = flume_dup_json_schema(rig.factory);
	char *loose = flume_dup_json_schema(NULL);
	int rc = spec && grammar && loose ? 0 : FLUME_NOMEM;
	free(spec);
	free(grammar);
	free(loose);
	return rc;
}

static int draw(void)
{
	char *dot = flume_schema_dup_graph(rich, FLUME_GRAPH_DOT);
	char *mermaid = flume_schema_dup_graph(rich, FLUME_GRAPH_MERMAID);
	int rc = dot && mermaid ? 0 : FLUME_NOMEM;
	free(dot);
	free(mermaid);
	return rc;
}

START_TEST(describing_and_drawing_is_all_or_nothing)
{
	ck_assert_int_gt(until_it_works(describe, NULL), 40);
	rich = rig_schema(RICH);
	ck_assert_int_gt(until_it_works(draw, NULL), 5);
	flume_schema_unref(rich);
}
END_TEST

START_TEST(removing_needs_no_memory)
{
	rig_must_set("s", "ref: b");
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, NULL, NULL), 0);
	ck_assert_int_eq(
		flume_factory_bind(rig.factory, "c", "s", FLUME_BIND_PINNED, NULL, NULL), 0);
	ck_assert_int_eq(
		flume_factory_bind(rig.factory, "d", "s", FLUME_BIND_PINNED, NULL, NULL), 0);
	rig_must_set("s", "ref: a");
	int repinned = flume_factory_repin(rig.factory, "c");
	memory_fails_at(1);
	int moved = flume_factory_repin(rig.factory, "d");
	ck_assert(memory_is_back());
	memory_fails_at(1);
	int unbound = flume_factory_unbind(rig.factory, "c");
	int forced = flume_factory_remove(rig.factory, FLUME_PROCESSOR, "a",
					  FLUME_REMOVE_FORCED, NULL);
	int schema = flume_factory_remove_schema(rig.factory, "s", NULL);
	int part = flume_factory_remove(rig.factory, FLUME_PROCESSOR, "b", 0, NULL);
	ck_assert(!memory_is_back());
	ck_assert_int_eq(repinned, 0);
	ck_assert_int_eq(moved, FLUME_NOMEM);
	ck_assert_int_eq(unbound, 0);
	ck_assert_int_eq(forced, 0);
	ck_assert_int_eq(schema, 0);
	ck_assert_int_eq(part, 0);
}
END_TEST

START_TEST(a_call_needs_no_memory_but_for_clones)
{
	rig_must_set("s",
		     "{type: sequence, children: [{ref: a}, {type: filter, predicate: yes, "
		     "then: {type: switch, condition: word, routes: {k: {ref: fail}}, "
		     "default: {ref: b}}}]}");
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, "b", "s", 0, &binding, NULL), 0);
	void *item = rig_item(1);
	memory_fails_at(1);
	int good = flume_binding_process(binding, NULL, &item, NULL);
	rig.word = "k";
	int bad = flume_binding_process(binding, NULL, &item, &rig.err);
	ck_assert(!memory_is_back());
	ck_assert_int_eq(good, 0);
	ck_assert_int_eq(bad, FLUME_FAILED);
	rig_free_item(item);
	flume_binding_unref(binding);
}
END_TEST

Suite *suite_alloc(void)
{
	Suite *suite = suite_create("alloc");
	TCase *tc = tcase_create("alloc");
	tcase_add_checked_fixture(tc, open_with_makers, rig_close);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, reading);
	tcase_add_test(tc, writing);
	tcase_add_test(tc, checking_and_building);
	tcase_add_test(tc, what_is_wrong_stays_wrong_without_memory);
	tcase_add_test(tc, setting_leaves_what_ran_before);
	tcase_add_test(tc, setting_for_the_first_time_is_all_or_nothing);
	tcase_add_test(tc, a_factory_and_its_components);
	tcase_add_test(tc, declaring_is_all_or_nothing);
	tcase_add_test(tc, binding_listening_and_listing);
	tcase_add_test(tc, describing_and_drawing_is_all_or_nothing);
	tcase_add_test(tc, removing_needs_no_memory);
	tcase_add_test(tc, a_call_needs_no_memory_but_for_clones);
	return suite;
}
