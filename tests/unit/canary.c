/* The cases of a schema, run on a pipeline that serves nobody. */
#include "agent/engine/canary.h"

#include "tests/unit/engine_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static const char parts[] = "version: \"1.0.0\"\n"
			    "components:\n"
			    "  processors:\n"
			    "    validate: {kind: require, fields: [total]}\n"
			    "    discount: {kind: set, fields: {total: 90}}\n"
			    "    forget: {kind: drop}\n"
			    "  predicates:\n"
			    "    is-test: {kind: equals, field: tier, value: test}\n"
			    "type: sequence\n"
			    "children:\n"
			    "  - ref: validate\n"
			    "  - ref: discount\n"
			    "  - {type: filter, predicate: is-test, then: {ref: forget}}\n";

struct built {
	flume_schema *schema;
	flume_pipeline *pipeline;
};

static struct built build(const char *text)
{
	struct built b;
	flume_report *report = flume_report_new();
	int rc = flume_schema_parse(&b.schema, text, strlen(text), FLUME_YAML, NULL, report);
	if (!rc)
		rc = flume_schema_build(b.schema, site.factory, &b.pipeline, report);
	const struct flume_issue *first = flume_report_get_issue(report, 0);
	ck_assert_msg(!rc, "%s", first ? first->text : "");
	flume_report_free(report);
	return b;
}

static void drop(struct built b)
{
	flume_pipeline_unref(b.pipeline);
	flume_schema_unref(b.schema);
}

/* What becomes of one case, in words: "" when it passes. */
static const char *tried(const char *text)
{
	static struct flume_err err;
	const struct canary_run run = {.case_limit_ns = INT64_C(5000000000)};
	struct built b = build(text);
	err = (struct flume_err){0};
	int rc = canary_try_all(b.schema, b.pipeline, &run, &err);
	ck_assert(rc == 0 || rc == FLUME_FAILED);
	drop(b);
	return err.text;
}

static const char *tried_case(const char *one)
{
	char text[2048];
	snprintf(text, sizeof text, "%scanary: {cases: [%s]}\n", parts, one);
	return tried(text);
}

START_TEST(each_kind_of_expectation_is_judged)
{
	static const struct {
		const char *one, *verdict;
	} cases[] = {
		{"{input: {total: 100}, expect: {total: 90}}", ""},
		{"{input: {total: 100, id: 7}, expect: {total: 90.0}}", ""},
		{"{input: {total: 100}}", ""},
		{"{name: ten off, input: {total: 100}, expect: {total: 100}}",
		 "case 'ten off': total: expected 100, got 90"},
		{"{input: {total: 100}, expect: {status: x}}", "case 1: status: "},
		{"{input: {id: 2}, expect_error: total}", ""},
		{"{input: {id: 2}, expect_error: another}",
		 "case 1: expected an error with 'another', got the error: "},
		{"{input: {total: 1}, expect_error: total}",
		 "case 1: expected an error with 'total', got none"},
		{"{input: {total: 1, tier: test}, expect_error: total}",
		 "case 1: expected an error with 'total', got a dropped document"},
		{"{input: {total: 1, tier: test}, expect_dropped: true}", ""},
		{"{input: {total: 1}, expect_dropped: true}",
		 "case 1: expected it to be dropped, got a document"},
		{"{input: {total: 1, tier: test}, expect: {total: 90}}",
		 "case 1: expected a document, it was dropped"},
		{"{input: {total: 1}, expect_dropped: false}", ""},
		{"{input: {id: 2}, expect: {total: 90}}",
		 "case 1: expected a document, got the error: "},
		{"{input: {id: 2}, expect_dropped: true}",
		 "case 1: expected it to be dropped, got the error: "},
		{"{input: {total: 1}}, {input: {id: 1}}",
		 "case 2: expected a document, got the error: "},
		{"{input: {total: 100}, expect_exact: {total: 90.0}}", ""},
		{"{input: {total: 100, id: 7}, expect_exact: {total: 90}}",
		 "case 1: id: expected nothing, got 7"},
		{"{input: {total: 100}, expect_exact: {total: 91, id: 7}}",
		 "case 1: total: expected 91, got 90; id: expected 7, got nothing"},
		{"{input: {id: 2}, expect_exact: {id: 2}}",
		 "case 1: expected a document, got the error: "},
		{"{input: {total: 1, tier: test}, expect_exact: {total: 90}}",
		 "case 1: expected a document, it was dropped"},
		{"{input: {total: 1}, expect_exact: 1e999}", "case 1: expect_exact: "},
		{"{input: 1e999}", "case 1: input: "},
		{"{input: {total: 1}, expect: {total: 1e999}}", "case 1: expect: "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *verdict = tried_case(cases[i].one);
		size_t n = strlen(cases[i].verdict);
		ck_assert_msg(n ? !strncmp(verdict, cases[i].verdict, n) : !*verdict, "%s: %s",
			      cases[i].one, verdict);
	}
}
END_TEST

START_TEST(an_error_is_told_with_its_place)
{
	ck_assert_ptr_nonnull(strstr(tried_case("{input: {id: 2}}"), "validate"));
	ck_assert_ptr_nonnull(strstr(tried_case("{input: {id: 2}}"), "total"));
}
END_TEST

START_TEST(a_schema_without_cases_passes)
{
	ck_assert_str_eq(tried(parts), "");
	struct built b = build(parts);
	ck_assert_uint_eq(canary_size(b.schema), 0);
	drop(b);
}
END_TEST

START_TEST(a_case_that_takes_too_long_fails)
{
	const char *verdict = tried("version: \"1.0.0\"\n"
				    "ref: nap\n"
				    "canary: {max_latency: 20ms, cases: [{input: {}, "
				    "expect_error: slept}]}\n");
	ck_assert_ptr_nonnull(strstr(verdict, "case 1: took "));
	ck_assert_ptr_nonnull(strstr(verdict, ", at most 20 ms allowed"));
}
END_TEST

START_TEST(a_case_may_have_a_limit_of_its_own)
{
	const char *verdict = tried("version: \"1.0.0\"\n"
				    "ref: nap\n"
				    "canary: {max_latency: 5s, cases: [{input: {}, "
				    "expect_error: slept, max_latency: 20ms}]}\n");
	ck_assert_ptr_nonnull(strstr(verdict, "case 1: took "));
	ck_assert_ptr_nonnull(strstr(verdict, ", at most 20 ms allowed"));
}
END_TEST

/* ---- compared with what runs ---- */

/* A document gets total `total`; one without an id fails, one of tier test is dropped. */
static const char *pricing(int total, const char *more, const char *canary)
{
	static char texts[4][1024];
	static unsigned next;
	char *text = texts[next++ % 4];
	snprintf(text, sizeof *texts,
		 "version: \"1.%d.0\"\n"
		 "components:\n"
		 "  processors:\n"
		 "    validate: {kind: require, fields: [id]}\n"
		 "    price: {kind: set, fields: {total: %d%s}}\n"
		 "    forget: {kind: drop}\n"
		 "  predicates:\n"
		 "    is-test: {kind: equals, field: tier, value: test}\n"
		 "type: sequence\n"
		 "children:\n"
		 "  - ref: validate\n"
		 "  - ref: price\n"
		 "  - {type: filter, predicate: is-test, then: {ref: forget}}\n"
		 "canary: {%s}\n",
		 total, total, more, canary);
	return text;
}

static const char *compared(const char *text, const char *running)
{
	static struct flume_err err;
	struct built new = build(text), old = build(running);
	const struct canary_run run = {.case_limit_ns = INT64_C(5000000000),
				       .running = old.pipeline};
	err = (struct flume_err){0};
	int rc = canary_try_all(new.schema, new.pipeline, &run, &err);
	ck_assert(rc == 0 || rc == FLUME_FAILED);
	drop(new);
	drop(old);
	return err.text;
}

#define THREE \
	"cases: [{input: {id: 1}}, {input: {}, expect_error: id}, \
	{input: {id: 2, tier: test}, expect_dropped: true}]"

START_TEST(outputs_must_be_those_of_what_runs)
{
	ck_assert_str_eq(
		compared(pricing(1, "", "compare: running, " THREE), pricing(1, "", "")), "");
	ck_assert_str_eq(compared(pricing(2, "", THREE), pricing(1, "", "")), "");
	ck_assert_str_eq(
		compared(pricing(2, "", "compare: running, " THREE), pricing(1, "", "")),
		"case 1: not as version 1.1.0, which runs: total: expected 1, got 2");
	ck_assert_str_eq(
		compared(pricing(1, ", at: 3", "compare: running, " THREE), pricing(1, "", "")),
		"case 1: not as version 1.1.0, which runs: at: expected nothing, got 3");
	ck_assert_str_eq(
		compared(pricing(1, "", "compare: {with: running}, " THREE),
			 pricing(1, ", at: 3", "")),
		"case 1: not as version 1.1.0, which runs: at: expected 3, got nothing");
}
END_TEST

START_TEST(listed_paths_may_differ_from_what_runs)
{
	ck_assert_str_eq(
		compared(pricing(2, ", at: 3",
				 "compare: {with: running, except: [total, at]}, " THREE),
			 pricing(1, "", "")),
		"");
	ck_assert_ptr_nonnull(strstr(
		compared(pricing(2, "", "compare: {with: running, except: ['a[']}, " THREE),
			 pricing(1, "", "")),
		"case 1: except: 'a[' is no path"));
}
END_TEST

START_TEST(what_becomes_of_a_document_must_be_the_same_too)
{
	const char *old = "version: \"0.9\"\n"
			  "components: {processors: {validate: {kind: require, fields: "
			  "[total]}}}\nref: validate\n";
	const char *drops = "version: \"0.8\"\n"
			    "components: {processors: {forget: {kind: drop}}}\nref: forget\n";
	const char *verdict =
		compared(pricing(1, "", "compare: running, cases: [{input: {id: 1}}]"), old);
	ck_assert_str_eq(
		verdict,
		"case 1: not as version 0.9, which runs: expected an error, got a document");
	verdict =
		compared(pricing(1, "", "compare: running, cases: [{input: {id: 1}}]"), drops);
	ck_assert_str_eq(verdict, "case 1: not as version 0.8, which runs: expected a dropped "
				  "document, got a document");
	verdict = compared(
		pricing(1, "", "compare: running, cases: [{input: {}, expect_error: id}]"),
		drops);
	ck_assert_ptr_nonnull(strstr(verdict, "expected a dropped document, got the error: "));
}
END_TEST

START_TEST(a_comparison_short_of_memory_has_no_verdict)
{
	struct built new =
		build(pricing(2, "", "compare: {with: running, except: [total]}, " THREE)),
		     old = build(pricing(1, "", ""));
	const struct canary_run run = {.case_limit_ns = INT64_C(5000000000),
				       .running = old.pipeline};
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		int rc = canary_try_all(new.schema, new.pipeline, &run, NULL);
		failed = memory_is_back();
		ck_assert(rc == 0 || (failed && rc == FLUME_NOMEM));
	}
	drop(new);
	drop(old);
}
END_TEST

START_TEST(a_comparison_is_no_traffic_for_what_runs)
{
	struct built new = build(pricing(1, "", "compare: running, " THREE)),
		     old = build(pricing(1, "", ""));
	const struct canary_run run = {.case_limit_ns = INT64_C(5000000000),
				       .running = old.pipeline};
	struct flume_pipeline_info info;
	ck_assert_int_eq(canary_try_all(new.schema, new.pipeline, &run, NULL), 0);
	flume_pipeline_read(old.pipeline, &info);
	ck_assert_uint_eq(info.calls + info.failures, 0);
	drop(new);
	drop(old);
}
END_TEST

static void cancel_it(void *arg, const char *what, int64_t limit_ns)
{
	ck_assert_str_eq(what, "case 1");
	ck_assert_int_eq(limit_ns, INT64_C(5000000000));
	flume_cancel_request(arg);
}

START_TEST(a_cancelled_run_has_no_verdict)
{
	flume_cancel *cancel = flume_cancel_new();
	const struct canary_run run = {INT64_C(5000000000), cancel, cancel_it, cancel, NULL};
	struct built b = build("version: \"1.0.0\"\nref: nap\n"
			       "canary: {cases: [{input: {}}, {input: {}}]}\n");
	ck_assert_int_eq(canary_try_all(b.schema, b.pipeline, &run, NULL), FLUME_CANCELLED);
	flume_cancel_free(cancel);
	drop(b);
}
END_TEST

START_TEST(a_result_says_what_it_is_about)
{
	const struct canary_run run = {.case_limit_ns = INT64_C(5000000000)};
	struct built b = build("version: \"1.0.0\"\nref: flip\n"
			       "canary: {cases: [{name: one, input: {}}, {input: {}}]}\n");
	struct canary_result result;
	ck_assert_uint_eq(canary_size(b.schema), 2);
	ck_assert_int_eq(canary_try(b.schema, 0, b.pipeline, &run, &result), 0);
	ck_assert_str_eq(result.what, "case 'one'");
	ck_assert_int_ge(result.took_ns, 0);
	atomic_store(&site.failing, true);
	ck_assert_int_eq(canary_try(b.schema, 1, b.pipeline, &run, &result), FLUME_FAILED);
	ck_assert_str_eq(result.what, "case 2");
	ck_assert_ptr_nonnull(strstr(result.why, "flipped"));
	drop(b);
}
END_TEST

START_TEST(the_probation_is_read_and_what_is_not_said_is_the_node_s)
{
	static const struct probation_limits node = {7, 8, 9};
	static const struct {
		const char *canary;
		struct probation_limits limits;
	} cases[] = {
		{"", {7, 8, 9}},
		{"canary: {max_latency: 1s}\n", {7, 8, 9}},
		{"canary: {probation: {duration: 60s}}\n", {INT64_C(60000000000), 8, 9}},
		{"canary: {probation: {min_requests: 50, max_error_rate: 1%}}\n",
		 {7, 50, 10000000}},
		{"canary: {probation: {max_error_rate: 0.5%}}\n", {7, 8, 5000000}},
		{"canary: {probation: {max_error_rate: 100%}}\n", {7, 8, RATE_WHOLE}},
		{"canary: {probation: {max_error_rate: 0%}}\n", {7, 8, 0}},
		{"canary: {probation: {max_error_rate: 33.3333333%}}\n", {7, 8, 333333333}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[2048];
		snprintf(text, sizeof text, "%s%s", parts, cases[i].canary);
		struct built b = build(text);
		struct probation_limits limits = canary_probation(b.schema, &node);
		ck_assert_msg(limits.duration_ns == cases[i].limits.duration_ns &&
				      limits.min_requests == cases[i].limits.min_requests &&
				      limits.max_rate == cases[i].limits.max_rate,
			      "%s: %lld", cases[i].canary, (long long)limits.max_rate);
		drop(b);
	}
}
END_TEST

static void note_limit(void *arg, const char *what, int64_t limit_ns)
{
	(void)what;
	*(int64_t *)arg = limit_ns;
}

START_TEST(no_document_makes_a_case_run_for_longer_than_ten_seconds)
{
	static const struct {
		const char *said;
		int64_t limit;
	} limits[] = {{"1000h", 10000000000}, {"10s", 10000000000}, {"9s", 9000000000}};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		char text[2048];
		int64_t limit = 0;
		const struct canary_run run = {.begun = note_limit, .arg = &limit};
		snprintf(text, sizeof text, "%scanary: {max_latency: %s, cases: [%s]}\n", parts,
			 limits[i].said, "{input: {total: 100}}");
		struct built b = build(text);
		ck_assert_int_eq(canary_try_all(b.schema, b.pipeline, &run, NULL), 0);
		ck_assert_int_eq(limit, limits[i].limit);
		drop(b);
	}
}
END_TEST

Suite *suite_canary(void)
{
	Suite *suite = suite_create("canary");
	TCase *tcase = site_case(suite, "cases");
	tcase_add_test(tcase, each_kind_of_expectation_is_judged);
	tcase_add_test(tcase, an_error_is_told_with_its_place);
	tcase_add_test(tcase, a_schema_without_cases_passes);
	tcase_add_test(tcase, a_case_that_takes_too_long_fails);
	tcase_add_test(tcase, a_case_may_have_a_limit_of_its_own);
	tcase_add_test(tcase, outputs_must_be_those_of_what_runs);
	tcase_add_test(tcase, listed_paths_may_differ_from_what_runs);
	tcase_add_test(tcase, what_becomes_of_a_document_must_be_the_same_too);
	tcase_add_test(tcase, a_comparison_short_of_memory_has_no_verdict);
	tcase_add_test(tcase, a_comparison_is_no_traffic_for_what_runs);
	tcase_add_test(tcase, a_cancelled_run_has_no_verdict);
	tcase_add_test(tcase, a_result_says_what_it_is_about);
	tcase_add_test(tcase, the_probation_is_read_and_what_is_not_said_is_the_node_s);
	tcase_add_test(tcase, no_document_makes_a_case_run_for_longer_than_ten_seconds);
	return suite;
}
