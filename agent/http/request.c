/* One request, from its headers to its last byte. */
#include "agent/http/inside.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

const char *request_header(const struct request *r, const char *name)
{
	return exchange_header(r->exchange, name);
}

int request_dup_list(const struct request *r, const char *name, char **out)
{
	struct text joined = {0};
	const char *line = request_header(r, name);
	*out = NULL;
	if (!line)
		return 0;
	for (; line; line = exchange_next_header(r->exchange, name, line)) {
		if (joined.len)
			text_add(&joined, ", ");
		text_add(&joined, line);
	}
	*out = text_take(&joined);
	if (!*out)
		text_fini(&joined);
	return *out ? 0 : FLUME_NOMEM;
}

bool request_flag(const struct request *r, const char *name)
{
	char value[8];
	return exchange_query(r->exchange, name, value, sizeof value) &&
	       strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

bool request_find_binding(struct request *r)
{
	r->binding = flume_factory_dup_binding(r->http->factory, r->name);
	return r->binding;
}

/* The factory's lock is everybody's, so it is asked once for a request: a binding that has ended meanwhile
 * gives none, and then there may be another. */
flume_pipeline *request_dup_pipeline(const struct request *r, const char *name)
{
	flume_pipeline *pipeline =
		r->binding && name == r->name ? flume_binding_dup_pipeline(r->binding) : NULL;
	if (pipeline)
		return pipeline;
	flume_binding *binding = flume_factory_dup_binding(r->http->factory, name);
	pipeline = binding ? flume_binding_dup_pipeline(binding) : NULL;
	flume_binding_unref(binding);
	return pipeline;
}

/* ---- waiting for others ---- */

/* It was handed back. */
static void woken(struct request *r)
{
	struct http *http = r->http;
	r->waiting = false;
	pthread_mutex_lock(&http->lock);
	if (!--http->waiting)
		pthread_cond_broadcast(&http->quiet);
	pthread_mutex_unlock(&http->lock);
}

bool request_wait(struct request *r)
{
	struct http *http = r->http;
	pthread_mutex_lock(&http->lock);
	bool shut = http->shut;
	if (!shut)
		http->waiting++;
	pthread_mutex_unlock(&http->lock);
	if (shut) {
		answer_problemf(&r->answer, HTTP_UNAVAILABLE, "closing",
				"the agent is shutting down");
		return false;
	}
	r->waiting = true;
	exchange_park(r->exchange);
	return true;
}

void request_ready(struct request *r)
{
	exchange_wake(r->exchange);
}

static void run_job(void *arg)
{
	struct request *r = arg;
	if (r->work(r))
		request_ready(r);
}

static bool make_job(struct request *r, bool (*work)(struct request *))
{
	if (!request_wait(r))
		return false;
	r->work = work;
	r->job = (struct job){.run = run_job, .arg = r};
	return true;
}

int request_flow_to_worker(struct request *r, const char *group, bool (*work)(struct request *))
{
	if (!make_job(r, work))
		return FLUME_CANCELLED;
	return workers_push_anyway(r->http->workers, group, &r->job);
}

void request_to_worker(struct request *r, const char *group, bool (*work)(struct request *))
{
	if (!make_job(r, work) || !workers_push(r->http->workers, group, &r->job))
		return;
	if (*group)
		meters_call(r->http->meters, exchange_thread(r->exchange), group, FLUME_LIMITED,
			    0);
	answer_problemf(&r->answer, HTTP_UNAVAILABLE, "busy",
			"too many calls wait already: the queue is full");
	answer_header(&r->answer, "Retry-After", "1");
	request_ready(r);
}

/* ---- what the server calls ---- */

static void count_answer(const struct request *r)
{
	meters_answer(r->http->meters, exchange_thread(r->exchange), r->answer.status);
	log_event(LOG_DEBUG, "request answered", LOG_STR("request", r->id),
		  LOG_STR("method", exchange_method(r->exchange)),
		  LOG_STR("path", exchange_path(r->exchange)),
		  LOG_INT("status", r->answer.status));
}

static void send_answer(struct request *r)
{
	count_answer(r);
	if (r->method && r->method->compressed)
		exchange_may_compress(r->exchange);
	answer_send(&r->answer, r->exchange, r->id);
}

void request_stream(struct request *r)
{
	count_answer(r);
	exchange_may_compress(r->exchange);
	answer_stream(&r->answer, r->exchange, r->id);
}

/* What the client calls it, if that can be written down. */
static void set_id(struct request *r)
{
	const char *given = request_header(r, "X-Request-Id");
	if (given && ids_good(given))
		memcpy(r->id, given, strlen(given) + 1);
	else
		ids_make(&r->http->lanes[exchange_thread(r->exchange)].ids, r->id);
}

static void open_request(struct request *r, struct exchange *x)
{
	if (!r->caller)
		r->caller = caller_take();
	r->exchange = x;
	r->http = exchange_arg(x);
	r->method = NULL;
	r->name = "";
	r->name_text.len = 0;
	r->name_text.failed = false;
	r->body.s = NULL;
	r->body.len = 0;
	r->local = exchange_is_local(x);
	r->waiting = false;
	r->answer.status = 0;
	r->answer.headers_len = 0;
	r->flow = NULL;
	r->live = true;
	set_id(r);
}

static void on_begin(struct exchange *x)
{
	struct request *r = exchange_own(x);
	open_request(r, x);
	exchange_limit_body(x, r->http->max_body);
	request_admit(r);
	if (r->answer.status)
		send_answer(r);
}

static void on_run(struct exchange *x)
{
	struct request *r = exchange_own(x);
	r->body.s = exchange_body(x, &r->body.len);
	r->method->run(r);
	if (!r->waiting && !r->flow)
		send_answer(r);
}

static size_t on_piece(struct exchange *x, const char *data, size_t len)
{
	struct request *r = exchange_own(x);
	return r->flow->piece(r, data, len);
}

static void on_room(struct exchange *x)
{
	struct request *r = exchange_own(x);
	if (r->flow && r->flow->room)
		r->flow->room(r);
}

static void on_late(struct exchange *x)
{
	struct request *r = exchange_own(x);
	if (r->flow && r->flow->late)
		r->flow->late(r);
}

static void on_woken(struct exchange *x)
{
	struct request *r = exchange_own(x);
	bool waited = r->waiting;
	if (waited)
		woken(r);
	if (r->flow)
		r->flow->woken(r);
	else if (waited)
		send_answer(r);
}

static void on_gone(struct exchange *x)
{
	struct request *r = exchange_own(x);
	if (r->flow && r->flow->gone)
		r->flow->gone(r);
}

static void on_refuse(struct exchange *x, unsigned status, const char *code, const char *why)
{
	struct request *r = exchange_own(x);
	if (!r->live)
		open_request(r, x);
	if (status == HTTP_TOO_LARGE)
		request_too_large(r);
	else
		answer_problemf(&r->answer, status, code, "%s", why);
	send_answer(r);
}

static void on_done(struct exchange *x)
{
	struct request *r = exchange_own(x);
	if (r->waiting)
		woken(r);
	if (r->flow && r->flow->done)
		r->flow->done(r);
	r->flow = NULL;
	r->binding = flume_binding_unref(r->binding);
	answer_fini(&r->answer);
	r->live = false;
}

static void on_drop(void *own)
{
	struct request *r = own;
	text_fini(&r->name_text);
	caller_give(r->caller);
}

static void on_turned_away(void *arg)
{
	const struct http *http = arg;
	meters_answer(http->meters, 0, HTTP_UNAVAILABLE);
}

const struct serve_handler request_handler = {
	.size = sizeof(struct request),
	.begin = on_begin,
	.run = on_run,
	.piece = on_piece,
	.room = on_room,
	.late = on_late,
	.woken = on_woken,
	.gone = on_gone,
	.refuse = on_refuse,
	.done = on_done,
	.drop = on_drop,
	.turned_away = on_turned_away,
};
