/*
 * Carries out what follow.c decides.
 *
 * The owner may free the watch from any of its callbacks, while functions here are still on the
 * stack.  So what the loop calls is framed by enter and leave, and leave frees.
 */
#include "agent/etcd/call.h"
#include "agent/etcd/follow.h"
#include "agent/etcd/kv.h"
#include "agent/etcd/login.h"
#include "agent/etcd/wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct etcd_watch {
	struct etcd *e;
	char *prefix, *end; /* `end` may be NULL */
	struct etcd_watch_calls calls;
	void *arg;
	struct etcd_follow follow;
	size_t endpoint;          /* for the next stream, and for probes */
	size_t stream_endpoint;   /* of the stream there was   */
	struct etcd_post *stream; /* NULL: none                */
	char *body;               /* what the stream asked for */
	int probe_ms;
	struct etcd_call *probe; /* NULL: none                */
	struct loop_timer *timer;
	bool busy, gone;
	bool blameless; /* the endpoint, of what ended the stream */
};

static void close_stream(struct etcd_watch *w)
{
	w->stream = etcd_post_cancel(w->stream);
	free(w->body);
	w->body = NULL;
}

static void destroy(struct etcd_watch *w)
{
	close_stream(w);
	etcd_cancel(w->probe);
	loop_timer_free(w->timer);
	etcd_follow_fini(&w->follow);
	free(w->prefix);
	free(w->end);
	free(w);
}

static void enter(struct etcd_watch *w)
{
	w->busy = true;
}

static void leave(struct etcd_watch *w)
{
	w->busy = false;
	if (w->gone)
		destroy(w);
}

/* ---- doing ---- */

static void on_lines(void *arg);
static void on_end(const struct etcd_ending *, void *arg);
static void on_probed(struct etcd_result *, void *arg);

static bool open_stream(struct etcd_watch *w)
{
	struct text body = {0};
	text_add(&body, "{\"create_request\":{");
	etcd_add_range(&body, w->prefix, w->end, NULL, 0);
	text_addf(&body,
		  ",\"start_revision\":\"%" PRId64
		  "\",\"progress_notify\":true,\"fragment\":true}}",
		  w->follow.seen + 1);
	w->body = text_take(&body);
	w->stream_endpoint = w->endpoint;
	if (w->body)
		w->stream = etcd_post_new(w->e, &(struct etcd_post_options){
							.endpoint = w->stream_endpoint,
							.path = "/v3/watch",
							.body = w->body,
							.way = ETCD_WAY_STREAM,
							.on_lines = on_lines,
							.on_end = on_end,
							.arg = w,
						});
	return w->stream;
}

static bool start_probe(struct etcd_watch *w)
{
	w->probe = etcd_probe(w->e, w->endpoint, w->prefix, w->end, w->follow.asked_at,
			      w->probe_ms, on_probed, w);
	return w->probe;
}

static void say_down(struct etcd_watch *w, const struct flume_err *why)
{
	struct flume_err err = {0};
	flume_fail(&err, why->code, "etcd at %s: %s", etcd_endpoint(w->e, w->stream_endpoint),
		   why->text);
	w->calls.on_down(&err, w->arg);
}

static void deliver(struct etcd_watch *w, size_t n)
{
	const struct etcd_event *all = w->follow.held;
	size_t end;
	for (size_t i = 0; i < n && !w->gone && w->calls.on_events; i = end) {
		end = i + 1;
		while (end < n && all[end].kv.mod_revision == all[i].kv.mod_revision)
			end++;
		w->calls.on_events(all + i, end - i, w->arg);
	}
	etcd_follow_drop(&w->follow, n);
}

static void tell(struct etcd_watch *w, const struct etcd_todo *todo)
{
	if (todo->what & FOLLOW_DELIVER)
		deliver(w, todo->deliver);
	if (!w->gone && todo->what & FOLLOW_SAY_UP && w->calls.on_up)
		w->calls.on_up(w->arg);
	if (!w->gone && todo->what & FOLLOW_SAY_PROVED && w->calls.on_proved)
		w->calls.on_proved(todo->revision, w->arg);
	if (!w->gone && todo->what & FOLLOW_SAY_DOWN && w->calls.on_down)
		say_down(w, &todo->err);
	if (!w->gone && todo->what & FOLLOW_RELIST && w->calls.on_relist)
		w->calls.on_relist(todo->why, todo->revision, w->arg);
}

/* What could not be started for want of memory has failed, and that may be news too. */
static struct etcd_todo start(struct etcd_watch *w, unsigned what)
{
	static const struct etcd_probed none = {.code = FLUME_NOMEM, .text = "out of memory"};
	struct etcd_todo next = {0};
	if (what & FOLLOW_PROBE && !start_probe(w))
		next = etcd_follow_probe(&w->follow, &none, loop_now(), etcd_random());
	if (what & FOLLOW_OPEN && !open_stream(w))
		next = etcd_follow_end(&w->follow, none.code, none.text, loop_now(),
				       etcd_random());
	return next;
}

/* Is it the endpoint's fault?  Then it is left, and with silence its connection too. */
static void leave_endpoint(struct etcd_watch *w, int code)
{
	bool waits = w->stream && etcd_post_waits(w->stream);
	if (waits || w->blameless || (code != FLUME_IO && code != FLUME_TIMED_OUT))
		return;
	if (code == FLUME_TIMED_OUT && w->stream)
		etcd_post_distrust(w->stream);
	etcd_endpoint_failed(w->e, w->endpoint);
	w->endpoint = etcd_endpoint_next(w->e, w->endpoint + 1, 0);
}

static void act(struct etcd_watch *w, struct etcd_todo todo)
{
	while (todo.what && !w->gone) {
		if (todo.what & FOLLOW_CLOSE) {
			leave_endpoint(w, todo.err.code);
			close_stream(w);
		}
		tell(w, &todo);
		if (!w->gone)
			todo = start(w, todo.what);
	}
	if (!w->gone) {
		int64_t at = etcd_follow_wake(&w->follow);
		if (at == INT64_MAX)
			loop_timer_disarm(w->timer);
		else
			loop_timer_arm(w->timer, at - loop_now());
	}
}

/* ---- hearing ---- */

static void on_time(void *arg)
{
	struct etcd_watch *w = arg;
	enter(w);
	act(w, etcd_follow_time(&w->follow, loop_now(), etcd_random()));
	leave(w);
}

static void look_at_token(struct etcd_watch *w, enum etcd_complaint complaint, unsigned token,
			  enum etcd_message_kind kind)
{
	if (complaint == ETCD_COMPLAINT_TOKEN) {
		etcd_login_refused(w->e, token);
	} else if (kind == ETCD_MESSAGE_CREATED) {
		etcd_login_taken(w->e, token);
		etcd_endpoint_worked(w->e, w->endpoint);
	}
}

static void hear(struct etcd_watch *w, const char *line, size_t len)
{
	struct etcd_message m;
	int code = etcd_message_parse(line, len, &m);
	if (code) {
		act(w, etcd_follow_end(&w->follow, code, "a message that is not understood",
				       loop_now(), etcd_random()));
		return;
	}
	look_at_token(w, m.complaint, etcd_post_token(w->stream), m.kind);
	act(w, etcd_follow_message(&w->follow, &m, loop_now(), etcd_random()));
	etcd_message_fini(&m);
}

static void on_lines(void *arg)
{
	struct etcd_watch *w = arg;
	const char *line;
	size_t len;
	enter(w);
	etcd_follow_heard(&w->follow, loop_now());
	while (w->stream && etcd_lines_next(etcd_post_lines(w->stream), &line, &len))
		hear(w, line, len);
	leave(w);
}

/* The last message may have come without a newline.  A stream that ends well has ended too. */
static void on_end(const struct etcd_ending *end, void *arg)
{
	struct etcd_watch *w = arg;
	size_t len;
	const char *rest = etcd_lines_rest(etcd_post_lines(w->stream), &len);
	int code = end->code ? end->code : FLUME_IO;
	const char *text = end->text;
	struct etcd_failure failure = {0};
	w->stream = NULL; /* it is freed when this returns */
	w->blameless = end->code && !end->at_fault;
	enter(w);
	if (end->closed)
		etcd_login_closed(w->e, end->token);
	if (!end->code && end->status != 200) {
		failure = etcd_failure_parse(rest, len, end->status);
		code = etcd_failure_code(&failure);
		if (code == FLUME_LIMITED) /* it is not the message that is too big */
			code = FLUME_IO;
		text = failure.text;
		look_at_token(w, etcd_complaint(text), end->token, ETCD_MESSAGE_FAILED);
	} else if (end->status == 200 && len) {
		struct etcd_message m;
		if (!etcd_message_parse(rest, len, &m)) {
			look_at_token(w, m.complaint, end->token, m.kind);
			act(w, etcd_follow_message(&w->follow, &m, loop_now(), etcd_random()));
			etcd_message_fini(&m);
		}
	}
	if (!w->gone)
		act(w, etcd_follow_end(&w->follow, code, text, loop_now(), etcd_random()));
	w->blameless = false;
	leave(w);
}

/* The text of a result begins with the endpoint, and so does that of say_down. */
static const char *without_endpoint(const char *text)
{
	const char *rest = strncmp(text, "etcd at ", 8) ? NULL : strstr(text, ": ");
	return rest ? rest + 2 : text;
}

static void on_probed(struct etcd_result *r, void *arg)
{
	struct etcd_watch *w = arg;
	struct etcd_probed probed = {
		.code = r->code,
		.text = without_endpoint(r->err.text),
		.revision = r->revision,
		.newest = r->n ? r->kvs[0].mod_revision : 0,
		.count = r->count,
		.cluster_id = r->cluster_id,
		.raft_term = r->raft_term,
	};
	w->probe = NULL;
	enter(w);
	act(w, etcd_follow_probe(&w->follow, &probed, loop_now(), etcd_random()));
	leave(w);
}

/* ---- life ---- */

static int64_t ns(int ms, int fallback_ms)
{
	return (int64_t)(ms > 0 ? ms : fallback_ms) * 1000000;
}

struct etcd_watch *etcd_watch_new(struct etcd *e, const struct etcd_watch_options *o,
				  const struct etcd_watch_calls *calls, void *arg)
{
	struct etcd_watch *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	*w = (struct etcd_watch){
		.e = e, .calls = *calls, .arg = arg, .endpoint = e->ring.current};
	int silence_ms = e->options.silence_ms;
	w->probe_ms = silence_ms / 5;
	w->follow = (struct etcd_follow){
		.seen = o->after,
		.keys = o->keys,
		.first_ns = ns(o->first_ms, silence_ms / 2),
		.prove_ns = ns(o->prove_ms, silence_ms / 5 * 2),
		.behind_ns = ns(o->behind_ms, silence_ms / 10 * 3),
		.backoff = {.least = ns(o->pause_min_ms, 200),
			    .most = ns(o->pause_max_ms, 30000)},
		.phase = FOLLOW_PAUSED,
		.probe_at = INT64_MAX,
	};
	w->prefix = strdup(o->prefix);
	w->end = o->end ? strdup(o->end) : NULL;
	w->timer = loop_timer_new(e->loop, on_time, w);
	if (!w->prefix || (o->end && !w->end) || !w->timer) {
		destroy(w);
		return NULL;
	}
	loop_timer_arm(w->timer, 0);
	return w;
}

int64_t etcd_watch_revision(const struct etcd_watch *w)
{
	return w->follow.seen;
}

struct etcd_watch *etcd_watch_free(struct etcd_watch *w)
{
	if (!w)
		return NULL;
	if (w->busy) {
		w->gone = true;
		close_stream(w);
		w->probe = etcd_cancel(w->probe);
		loop_timer_disarm(w->timer);
	} else {
		destroy(w);
	}
	return NULL;
}
