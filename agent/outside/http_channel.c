/*
 * Batches of lines, posted by a thread of the channel's own.  What the receiver may have taken before
 * a connection broke is sent again: each document is delivered at least once while the agent lives.
 */
#include "agent/document/document.h"
#include "agent/document/settings.h"
#include "agent/outside/exchange.h"
#include "agent/outside/kinds.h"
#include "agent/outside/options.h"
#include "agent/outside/unopened.h"

#include <stdio.h>
#include <stdlib.h>

#define REPLY_MAX    ((size_t)64 << 10) /* of what nobody reads */
#define WAIT_AT_MOST INT64_C(300)       /* that a Retry-After may ask for, in seconds */

static const struct flume_field fields[] = {
	{.name = "url",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Where to; http or https."},
	{.name = "headers",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .about = "Sent with each request, such as Authorization."},
	{.name = "timeout",
	 .type = FLUME_FIELD_DURATION,
	 .fallback = "10s",
	 .about = "Of one request."},
	{.name = "batch",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "500",
	 .min = 1,
	 .max = 100000,
	 .about = "How many documents go into one request, at the most ..."},
	{.name = "batch_bytes",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "1048576",
	 .min = 1024,
	 .max = 1 << 30,
	 .about = "... and how many bytes, unless a single document has more."},
	{.name = "batch_age",
	 .type = FLUME_FIELD_DURATION,
	 .fallback = "1s",
	 .about = "How long a document waits for others."},
	{.name = "attempts",
	 .type = FLUME_FIELD_COUNT,
	 .about = "How often a request is tried before its documents are lost; without it, for "
		  "ever."},
	QUEUE_FIELDS,
	{0},
};

struct poster {
	struct exchange *exchange;
	const flume_value *decl;
	int64_t timeout_ns;
};

static bool is_over(void *queue)
{
	return queue_ends(queue);
}

static bool is_worth_another_try(long status)
{
	return status >= 500 || status == 429 || status == 408;
}

static void carry(void *arg, struct queue *queue, const struct load *load,
		  struct verdict *verdict)
{
	struct poster *p = arg;
	const struct flume_clock *clock = flume_clock_real();
	struct flume_err err = {0};
	struct exchange_reply reply;
	int rc = exchange_run(p->exchange,
			      &(struct exchange_request){
				      .url = flume_value_text(flume_value_get(p->decl, "url")),
				      .body = load->text,
				      .len = load->len,
				      .type = "application/x-ndjson",
				      .headers = flume_value_get(p->decl, "headers"),
				      .reply_max = REPLY_MAX,
				      .until_ns = clock->now_ns(clock->arg) + p->timeout_ns,
				      .is_over = is_over,
				      .arg = queue,
			      },
			      &reply, &err);
	if (rc) {
		verdict->outcome = CARRY_LATER;
		snprintf(verdict->why, sizeof verdict->why, "%.255s", err.text);
	} else if (reply.status >= 200 && reply.status < 300) {
		verdict->outcome = CARRY_DONE;
	} else {
		bool again = is_worth_another_try(reply.status);
		int64_t after = reply.retry_after_s;
		verdict->outcome = again ? CARRY_LATER : CARRY_REFUSED;
		verdict->after_ns = (after < WAIT_AT_MOST ? after : WAIT_AT_MOST) * 1000000000;
		snprintf(verdict->why, sizeof verdict->why, "the receiver answered %ld",
			 reply.status);
	}
}

static void free_poster(void *arg)
{
	struct poster *p = arg;
	exchange_free(p->exchange);
	free(p);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	if (exchange_check(decl, path, report))
		return FLUME_REJECTED;
	struct poster *p = calloc(1, sizeof *p);
	struct queue *queue = NULL;
	if (!p)
		return FLUME_NOMEM;
	struct queue_options options = option_queue(fields, decl, "http", out->name);
	options.batch = (size_t)setting_count(fields, decl, "batch");
	options.batch_bytes = (size_t)setting_count(fields, decl, "batch_bytes");
	options.batch_age_ns = setting_duration(fields, decl, "batch_age");
	options.attempts = (unsigned)setting_count(fields, decl, "attempts");
	p->decl = decl;
	p->timeout_ns = setting_duration(fields, decl, "timeout");
	p->exchange = exchange_new();
	const struct carrier carrier = {carry, free_poster, p};
	if (!p->exchange || queue_new(&queue, &options, &carrier)) {
		free_poster(p);
		return FLUME_NOMEM;
	}
	out->send = queue_send;
	out->arg = queue;
	out->done = queue_free;
	out->blocks = true;
	return FLUME_OK;
}

static int make_unopened(const flume_value *decl, const char *path, flume_scope *scope,
			 struct flume_component *out, flume_report *report)
{
	if (exchange_check(decl, path, report))
		return FLUME_REJECTED;
	return unopened_make(decl, path, scope, out, report);
}

#define ROW(how)                                                                              \
	{                                                                                     \
		.of = FLUME_CHANNEL, .kind = "http",                                          \
		.about = "Posts documents as lines of JSON, many in a request, from a queue " \
			 "in memory.",                                                        \
		.example = "{kind: http, url: 'https://collector.example.org/orders'}",       \
		.fields = fields, .local = true, .make = (how),                               \
	}

const struct flume_maker kind_http_channel = ROW(make);
const struct flume_maker kind_http_channel_unopened = ROW(make_unopened);
