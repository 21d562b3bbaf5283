/*
 * A limit of time is the one expectation that the machine can break by itself: it is busy, or
 * was asleep.  A candidate that fails is remembered as bad, so a case that came too late has a
 * second go.
 */
#include "agent/engine/canary.h"

#include "agent/document/caller.h"
#include "agent/engine/ending.h"
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

/* NULL: none is wanted. */
static const flume_value *comparison_of(const flume_schema *schema)
{
	return flume_value_get(flume_schema_get_canary(schema), "compare");
}

bool canary_compares(const flume_schema *schema)
{
	return comparison_of(schema);
}

static int64_t limit_of(const flume_schema *schema, const flume_value *one,
			const struct canary_run *run)
{
	const flume_value *said = flume_value_get(one, "max_latency");
	if (!said)
		said = flume_value_get(flume_schema_get_canary(schema), "max_latency");
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
					  (double)(RATE_WHOLE / 100));
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

/* ---- one case ---- */

static bool is_late(const struct canary_result *out, int64_t limit)
{
	return out->took_ns >= limit;
}

struct trying {
	const flume_schema *schema;
	const flume_value *one;
	const struct document *input;
	const struct canary_run *run;
	int64_t limit;
	struct canary_result *out;
	struct flume_call call; /* one of all pipelines, which so hear of the same switches */
};

/* Only for want of memory there is no ending. */
static int process(const struct trying *t, flume_pipeline *pipeline, struct ending *out)
{
	const struct canary_run *run = t->run;
	void *item = document_clone(t->input);
	*out = (struct ending){0};
	if (!item)
		return FLUME_NOMEM;
	if (run->begun)
		run->begun(run->arg, t->out->what, t->limit);
	int64_t begun = loop_now();
	struct flume_call call = t->call;
	call.deadline_ns = t->limit > INT64_MAX - begun ? 0 : begun + t->limit;
	out->code = flume_pipeline_process(pipeline, &call, &item, &out->err);
	out->took_ns = loop_now() - begun;
	out->document = item;
	return 0;
}

/* What came of it on the candidate, against what it came to on the pipeline that runs. */
static int compare(const struct trying *t, const struct ending *got)
{
	char *why = t->out->why, differs[240] = "";
	const size_t size = sizeof t->out->why;
	struct flume_pipeline_info info;
	struct document_rules rules;
	struct ending expected;
	int rc = rules_read(&rules, flume_value_get(comparison_of(t->schema), "except"), why,
			    size);
	if (rc)
		return rc;
	rc = process(t, t->run->running, &expected);
	if (!rc && flume_cancel_requested(t->run->cancel))
		rc = FLUME_CANCELLED;
	if (!rc && expected.code == FLUME_NOMEM)
		rc = FLUME_NOMEM;
	if (!rc && ending_counts(&expected) &&
	    !ending_is_like(got, &expected, &rules, differs, sizeof differs)) {
		flume_pipeline_read(t->run->running, &info);
		snprintf(why, size, "not as version %.40s, which runs: %s",
			 *info.version ? info.version : "(none)", differs);
		rc = FLUME_FAILED;
	}
	ending_fini(&expected);
	rules_fini(&rules);
	return rc;
}

static int judge(const struct trying *t, const struct ending *got)
{
	struct canary_result *out = t->out;
	if (flume_cancel_requested(t->run->cancel))
		return FLUME_CANCELLED;
	if (is_late(out, t->limit)) {
		canary_explain_late(out->why, sizeof out->why, out->took_ns, t->limit);
		return FLUME_FAILED;
	}
	if (got->code == FLUME_NOMEM)
		return FLUME_NOMEM;
	int rc = ending_meets(got, t->one, out->why, sizeof out->why);
	if (!rc && t->run->running && canary_compares(t->schema))
		rc = compare(t, got);
	return rc;
}

static int try_once(const struct trying *t, flume_pipeline *pipeline)
{
	struct ending got;
	int rc = process(t, pipeline, &got);
	t->out->took_ns = got.took_ns;
	if (!rc)
		rc = judge(t, &got);
	ending_fini(&got);
	return rc;
}

int canary_try(const flume_schema *schema, size_t i, flume_pipeline *pipeline,
	       const struct canary_run *run, struct canary_result *out)
{
	const flume_value *one = flume_value_at(cases_of(schema), i);
	struct document *input;
	*out = (struct canary_result){0};
	name_case(one, i, out->what, sizeof out->what);
	int rc = ending_read(one, "input", &input, out->why, sizeof out->why);
	if (!rc) {
		struct caller *caller = caller_take();
		struct trying t = {schema,
				   one,
				   input,
				   run,
				   limit_of(schema, one, run),
				   out,
				   {.cancel = run->cancel, .flags = FLUME_CALL_CANARY}};
		caller_begin(caller, "", &t.call);
		rc = try_once(&t, pipeline);
		if (rc == FLUME_FAILED && is_late(out, t.limit))
			rc = try_once(&t, pipeline);
		caller_give(caller);
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
