/*
 * POST /pipelines/NAME: one document through a pipeline; stream.c has those that come as lines.
 *
 * The answer's headers come from the very pipeline that made it, which is why the pipeline is
 * taken from the binding here, once, and not left to flume_binding_process.  A call that may
 * block takes it when a worker begins with it, so a reload meanwhile is not missed.
 *
 * A name may be that of a switch in front (front.h): then the document's variant says which schema
 * serves it.
 *
 * While a candidate is tried on live traffic (traffic.h), it serves the documents that are its
 * share, and says so: it has no generation yet.
 */
#include "agent/document/document.h"
#include "agent/http/front.h"
#include "agent/http/stream.h"
#include "agent/log/log.h"

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

/* ---- the call ---- */

static int call(const struct request *r, const struct flume_call *how,
		const struct call_side *side, flume_pipeline *candidate,
		struct document **document, struct flume_err *err)
{
	if (r->waiting && loop_now() >= r->deadline)
		return flume_fail(err, FLUME_TIMED_OUT, "no time was left when its turn came");
	return call_document(side, candidate, how, document, err);
}

/* Of the switches that were asked, in front or on the way. */
static void name_variants(struct request *r, const struct flume_call *how)
{
	char told[SWITCHBOARD_TOLD];
	if (!r->http->switchboard)
		return;
	switchboard_told(r->http->switchboard, how, told);
	if (*told)
		answer_header(&r->answer, "Flume-Variants", told);
}

static void say_failed(const struct request *r, const char *schema, int result,
		       const struct flume_err *err)
{
	log_event(LOG_DEBUG, "call failed", LOG_STR("schema", schema),
		  LOG_STR("request", r->id), LOG_STR("code", flume_code_text(result)),
		  LOG_STR("step", err->path), LOG_STR("error", err->text));
}

static void process_in(struct request *r, const struct flume_call *how,
		       const struct call_side *side, struct document *document)
{
	struct answer *a = &r->answer;
	struct flume_err err = {0};
	flume_pipeline *candidate = call_pick(side, document, r->body.s, r->body.len);
	call_describe(a, side, candidate);
	int result = call(r, how, side, candidate, &document, &err);
	name_variants(r, how);
	if (result == FLUME_OK) {
		answer_document(a, document);
	} else if (result == FLUME_DROPPED) {
		answer_status(a, HTTP_NO_CONTENT);
	} else {
		answer_failure(a, result, &err);
		say_failed(r, side->name, result, &err);
	}
	int64_t took = loop_now() - r->begun;
	call_show(r, side, candidate,
		  &(struct call_end){result, &err, took, r->body.s, r->body.len, document});
	document_free(document);
	meters_call(r->http->meters, exchange_thread(r->exchange), side->name, result, took);
	call_offer(side, r->body.s, r->body.len);
}

static void process(struct request *r, struct front *front)
{
	struct answer *a = &r->answer;
	struct flume_err err = {0};
	struct document *document;
	char variant[AB_NAME];
	int result = document_parse(&document, r->body.s, r->body.len, &err);
	if (result) {
		bool syntax = result == FLUME_SYNTAX;
		answer_problemf(a, syntax ? HTTP_BAD_REQUEST : HTTP_UNAVAILABLE,
				syntax ? "bad-json" : "out-of-memory", "%s", err.text);
		return;
	}
	struct flume_call how = {.deadline_ns = r->deadline, .cancel = r->http->cancel};
	caller_begin(r->caller, r->id, &how);
	const struct call_side *side = front_choose(front, &how, document, variant);
	if (side && *variant)
		answer_header(a, "Flume-Variant", variant);
	if (side) {
		process_in(r, &how, side, document);
	} else {
		document_free(document);
		call_answer_unknown(r);
	}
	caller_end(r->caller);
}

static bool process_on_worker(struct request *r)
{
	struct front front;
	if (front_enter(&front, r)) {
		process(r, &front);
		front_leave(&front);
	} else {
		call_answer_unknown(r);
	}
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
	if (!front_is_there(r))
		call_answer_unknown(r);
	else if (read_timeout(r) && stream_type(request_header(r, "Content-Type")))
		stream_begin(r);
}

static void run(struct request *r)
{
	struct front front;
	if (!front_enter(&front, r)) {
		call_answer_unknown(r);
		return;
	}
	r->begun = loop_now();
	r->deadline = r->begun + r->timeout;
	if (front.may_block)
		request_to_worker(r, r->name, process_on_worker);
	else
		process(r, &front);
	front_leave(&front);
}

const struct http_resource resource_pipeline = {
	"/pipelines/",
	NULL,
	{{.name = "POST", .compressed = true, .begin = begin, .run = run}},
};
