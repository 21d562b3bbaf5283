/*
 * A limit of time is the one expectation that the machine can break by itself: it is busy, or
 * was asleep.  A candidate that fails is remembered as bad, so a case that came too late has a
 * second go.
 */
#include "agent/engine/canary.h"

#include "agent/document/document.h"
#include "agent/loop/loop.h"
#include "lib/base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the schema says ---- */

static const flume_value *cases_of(const flume_schema *schema)
{
	return flume_value_get(flume_schema_get_canary(schema), "cases");
}

size_t canary_size(const flume_schema *schema)
{
	const flume_value *cases = cases_of(schema);
	return cases ? flume_value_size(cases) : 0;
}

static int64_t limit_of(const flume_schema *schema, const struct canary_run *run)
{
	const flume_value *said =
		flume_value_get(flume_schema_get_canary(schema), "max_latency");
	int64_t ns;
	if (said && flume_duration_parse(flume_value_text(said), &ns) == 0)
		return ns < CANARY_CASE_MOST ? ns : CANARY_CASE_MOST;
	return run->case_limit_ns;
}

struct probation_limits canary_probation(const flume_schema *schema,
					 const struct probation_limits *defaults)
{
	const flume_value *canary = flume_schema_get_canary(schema);
	const flume_value *probation = flume_value_get(canary, "probation");
	const flume_value *duration = flume_value_get(probation, "duration");
	const flume_value *requests = flume_value_get(probation, "min_requests");
	const flume_value *rate = flume_value_get(probation, "max_error_rate");
	struct probation_limits limits = *defaults;
	if (duration)
		(void)flume_duration_parse(flume_value_text(duration), &limits.duration_ns);
	if (requests)
		limits.min_requests = strtoll(flume_value_text(requests), NULL, 10);
	if (rate)
		limits.max_rate = llround(strtod(flume_value_text(rate), NULL) *
					  (double)(PROBATION_WHOLE / 100));
	return limits;
}

/* ---- words ---- */

static void name_case(const flume_value *one, size_t i, char *out, size_t size)
{
	const flume_value *name = flume_value_get(one, "name");
	const char *text = name ? flume_value_text(name) : "";
	if (*text)
		snprintf(out, size, "case '%.*s'", (int)utf8_floor(text, strnlen(text, 140)),
			 text);
	else
		snprintf(out, size, "case %zu", i + 1);
}

void canary_explain_late(char *out, size_t size, int64_t took_ns, int64_t limit_ns)
{
	snprintf(out, size, "took %.4g ms, at most %.4g ms allowed", (double)took_ns / 1e6,
		 (double)limit_ns / 1e6);
}

#define ERROR_SIZE sizeof(struct flume_err)

/* "validate: total: missing" */
static void describe_error(const struct flume_err *err, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", err->path, *err->path ? ": " : "", err->text);
}

/* ---- one case ---- */

static int judge_error(const flume_value *one, int rc, const struct flume_err *err,
		       struct canary_result *out)
{
	const char *wanted = flume_value_text(flume_value_get(one, "expect_error"));
	char got[ERROR_SIZE];
	describe_error(err, got, sizeof got);
	if (rc < 0 && strstr(got, wanted))
		return 0;
	if (rc < 0)
		snprintf(out->why, sizeof out->why,
			 "expected an error with '%.100s', got the error: %.170s", wanted, got);
	else
		snprintf(out->why, sizeof out->why, "expected an error with '%.200s', got %s",
			 wanted, rc == FLUME_DROPPED ? "a dropped document" : "none");
	return FLUME_FAILED;
}

/* What stands under `key`, as a document. */
static int read_document(const flume_value *one, const char *key, struct document **out,
			 struct canary_result *result)
{
	flume_report *report = flume_report_new();
	int rc = document_from_value(out, flume_value_get(one, key), key, report);
	const struct flume_issue *first = rc ? flume_report_get_issue(report, 0) : NULL;
	if (rc && rc != FLUME_NOMEM) {
		snprintf(result->why, sizeof result->why, "%s: %.200s", key,
			 first ? first->text : "not a document");
		rc = FLUME_FAILED;
	}
	flume_report_free(report);
	return rc;
}

static int judge_document(const flume_value *one, const struct document *got,
			  struct canary_result *out)
{
	struct document *expected;
	if (!flume_value_get(one, "expect"))
		return 0;
	int rc = read_document(one, "expect", &expected, out);
	if (rc)
		return rc;
	bool matches = document_matches(got, expected, out->why, sizeof out->why);
	document_free(expected);
	return matches ? 0 : FLUME_FAILED;
}

static int judge(const flume_value *one, int rc, const struct flume_err *err,
		 const struct document *got, struct canary_result *out)
{
	const flume_value *dropped = flume_value_get(one, "expect_dropped");
	bool wants_drop = dropped && !strcmp(flume_value_text(dropped), "true");
	if (flume_value_get(one, "expect_error"))
		return judge_error(one, rc, err, out);
	if (rc < 0) {
		char text[ERROR_SIZE];
		describe_error(err, text, sizeof text);
		snprintf(out->why, sizeof out->why, "expected %s, got the error: %.260s",
			 wants_drop ? "it to be dropped" : "a document", text);
		return FLUME_FAILED;
	}
	if (wants_drop == (rc == FLUME_DROPPED))
		return wants_drop ? 0 : judge_document(one, got, out);
	snprintf(out->why, sizeof out->why,
		 wants_drop ? "expected it to be dropped, got a document"
			    : "expected a document, it was dropped");
	return FLUME_FAILED;
}

static bool is_late(const struct canary_result *out, int64_t limit)
{
	return out->took_ns >= limit;
}

static int process(const flume_value *one, const struct document *input,
		   flume_pipeline *pipeline, const struct canary_run *run, int64_t limit,
		   struct canary_result *out)
{
	struct flume_err err = {0};
	void *item = document_clone(input);
	if (!item)
		return FLUME_NOMEM;
	if (run->begun)
		run->begun(run->arg, out->what, limit);
	int64_t begun = loop_now();
	const struct flume_call call = {
		.deadline_ns = limit > INT64_MAX - begun ? 0 : begun + limit,
		.cancel = run->cancel,
		.flags = FLUME_CALL_CANARY,
	};
	int rc = flume_pipeline_process(pipeline, &call, &item, &err);
	out->took_ns = loop_now() - begun;
	if (flume_cancel_requested(run->cancel)) {
		rc = FLUME_CANCELLED;
	} else if (is_late(out, limit)) {
		canary_explain_late(out->why, sizeof out->why, out->took_ns, limit);
		rc = FLUME_FAILED;
	} else if (rc != FLUME_NOMEM) {
		rc = judge(one, rc, &err, item, out);
	}
	document_free(item);
	return rc;
}

int canary_try(const flume_schema *schema, size_t i, flume_pipeline *pipeline,
	       const struct canary_run *run, struct canary_result *out)
{
	const flume_value *one = flume_value_at(cases_of(schema), i);
	int64_t limit = limit_of(schema, run);
	struct document *input;
	*out = (struct canary_result){0};
	name_case(one, i, out->what, sizeof out->what);
	int rc = read_document(one, "input", &input, out);
	if (!rc) {
		rc = process(one, input, pipeline, run, limit, out);
		if (rc == FLUME_FAILED && is_late(out, limit))
			rc = process(one, input, pipeline, run, limit, out);
		document_free(input);
	}
	if (rc == FLUME_NOMEM)
		snprintf(out->why, sizeof out->why, "out of memory");
	return rc;
}

int canary_try_all(const flume_schema *schema, flume_pipeline *pipeline,
		   const struct canary_run *run, struct flume_err *err)
{
	struct canary_result result;
	int rc = 0;
	size_t n = canary_size(schema);
	for (size_t i = 0; !rc && i < n; i++)
		rc = canary_try(schema, i, pipeline, run, &result);
	if (rc)
		flume_fail(err, rc, "%s: %s", result.what, result.why);
	return rc;
}
