/*
 * GET /pipelines/NAME/tap: live documents, a line of JSON for each call that is chosen.  They are somebody's,
 * so it takes the right to write.
 *
 * The answer has no end of its own.  Whatever calls leave is fetched when the first of them wakes this
 * exchange, and a client that reads slowly is waited for: meanwhile calls are lost to it, and counted.
 */
#include "agent/http/call.h"
#include "agent/http/inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RATE_MOST 10000

struct listening {
	struct request *request;
	struct tap *tap;
	bool full; /* the client has much to read */
};

/* ---- what is asked for ---- */

struct asked {
	struct tap_wish wish;
	char redact[2048];
};

static bool bad(struct request *r, const char *name, const char *value, const char *wanted)
{
	answer_problemf(&r->answer, HTTP_BAD_REQUEST, "bad-query", "%s is '%s': expected %s",
			name, value, wanted);
	return false;
}

/* "2.5" followed by the unit. */
static bool read_number(const char *text, const char *unit, double *out)
{
	size_t digits = strspn(text, "0123456789.");
	char *end;
	if (!digits || digits > 15 || strcmp(text + digits, unit) != 0)
		return false;
	*out = strtod(text, &end);
	return end == text + digits;
}

static bool read_outcomes(char *list, unsigned *out)
{
	static const char *const words[] = {"ok", "dropped", "failed"};
	char *rest = NULL;
	*out = 0;
	for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		size_t i = 0;
		while (i < 3 && strcmp(word, words[i]) != 0)
			i++;
		if (i == 3)
			return false;
		*out |= 1U << i;
	}
	return *out;
}

static bool read_numbers(struct request *r, struct tap_wish *wish)
{
	char value[64];
	double number;
	if (exchange_query(r->exchange, "sample", value, sizeof value)) {
		if (!read_number(value, "%", &number) || number <= 0 || number > 100)
			return bad(r, "sample", value, "a share, 1% or 0.1%");
		wish->share = number / 100;
	}
	if (exchange_query(r->exchange, "rate", value, sizeof value)) {
		if (!read_number(value, "/s", &number) || number <= 0 || number > RATE_MOST)
			return bad(r, "rate", value,
				   "calls a second, 10/s, 10000/s at the most");
		wish->rate = number;
	}
	if (exchange_query(r->exchange, "count", value, sizeof value)) {
		if (!read_number(value, "", &number) || number < 1 || strchr(value, '.'))
			return bad(r, "count", value, "a whole number");
		wish->count = (uint64_t)number;
	}
	return true;
}

static bool read_wish(struct request *r, struct asked *a)
{
	char value[64], again[64];
	struct tap_wish *wish = &a->wish;
	*wish = (struct tap_wish){.name = r->name,
				  .share = 1,
				  .rate = 10,
				  .outcomes = TAP_ANY,
				  .input = true,
				  .output = true};
	if (!read_numbers(r, wish))
		return false;
	if (exchange_query(r->exchange, "outcome", value, sizeof value)) {
		memcpy(again, value, sizeof again);
		if (!read_outcomes(again, &wish->outcomes))
			return bad(r, "outcome", value,
				   "ok, dropped or failed, with commas between");
	}
	if (exchange_query(r->exchange, "only", value, sizeof value)) {
		wish->input = !strcmp(value, "input");
		wish->output = !strcmp(value, "output");
		if (!wish->input && !wish->output)
			return bad(r, "only", value, "input or output");
	}
	/* One that was cut would hide less than was asked for. */
	if (exchange_query(r->exchange, "redact", a->redact, sizeof a->redact)) {
		if (strlen(a->redact) + 1 == sizeof a->redact)
			return bad(r, "redact", "long", "2046 bytes at the most");
		wish->redact = a->redact;
	}
	return true;
}

/* ---- the stream ---- */

static void wake(void *arg)
{
	exchange_wake(arg);
}

static void send_lines(struct listening *l)
{
	struct exchange *x = l->request->exchange;
	struct text out = {0};
	bool goes_on = tap_take(l->tap, &out);
	if (out.failed) {
		text_fini(&out);
		exchange_abort(x);
		return;
	}
	if (out.len)
		l->full = !exchange_write(x, out.s, out.len);
	text_fini(&out);
	if (goes_on)
		exchange_flush(x);
	else
		exchange_end(x);
}

static void on_woken(struct request *r)
{
	struct listening *l = r->flow_arg;
	if (!l->full)
		send_lines(l);
}

static void on_room(struct request *r)
{
	struct listening *l = r->flow_arg;
	l->full = false;
	send_lines(l);
}

static void on_done(struct request *r)
{
	struct listening *l = r->flow_arg;
	tap_close(l->tap);
	free(l);
}

static const struct http_flow flow = {
	.woken = on_woken,
	.room = on_room,
	.done = on_done,
};

static void answer_refused(struct request *r, int code, const struct flume_err *err)
{
	unsigned status = code == FLUME_INVALID   ? HTTP_BAD_REQUEST
			  : code == FLUME_LIMITED ? HTTP_TOO_MANY_REQUESTS
						  : HTTP_UNAVAILABLE;
	answer_problemf(&r->answer, status,
			code == FLUME_INVALID     ? "bad-query"
			: code == FLUME_LIMITED   ? "limited"
			: code == FLUME_CANCELLED ? "closing"
						  : "out-of-memory",
			code == FLUME_INVALID ? "redact: %s" : "%s", err->text);
}

static void run(struct request *r)
{
	struct asked a;
	struct flume_err err = {0};
	flume_binding *binding = flume_factory_dup_binding(r->http->factory, r->name);
	flume_binding_unref(binding);
	if (!binding) {
		call_answer_unknown(r);
		return;
	}
	if (!read_wish(r, &a))
		return;
	struct listening *l = calloc(1, sizeof *l);
	a.wish.wake = wake;
	a.wish.arg = r->exchange;
	int code = l ? tap_open(&l->tap, &r->http->taps, &a.wish, &err)
		     : flume_fail(&err, FLUME_NOMEM, "out of memory");
	if (code || !l) {
		free(l);
		answer_refused(r, code, &err);
		return;
	}
	l->request = r;
	r->flow = &flow;
	r->flow_arg = l;
	r->answer.status = HTTP_OK;
	r->answer.type = "application/x-ndjson";
	request_stream(r);
	exchange_flush(r->exchange);
}

static void begin(struct request *r)
{
	if (!strcmp(exchange_method(r->exchange), "HEAD"))
		answer_status(&r->answer, HTTP_OK);
}

const struct http_resource resource_tap = {
	"/pipelines/",
	"/tap",
	{{.name = "GET", .changes = true, .begin = begin, .run = run}},
};
