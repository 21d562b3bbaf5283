/*
 * Each allocation of the kinds of components fails in turn, when they are made and when they run:
 * nothing leaks (the sanitizers look), and what fails says so.
 */
#include "agent/document/places.h"
#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
	"components:\n"
	"  processors:\n"
	"    set: {kind: set, fields: {a.b: [1]}, copy: {all: items, old: a}}\n"
	"    default: {kind: default, fields: {c: {d: 1}}}\n"
	"    move: {kind: move, fields: [c.d], to: e}\n"
	"    convert: {kind: convert, fields: {n: integer, t: timestamp}, on_failure: "
	"nullify}\n"
	"    math: {kind: math, fields: {sum: 'max(`n`, 2) * 1.5', m: n - 1}}\n"
	"    format: {kind: format, fields: {line: '{items} and {n}'}, default: none}\n"
	"    redact: {kind: redact, fields: [card, items], keep_last: 4}\n"
	"    sample: {kind: sample, share: 100%, by: n}\n"
	"    dedupe: {kind: dedupe, by: [n, all], keys: 10}\n"
	"    json: {kind: parse-json, field: json, to: parsed}\n"
	"    kv: {kind: parse-kv, field: kv}\n"
	"    regex: {kind: parse-regex, field: line, pattern: '(?<left>.*) and (?<right>.*)', "
	"to: r}\n"
	"    time: {kind: parse-timestamp, field: at, format: seconds, to: time}\n"
	"    fail: {kind: fail, text: 'no {items}'}\n"
	"  predicates:\n"
	"    in: {kind: in, field: n, values: [1, 7, x]}\n"
	"    between: {kind: between, field: n, from: 1, to: 9}\n"
	"    cidr: {kind: cidr, field: ip, blocks: [10.0.0.0/8]}\n"
	"    all: {kind: all, of: [in, between, cidr]}\n"
	"  conditions: {bucket: {kind: bucket, field: n, below: {few: 10}, above: many}}\n"
	"  reducers:\n"
	"    merge: {kind: merge}\n"
	"    collect: {kind: collect, to: c, as: object, only: n, on_failure: skip}\n"
	"    first: {kind: first}\n"
	"  error_handlers: {mark: {kind: set, fields: {ok: false}, copy: {o: n}, error: why}, "
	"gone: {kind: drop}}\n"
	"type: sequence\n"
	"children:\n"
	"  - {type: sequence, children: [{ref: set}, {ref: default}, {ref: move}, {ref: "
	"convert}, "
	"{ref: math}, {ref: format}, {ref: sample}, {ref: dedupe}, {ref: json}, {ref: kv}, "
	"{ref: regex}, {ref: time}, {ref: redact}]}\n"
	"  - {type: filter, predicate: all, then: {type: switch, condition: bucket, routes: "
	"{few: "
	"{type: handle, error_handler: mark, child: {ref: fail}}}}}\n"
	"  - {type: concurrent, reducer: merge, children: [{ref: set}, {ref: default}]}\n"
	"  - {type: concurrent, reducer: collect, children: [{ref: set}, {ref: fail}]}\n"
	"  - {type: concurrent, reducer: first, children: [{ref: set}, {ref: fail}]}\n";

static const char input[] =
	"{\"items\":[{\"sku\":\"x\"}],\"n\":\"7\",\"t\":0,\"card\":\"1234567890\",\"ip\":\"10."
	"0.0.1\",\"at\":\"5\","
	"\"json\":\"{\\\"a\\\":[1,2]}\",\"kv\":\"a=b c=\\\"d \\\\\\\" e\\\" f\"}";

/* A handler that fails for want of memory leaves the code of what it was to handle. */
static void expect_memory(int rc, bool failed, const char *text)
{
	bool why = rc == FLUME_NOMEM || (rc == FLUME_FAILED && strstr(text, "out of memory"));
	ck_assert_msg(rc >= 0 || (failed && why), "%s: %s", flume_code_text(rc), text);
}

START_TEST(making_each_kind_is_all_or_nothing)
{
	flume_factory *factory = new_document_factory();
	bool failed = true;
	long nth = 0;
	while (failed) {
		flume_schema *read = NULL;
		flume_pipeline *pipeline = NULL;
		ck_assert_int_eq(flume_schema_parse(&read, schema, strlen(schema), FLUME_YAML,
						    NULL, NULL),
				 0);
		memory_fails_at(++nth);
		int rc = flume_schema_build(read, factory, &pipeline, NULL);
		failed = memory_is_back();
		expect_memory(rc, failed, "build");
		flume_pipeline_unref(pipeline);
		flume_schema_unref(read);
	}
	ck_assert_int_gt(nth, 100);
	flume_factory_free(factory);
}
END_TEST

START_TEST(running_each_kind_fails_for_want_of_memory_alone)
{
	flume_factory *factory = new_document_factory();
	bool failed = true;
	long nth = 0;
	while (failed) {
		char found[1000];
		struct flume_err err = {0};
		flume_pipeline *pipeline = NULL;
		int rc = build_schema(factory, schema, &pipeline, found, sizeof found);
		ck_assert_msg(rc == 0, "%s", found);
		void *item = read_document(input);
		memory_fails_at(++nth);
		rc = flume_pipeline_process(pipeline, NULL, &item, &err);
		failed = memory_is_back();
		expect_memory(rc, failed, err.text);
		if (!failed)
			ck_assert_int_eq(rc, 0);
		document_free(item);
		flume_pipeline_unref(pipeline);
	}
	ck_assert_int_gt(nth, 30);
	flume_factory_free(factory);
}
END_TEST

START_TEST(paths_of_a_canary_are_checked_or_memory_is_missing)
{
	flume_value *canary =
		read_constant("{compare: {except: [a.b, '..']}, live: {by: 'c['}}");
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		flume_report *report = flume_report_new();
		memory_fails_at(nth);
		int rc = places_check(canary, report);
		failed = memory_is_back();
		ck_assert(rc == FLUME_REJECTED || (failed && rc == FLUME_NOMEM));
		if (!failed)
			ck_assert_uint_eq(flume_report_size(report), 2);
		flume_report_free(report);
	}
	flume_value_free(canary);
}
END_TEST

Suite *suite_document_alloc(void)
{
	Suite *suite = suite_create("document_alloc");
	TCase *cases = tcase_create("alloc");
	tcase_set_timeout(cases, 120);
	tcase_add_test(cases, making_each_kind_is_all_or_nothing);
	tcase_add_test(cases, running_each_kind_fails_for_want_of_memory_alone);
	tcase_add_test(cases, paths_of_a_canary_are_checked_or_memory_is_missing);
	suite_add_tcase(suite, cases);
	return suite;
}
