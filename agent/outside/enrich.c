/*
 * A canary call asks nobody: what would come is told by `canary`, and without that the document
 * passes as it is.
 *
 * Exchanges, each with its connection, are kept for the next document: as many as were under way at
 * once, but no more than KEPT.
 */
#include "agent/document/caller.h"
#include "agent/document/document.h"
#include "agent/document/over.h"
#include "agent/document/paths.h"
#include "agent/document/settings.h"
#include "agent/outside/exchange.h"
#include "agent/outside/kinds.h"
#include "agent/outside/options.h"
#include "agent/outside/url.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 16

static const struct flume_field fields[] = {
	{.name = "url",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Whom to ask; {PATH} behind the host stands for a value of the document."},
	{.name = "into",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path that the answer, JSON, is stored at."},
	{.name = "method",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "GET",
	 .about = "GET, or POST: sends the document, or what is at `body`."},
	{.name = "body", .type = FLUME_FIELD_TEXT, .about = "Path of what a POST sends."},
	{.name = "headers",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .about = "Sent with each request, such as Authorization."},
	{.name = "timeout",
	 .type = FLUME_FIELD_DURATION,
	 .fallback = "5s",
	 .about = "Until the whole answer is there; never longer than the call may take."},
	{.name = "max_bytes",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "1048576",
	 .min = 1,
	 .max = 1 << 28,
	 .about = "A longer answer is an error."},
	{.name = "canary",
	 .type = FLUME_FIELD_ANY,
	 .about = "What a canary call stores instead, for it asks nobody."},
	{0},
};

static const char *const methods[] = {"GET", "POST", NULL};

struct enrich {
	struct url *url;
	struct path into, body;
	bool posts, has_body, asks;
	const flume_value *headers; /* lent by the declaration */
	int64_t timeout_ns;
	size_t reply_max;
	struct document *canary;
	pthread_mutex_t lock;
	struct exchange *kept[KEPT];
	size_t n_kept;
};

/* ---- exchanges ---- */

static struct exchange *take(struct enrich *e)
{
	struct exchange *x = NULL;
	pthread_mutex_lock(&e->lock);
	if (e->n_kept)
		x = e->kept[--e->n_kept];
	pthread_mutex_unlock(&e->lock);
	return x ? x : exchange_new();
}

static void give_back(struct enrich *e, struct exchange *x)
{
	pthread_mutex_lock(&e->lock);
	if (e->n_kept < KEPT) {
		e->kept[e->n_kept++] = x;
		x = NULL;
	}
	pthread_mutex_unlock(&e->lock);
	exchange_free(x);
}

/* ---- one document ---- */

static bool is_over(void *call)
{
	return call_is_over(call);
}

static int store(const struct enrich *e, struct document *document, const char *url,
		 const struct exchange_reply *reply, struct flume_err *err)
{
	struct flume_err why = {0};
	int shown = (int)strcspn(url, "?");
	if (reply->status < 200 || reply->status > 299)
		return flume_fail(err, FLUME_FAILED, "%.*s answered %ld", shown, url,
				  reply->status);
	int rc = document_set_json(document, &e->into, reply->body, reply->len, &why);
	if (!rc || rc == FLUME_NOMEM)
		return rc ? flume_fail(err, rc, "out of memory") : FLUME_OK;
	return flume_fail(err, FLUME_FAILED, "%.*s: %.200s", shown, url, why.text);
}

static int ask(struct enrich *e, const struct flume_call *call, struct document *document,
	       const char *url, const struct text *body, struct flume_err *err)
{
	const struct flume_clock *clock = flume_clock_real();
	int64_t until = clock->now_ns(clock->arg) + e->timeout_ns;
	struct exchange_reply reply;
	struct exchange *x = take(e);
	if (!x)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	char request_id[CALLER_SIZE];
	const struct exchange_request request = {
		.url = url,
		.body = e->posts ? body->s : NULL,
		.len = body->len,
		.type = "application/json",
		.headers = e->headers,
		.request_id = caller_name(call, request_id),
		.reply_max = e->reply_max,
		.until_ns = call && call->deadline_ns && call->deadline_ns < until
				    ? call->deadline_ns
				    : until,
		.is_over = is_over,
		.arg = (void *)(uintptr_t)call,
	};
	int rc = exchange_run(x, &request, &reply, err);
	if (rc == FLUME_LIMITED || rc == FLUME_IO) /* not what these say to who called */
		rc = err->code = FLUME_FAILED;
	if (!rc)
		rc = store(e, document, url, &reply, err);
	give_back(e, x);
	return rc;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	struct enrich *e = arg;
	struct text url = {0}, body = {0};
	if (!e->asks || (call && call->flags & FLUME_CALL_CANARY))
		return e->canary ? document_set(*item, &e->into, e->canary, err) : FLUME_OK;
	int rc = url_write(e->url, *item, &url, err);
	if (!rc && e->posts && !document_write(*item, e->has_body ? &e->body : NULL, &body))
		rc = flume_fail(err, FLUME_FAILED, "%s: missing", e->body.text);
	if (!rc && body.failed)
		rc = flume_fail(err, FLUME_NOMEM, "out of memory");
	if (!rc)
		rc = ask(e, call, *item, url.s, &body, err);
	text_fini(&url);
	text_fini(&body);
	return rc;
}

/* ---- life ---- */

static void done(void *arg)
{
	struct enrich *e = arg;
	for (size_t i = 0; i < e->n_kept; i++)
		exchange_free(e->kept[i]);
	url_free(e->url);
	path_fini(&e->into);
	path_fini(&e->body);
	document_free(e->canary);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static int compile_path(struct path *out, const flume_value *decl, const char *field,
			const char *path, flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.%s", path, field);
	return paths_compile(out, flume_value_get(decl, field), place, report);
}

static int compile_url(struct enrich *e, const flume_value *decl, const char *path,
		       flume_report *report)
{
	char place[512];
	struct flume_err err = {0};
	const flume_value *url = flume_value_get(decl, "url");
	int rc = url_compile(&e->url, flume_value_text(url), &err);
	if (rc != FLUME_INVALID)
		return rc;
	snprintf(place, sizeof place, "%s.url", path);
	flume_report_add(report, "bad-value", place, url, NULL, "%s", err.text);
	return FLUME_REJECTED;
}

static int read_declaration(struct enrich *e, const flume_value *decl, const char *path,
			    flume_report *report)
{
	char place[512];
	int method = option_word(fields, decl, "method", methods, path, report);
	const flume_value *canary = flume_value_get(decl, "canary");
	e->posts = method == 1;
	e->has_body = flume_value_get(decl, "body");
	e->headers = flume_value_get(decl, "headers");
	e->timeout_ns = setting_duration(fields, decl, "timeout");
	e->reply_max = (size_t)setting_count(fields, decl, "max_bytes");
	snprintf(place, sizeof place, "%s.canary", path);
	int url = compile_url(e, decl, path, report);
	const int codes[] = {
		method < 0 ? FLUME_REJECTED : FLUME_OK,
		url ? url : exchange_check(decl, path, report),
		compile_path(&e->into, decl, "into", path, report),
		e->has_body ? compile_path(&e->body, decl, "body", path, report) : FLUME_OK,
		canary ? document_from_value(&e->canary, canary, place, report) : FLUME_OK,
	};
	int rc = FLUME_OK;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i] && rc != FLUME_NOMEM)
			rc = codes[i];
	return rc;
}

static int make_enrich(const flume_value *decl, const char *path, bool asks,
		       struct flume_component *out, flume_report *report)
{
	struct enrich *e = calloc(1, sizeof *e);
	if (!e)
		return FLUME_NOMEM;
	pthread_mutex_init(&e->lock, NULL);
	e->asks = asks;
	int rc = read_declaration(e, decl, path, report);
	if (rc) {
		done(e);
		return rc;
	}
	out->run = run;
	out->arg = e;
	out->done = done;
	out->blocks = true;
	return FLUME_OK;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	return make_enrich(decl, path, true, out, report);
}

static int make_unopened(const flume_value *decl, const char *path, flume_scope *scope,
			 struct flume_component *out, flume_report *report)
{
	(void)scope;
	return make_enrich(decl, path, false, out, report);
}

#define ROW(how)                                                                              \
	{                                                                                     \
		.of = FLUME_PROCESSOR, .kind = "http",                                        \
		.about = "Asks a web server about the document and stores the answer in it.", \
		.fields = fields, .local = true, .make = (how),                               \
	}

const struct flume_maker kind_enrich = ROW(make);
const struct flume_maker kind_enrich_unopened = ROW(make_unopened);
