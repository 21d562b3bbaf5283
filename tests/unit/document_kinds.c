/* The component kinds but the processors: declared, built and run by a factory. */
#include "agent/document/kinds.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/suites.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Does the predicate `p`, declared among others, hold for the document? */
static bool holds(const char *predicates, const char *input)
{
	char yaml[4000];
	struct document *document = NULL;
	struct flume_err err = {0};
	snprintf(yaml, sizeof yaml,
		 "components:\n"
		 "  predicates: {%s}\n"
		 "  processors: {drop: {kind: drop}}\n"
		 "type: filter\n"
		 "predicate: p\n"
		 "then: {ref: drop}\n",
		 predicates);
	int rc = process_document(yaml, input, &document, &err);
	ck_assert_msg(rc == 0 || rc == FLUME_DROPPED, "%s", err.text);
	document_free(document);
	return rc == FLUME_DROPPED;
}

START_TEST(equals_compares_by_value)
{
	const char *tier = "p: {kind: equals, field: tier, value: premium}";
	ck_assert(holds(tier, "{\"tier\":\"premium\"}"));
	ck_assert(!holds(tier, "{\"tier\":\"basic\"}"));
	ck_assert(!holds(tier, "{}"));
	ck_assert(!holds(tier, "{\"tier\":[\"premium\"]}"));
	ck_assert(holds("p: {kind: equals, field: n, value: 1}", "{\"n\":1.0}"));
	ck_assert(!holds("p: {kind: equals, field: n, value: '1'}", "{\"n\":1}"));
	ck_assert(holds("p: {kind: equals, field: n, value: null}", "{\"n\":null}"));
	ck_assert(!holds("p: {kind: equals, field: n, value: null}", "{}"));
	ck_assert(holds("p: {kind: equals, field: n, value: false}", "{\"n\":false}"));
	ck_assert(!holds("p: {kind: equals, field: n, value: 9007199254740993}",
			 "{\"n\":9007199254740992}"));
}
END_TEST

START_TEST(exists_takes_null_for_missing)
{
	const char *exists = "p: {kind: exists, field: 'a[0].b'}";
	ck_assert(holds(exists, "{\"a\":[{\"b\":false}]}"));
	ck_assert(!holds(exists, "{\"a\":[{\"b\":null}]}"));
	ck_assert(!holds(exists, "{\"a\":[]}"));
}
END_TEST

START_TEST(greater_and_less_order_numbers_and_texts)
{
	const char *greater = "p: {kind: greater, field: n, value: 10}";
	ck_assert(holds(greater, "{\"n\":10.5}"));
	ck_assert(!holds(greater, "{\"n\":10}"));
	ck_assert(!holds(greater, "{\"n\":\"11\"}"));
	ck_assert(!holds(greater, "{}"));
	const char *less = "p: {kind: less, field: n, value: m}";
	ck_assert(holds(less, "{\"n\":\"a\"}"));
	ck_assert(!holds(less, "{\"n\":\"m\"}"));
	ck_assert(!holds(less, "{\"n\":1}"));
}
END_TEST

START_TEST(what_has_no_order_is_a_finding)
{
	expect_finding("components: {predicates: {p: {kind: less, field: n, value: true}}}\n"
		       "type: filter\npredicate: p\nthen: {ref: x}\n",
		       "components.predicates.p.value: a boolean has no order");
}
END_TEST

START_TEST(all_any_and_not_join_predicates)
{
#define AB "a: {kind: exists, field: a}, b: {kind: exists, field: b}, "
	ck_assert(holds(AB "p: {kind: all, of: [a, b]}", "{\"a\":1,\"b\":1}"));
	ck_assert(!holds(AB "p: {kind: all, of: [a, b]}", "{\"a\":1}"));
	ck_assert(holds(AB "p: {kind: any, of: [a, b]}", "{\"b\":1}"));
	ck_assert(!holds(AB "p: {kind: any, of: [a, b]}", "{}"));
	ck_assert(holds(AB "p: {kind: not, of: a}", "{\"b\":1}"));
	ck_assert(!holds(AB "p: {kind: not, of: a}", "{\"a\":1}"));
	ck_assert(!holds(AB "p: {kind: not, of: [a, b]}", "{\"b\":1}"));
	ck_assert(holds(AB "p: {kind: all, of: [a, n]}, n: {kind: not, of: b}", "{\"a\":1}"));
#undef AB
	expect_finding("components: {predicates: {p: {kind: any, of: [nobody]}}}\n"
		       "type: filter\npredicate: p\nthen: {ref: x}\n",
		       "predicate 'nobody' not found");
}
END_TEST

#define SLOW   300
#define DIGITS 200000

/* Predicates that each take long on many digits, joined by `kind`. */
static flume_pipeline *slow_pipeline(flume_factory *factory, const char *kind)
{
	static char yaml[SLOW * 80 + 400];
	char found[2000];
	flume_pipeline *pipeline = NULL;
	size_t at = (size_t)sprintf(yaml, "components:\n  processors: {drop: {kind: drop}}\n"
					  "  predicates:\n");
	for (int i = 0; i < SLOW; i++)
		at += (size_t)sprintf(
			yaml + at, "    s%d: {kind: matches, field: t, pattern: '\\d+[xy]'}\n",
			i);
	at += (size_t)sprintf(yaml + at, "    p: {kind: %s, of: [s0", kind);
	for (int i = 1; i < SLOW; i++)
		at += (size_t)sprintf(yaml + at, ", s%d", i);
	sprintf(yaml + at, "]}\ntype: filter\npredicate: p\nthen: {ref: drop}\n");
	int rc = build_schema(factory, yaml, &pipeline, found, sizeof found);
	ck_assert_msg(rc == 0, "%s", found);
	return pipeline;
}

static int64_t now_ns(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

static int64_t worked_ns(void)
{
	struct timespec at;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

/* `worked`: the processor's time that the call took, for a busy machine may make it wait. */
static int ask_slowly(const char *kind, const struct flume_call *call, int64_t *worked)
{
	static char text[DIGITS + 16];
	flume_factory *factory = new_document_factory();
	flume_pipeline *pipeline = slow_pipeline(factory, kind);
	size_t at = (size_t)sprintf(text, "{\"t\":\"");
	memset(text + at, '1', DIGITS);
	memcpy(text + at + DIGITS, "\"}", 3);
	void *item = read_document(text);
	*worked = -worked_ns();
	int rc = flume_pipeline_process(pipeline, call, &item, NULL);
	*worked += worked_ns();
	document_free(item);
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
	return rc;
}

START_TEST(a_deadline_ends_predicates_that_take_long)
{
	static const char *const kinds[] = {"any", "not"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct flume_call call = {.deadline_ns = now_ns() + 500000000};
		int64_t worked;
		ck_assert_int_eq(ask_slowly(kinds[i], &call, &worked), FLUME_TIMED_OUT);
		ck_assert_msg(worked < 1500000000, "%s: %lld ns", kinds[i], (long long)worked);
	}
}
END_TEST

static void *cancel_soon(void *arg)
{
	const struct flume_clock *clock = flume_clock_real();
	clock->sleep(clock->arg, now_ns() + 500000000, NULL);
	flume_cancel_request(arg);
	return NULL;
}

START_TEST(a_cancel_ends_predicates_that_take_long)
{
	pthread_t thread;
	flume_cancel *cancel = flume_cancel_new();
	struct flume_call call = {.cancel = cancel};
	int64_t worked;
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, cancel), 0);
	ck_assert_int_eq(ask_slowly("any", &call, &worked), FLUME_CANCELLED);
	ck_assert_msg(worked < 1500000000, "%lld ns", (long long)worked);
	pthread_join(thread, NULL);
	flume_cancel_free(cancel);
}
END_TEST

/* The route that a document takes, told by the field `via` that each sets. */
static const char route_schema[] =
	"components:\n"
	"  conditions: {by: {kind: field, field: t}}\n"
	"  processors:\n"
	"    text: {kind: set, fields: {via: text}}\n"
	"    number: {kind: set, fields: {via: number}}\n"
	"    truth: {kind: set, fields: {via: truth}}\n"
	"    other: {kind: set, fields: {via: other}}\n"
	"type: switch\n"
	"condition: by\n"
	"routes: {eu: {ref: text}, '1.5': {ref: number}, 'true': {ref: truth}}\n"
	"default: {ref: other}\n";

START_TEST(field_picks_a_route_by_the_text_of_a_value)
{
	expect_output(route_schema, "{\"t\":\"eu\"}", "{\"t\":\"eu\",\"via\":\"text\"}");
	expect_output(route_schema, "{\"t\":1.50}", "{\"t\":1.50,\"via\":\"number\"}");
	expect_output(route_schema, "{\"t\":true}", "{\"t\":true,\"via\":\"truth\"}");
	expect_output(route_schema, "{\"t\":\"eu\\u0000\"}",
		      "{\"t\":\"eu\\u0000\",\"via\":\"other\"}");
	expect_output(route_schema, "{\"t\":null}", "{\"t\":null,\"via\":\"other\"}");
	expect_output(route_schema, "{}", "{\"via\":\"other\"}");
}
END_TEST

START_TEST(a_handler_sets_fields_and_recovers)
{
	static const char schema[] =
		"components:\n"
		"  processors: {need: {kind: require, fields: [total]}}\n"
		"  error_handlers: {mark: {kind: set, fields: {state.ok: false}}}\n"
		"type: handle\n"
		"error_handler: mark\n"
		"child: {ref: need}\n";
	expect_output(schema, "{\"total\":1}", "{\"total\":1}");
	expect_output(schema, "{}", "{\"state\":{\"ok\":false}}");
	expect_failure(schema, "{\"state\":1}",
		       "missing: total; then the handler failed: state.ok: parent is a number");
}
END_TEST

START_TEST(bad_paths_are_findings_all_of_them)
{
	char found[2000];
	flume_factory *factory = new_document_factory();
	flume_pipeline *pipeline = NULL;
	static const char schema[] =
		"components:\n"
		"  processors:\n"
		"    r: {kind: remove, fields: ['a..b', ok, 'x[']}\n"
		"    s: {kind: set, fields: {'a]': 1, '[a': 2, b: 1e999}}\n"
		"    m: {kind: rename, fields: {a: '.b', 'c.': d}}\n"
		"  predicates: {e: {kind: equals, field: '[', value: -1e999}}\n"
		"ref: r\n";
	ck_assert_int_eq(build_schema(factory, schema, &pipeline, found, sizeof found),
			 FLUME_REJECTED);
	expect_within(found,
		      "components.processors.r.fields[0]: 'a..b' is not a path: column 3: "
		      "expected a key [bad-path]\n");
	expect_within(found, "components.processors.r.fields[2]: 'x[' is not a path");
	expect_within(found, "components.processors.s.fields.[a: '[a' is not a path");
	expect_within(found,
		      "components.processors.s.fields.b: the number is too large [bad-value]");
	expect_within(found, "components.processors.m.fields.a: '.b' is not a path");
	expect_within(found, "components.processors.m.fields.c.: 'c.' is not a path");
	expect_within(found, "components.predicates.e.field: '[' is not a path");
	expect_within(found, "components.predicates.e.value: the number is too large");
	flume_factory_free(factory);
}
END_TEST

START_TEST(none_of_them_reaches_outside)
{
	for (size_t i = 0; document_kinds[i]; i++)
		ck_assert_msg(!document_kinds[i]->local, "%s", document_kinds[i]->kind);
}
END_TEST

/* Needs the schema workers, for a step that may take long? */
static bool needs_workers(const char *components, const char *child)
{
	char yaml[1000], found[1000];
	flume_pipeline *pipeline = NULL;
	flume_factory *factory = new_document_factory();
	snprintf(yaml, sizeof yaml, "components: {%s}\ntype: timeout\nchild: %s\n", components,
		 child);
	int rc = build_schema(factory, yaml, &pipeline, found, sizeof found);
	ck_assert_msg(rc == 0, "%s", found);
	bool may = flume_pipeline_may_block(pipeline);
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
	return may;
}

START_TEST(what_only_computes_needs_no_worker)
{
	static const char *const processors[] = {
		"{kind: set, fields: {a: 1}}",
		"{kind: remove, fields: [a]}",
		"{kind: keep, fields: [a]}",
		"{kind: require, fields: [a]}",
		"{kind: rename, fields: {a: b}}",
		"{kind: drop}",
		"{kind: default, fields: {a: 1}}",
		"{kind: move, fields: [a], to: b}",
		"{kind: convert, fields: {a: string}}",
		"{kind: math, fields: {a: b + 1}}",
		"{kind: format, fields: {a: '{b}'}}",
		"{kind: fail}",
		"{kind: redact, fields: [a]}",
		"{kind: sample, share: 1%}",
		"{kind: dedupe, by: [a]}",
		"{kind: parse-json, field: a}",
		"{kind: parse-kv, field: a}",
		"{kind: parse-timestamp, field: a}",
	};
	static const char *const predicates[] = {
		"{kind: equals, field: a, value: 1}",
		"{kind: greater, field: a, value: 1}",
		"{kind: less, field: a, value: 1}",
		"{kind: exists, field: a}",
		"{kind: in, field: a, values: [1]}",
		"{kind: between, field: a, from: 1, to: 2}",
		"{kind: cidr, field: a, blocks: [10.0.0.0/8]}",
		"{kind: all, of: e}",
		"{kind: any, of: [e, n]}",
		"{kind: not, of: n}",
	};
	char components[400];
	for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
		snprintf(components, sizeof components, "processors: {x: %s}", processors[i]);
		ck_assert_msg(!needs_workers(components, "{ref: x}"), "%s", processors[i]);
	}
	for (size_t i = 0; i < sizeof predicates / sizeof *predicates; i++) {
		snprintf(components, sizeof components,
			 "processors: {d: {kind: drop}}, predicates: {p: %s, "
			 "e: {kind: exists, field: e}, n: {kind: not, of: e}}",
			 predicates[i]);
		ck_assert_msg(!needs_workers(components,
					     "{type: filter, predicate: p, then: {ref: d}}"),
			      "%s", predicates[i]);
	}
	ck_assert(!needs_workers("processors: {d: {kind: drop}}, conditions: {c: {kind: field, "
				 "field: a}}, error_handlers: {h: {kind: set, fields: {a: 1}}}",
				 "{type: switch, condition: c, routes: {a: {type: handle, "
				 "error_handler: h, child: {ref: d}}}}"));
}
END_TEST

START_TEST(an_expression_may_take_long)
{
	ck_assert(
		needs_workers("processors: {d: {kind: drop}}, predicates: {p: {kind: matches, "
			      "field: a, pattern: x}}",
			      "{type: filter, predicate: p, then: {ref: d}}"));
	ck_assert(
		needs_workers("processors: {d: {kind: drop}}, predicates: {m: {kind: matches, "
			      "field: a, pattern: x}, p: {kind: not, of: m}}",
			      "{type: filter, predicate: p, then: {ref: d}}"));
	ck_assert(needs_workers("processors: {x: {kind: parse-regex, field: a, pattern: "
				"'(?<n>x)'}}",
				"{ref: x}"));
}
END_TEST

START_TEST(every_kind_explains_itself)
{
	for (size_t i = 0; document_kinds[i]; i++) {
		ck_assert_ptr_nonnull(document_kinds[i]->about);
		const struct flume_field *field = document_kinds[i]->fields;
		for (; field && field->name; field++)
			ck_assert_ptr_nonnull(field->about);
	}
}
END_TEST

Suite *suite_document_kinds(void)
{
	Suite *suite = suite_create("document_kinds");
	TCase *cases = tcase_create("kinds");
	tcase_add_test(cases, equals_compares_by_value);
	tcase_add_test(cases, exists_takes_null_for_missing);
	tcase_add_test(cases, greater_and_less_order_numbers_and_texts);
	tcase_add_test(cases, what_has_no_order_is_a_finding);
	tcase_add_test(cases, all_any_and_not_join_predicates);
	tcase_add_test(cases, a_deadline_ends_predicates_that_take_long);
	tcase_add_test(cases, a_cancel_ends_predicates_that_take_long);
	tcase_add_test(cases, field_picks_a_route_by_the_text_of_a_value);
	tcase_add_test(cases, a_handler_sets_fields_and_recovers);
	tcase_add_test(cases, bad_paths_are_findings_all_of_them);
	tcase_add_test(cases, none_of_them_reaches_outside);
	tcase_add_test(cases, what_only_computes_needs_no_worker);
	tcase_add_test(cases, an_expression_may_take_long);
	tcase_add_test(cases, every_kind_explains_itself);
	suite_add_tcase(suite, cases);
	return suite;
}
