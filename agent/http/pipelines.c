/*
 * POST /pipelines/NAME: one document through a pipeline.
 *
 * The answer's headers come from the very pipeline that made it, which is why the pipeline is
 * taken from the binding here, once, and not left to flume_binding_process.  A call that may
 * block takes it when a worker begins with it, so a reload meanwhile is not missed.
 *
 * While a candidate is tried on live traffic (traffic.h), it serves the documents that are its
 * share, and says so: it has no generation yet.
 */
#include "agent/document/document.h"
#include "agent/engine/traffic.h"
#include "agent/http/inside.h"
#include "lib/base/suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what became of the call ---- */

static const struct failure {
	int result;
	unsigned status;
	const char *code;
} failures[] = {
	{FLUME_FAILED, HTTP_UNPROCESSABLE, "failed"},
	{FLUME_TIMED_OUT, HTTP_TIMED_OUT, "timed-out"},
	{FLUME_CANCELLED, HTTP_UNAVAILABLE, "cancelled"},
	{FLUME_REFUSED, HTTP_UNAVAILABLE, "refused"},
	{FLUME_LIMITED, HTTP_TOO_MANY_REQUESTS, "limited"},
	{FLUME_NOMEM, HTTP_UNAVAILABLE, "out-of-memory"},
	{0, HTTP_INTERNAL_ERROR, "internal"}, /* whatever else there may be */
};

static void answer_failure(struct answer *a, int result, const struct flume_err *err)
{
	const struct failure *f = failures;
	while (f->result && f->result != result)
		f++;
	const char *text = *err->text ? err->text : flume_code_text(result);
	char detail[sizeof err->path + sizeof err->text + 3];
	snprintf(detail, sizeof detail, "%s%s%s", err->path, *err->path ? ": " : "", text);
	answer_problem(a, &(struct problem){.status = f->status,
					    .code = f->code,
					    .detail = detail,
					    .step = err->path});
}

static void answer_document(struct answer *a, const struct document *document)
{
	size_t len = 0;
	char *text = document_dump(document, &len);
	answer_take(a, HTTP_OK, ANSWER_JSON, text, len);
}

static void answer_unknown(struct request *r)
{
	char **names = flume_factory_dup_binding_names(r->http->factory);
	size_t n = 0;
	while (names && names[n])
		n++;
	const char *near = names ? suggest(r->name, (const char *const *)names, n) : NULL;
	answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found",
			near ? "no pipeline '%s'; did you mean '%s'?" : "no pipeline '%s'",
			r->name, near);
	free((void *)names);
}

/* ---- the call ---- */

static void describe(struct answer *a, const flume_pipeline *pipeline, bool candidate)
{
	struct flume_pipeline_info info;
	flume_pipeline_read(pipeline, &info);
	answer_header(a, "Flume-Schema", info.schema_id);
	answer_header(a, "Flume-Version", info.version);
	answer_headerf(a, "Flume-Generation", "%" PRIu64, candidate ? 0 : info.generation);
	if (candidate)
		answer_header(a, "Flume-Trial", "live");
}

static int call(struct request *r, flume_pipeline *pipeline, struct document **document,
		struct flume_err *err)
{
	if (loop_now() >= r->deadline)
		return flume_fail(err, FLUME_TIMED_OUT, "no time was left when its turn came");
	struct flume_call how = {.deadline_ns = r->deadline, .cancel = r->http->cancel};
	void *item = *document;
	int result = flume_pipeline_process(pipeline, &how, &item, err);
	*document = item;
	return result;
}

static void process(struct request *r, flume_pipeline *running, struct share *share)
{
	struct answer *a = &r->answer;
	struct flume_err err = {0};
	struct document *document;
	const char *body = r->body.s ? r->body.s : "";
	int result = document_parse(&document, body, r->body.len, &err);
	if (result) {
		bool syntax = result == FLUME_SYNTAX;
		answer_problemf(a, syntax ? HTTP_BAD_REQUEST : HTTP_UNAVAILABLE,
				syntax ? "bad-json" : "out-of-memory", "%s", err.text);
		return;
	}
	flume_pipeline *candidate =
		share ? share_pick(share, document, body, r->body.len) : NULL;
	describe(a, candidate ? candidate : running, candidate);
	result = call(r, candidate ? candidate : running, &document, &err);
	if (result == FLUME_OK)
		answer_document(a, document);
	else if (result == FLUME_DROPPED)
		answer_status(a, HTTP_NO_CONTENT);
	else
		answer_failure(a, result, &err);
	document_free(document);
	meters_call(r->http->meters, exchange_thread(r->exchange), r->name, result,
		    loop_now() - r->begun);
	if (share)
		share_offer(share, body, r->body.len);
}

static struct share *enter(const struct request *r)
{
	return traffic_enter(engine_get_traffic(r->http->engine), r->name);
}

static bool process_on_worker(struct request *r)
{
	flume_pipeline *pipeline = request_dup_pipeline(r, r->name);
	struct share *share = enter(r);
	if (pipeline)
		process(r, pipeline, share);
	else
		answer_unknown(r);
	traffic_leave(share);
	flume_pipeline_unref(pipeline);
	return true;
}

/* ---- the resource ---- */

static bool read_timeout(struct request *r)
{
	const char *text = request_header(r, "Flume-Timeout");
	r->timeout = r->http->timeout_ns;
	if (!text)
		return true;
	int64_t timeout;
	if (flume_duration_parse(text, &timeout) || timeout <= 0) {
		answer_problemf(
			&r->answer, HTTP_BAD_REQUEST, "bad-timeout",
			"Flume-Timeout is '%s': expected a duration above 0, like 200ms", text);
		return false;
	}
	if (timeout < r->timeout)
		r->timeout = timeout;
	return true;
}

static void begin(struct request *r)
{
	flume_binding *binding = flume_factory_dup_binding(r->http->factory, r->name);
	if (!binding)
		answer_unknown(r);
	else
		read_timeout(r);
	flume_binding_unref(binding);
}

static void run(struct request *r)
{
	flume_pipeline *pipeline = request_dup_pipeline(r, r->name);
	if (!pipeline) {
		answer_unknown(r);
		return;
	}
	r->begun = loop_now();
	r->deadline = r->begun + r->timeout;
	struct share *share = enter(r);
	if (flume_pipeline_may_block(pipeline) || (share && share_may_block(share)))
		request_to_worker(r, r->name, process_on_worker);
	else
		process(r, pipeline, share);
	traffic_leave(share);
	flume_pipeline_unref(pipeline);
}

const struct http_resource resource_pipeline = {
	"/pipelines/",
	NULL,
	{{.name = "POST", .begin = begin, .run = run}},
};
