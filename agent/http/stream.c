/*
 * Lines of JSON through a pipeline, one answer a line, in order.
 *
 * The lines that have come are a batch: the pipeline that runs when it begins serves all of it, so a
 * reload in the middle of a stream shows in the next one.  A batch ends early when it takes long, or
 * makes much; then others have their turn, and the client gets what there is.  What may block runs on
 * a worker, a batch at a time, where it lies: while it does the exchange is parked, so nothing moves.
 *
 * The head of the answer names what serves the first batch, the trailer what served the last one.
 *
 * A client that reads slowly is waited for before the next batch; meanwhile nothing of its body is
 * taken, and so nothing more is read.  A queue of workers that is full is waited for as well, as long as
 * a call may take.
 *
 * It is lines that count as progress: a client that sends none for long, be it byte by byte, is left.
 */
#include "agent/http/stream.h"

#include "agent/http/front.h"
#include "agent/ndjson/ndjson.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BATCH_NS  10000000            /* so long, and the next line is another batch's */
#define BATCH_OUT ((size_t)128 << 10) /* likewise, bytes */
#define TOGETHER  8                   /* quick lines are timed together, ... */
#define LONG_NS   INT64_C(5000000000) /* ... unless they have less: it counts from the first */
#define OUT_KEPT  ((size_t)256 << 10)

struct stream {
	struct request *request;
	struct ndjson engine;
	struct front front;                       /* who serves this batch */
	struct meters_tally tallies[AB_VARIANTS]; /* of its sides */
	struct text out;
	atomic_bool pause; /* after the line under way */
	int64_t now, batch_ends;
	uint32_t untimed;           /* lines since `now`, ... */
	struct meters_tally *timed; /* ... all of that side */
	bool quick;                 /* they were, until then */
	uint64_t moved_lines;       /* that were told as progress */
	uint64_t generation;        /* of the last batch; */
	bool described;             /* the head of the answer is known, */
	bool begun;                 /* and out */
	bool full;                  /* the client has much to read */
	bool last;                  /* no more lines come */
	const char *in;             /* what a worker has, */
	size_t in_len, taken;       /* and how much of it is done */
	int64_t handed_on;          /* when */
	int code;                   /* what the engine said */
	bool over;                  /* the answer has its end, good or bad */
};

bool stream_type(const char *type)
{
	static const char *const names[] = {"application/x-ndjson", "application/ndjson"};
	size_t len = type ? strcspn(type, "; \t") : 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (len == strlen(names[i]) && !strncasecmp(type, names[i], len))
			return true;
	return false;
}

/* ---- a batch ---- */

/*
 * A look at the clock costs as much as a tenth of a quick line, and tells no more than that it was quick.  So
 * a few are timed together, until they are not.
 */
static int64_t look_at_clock(struct stream *s)
{
	int64_t now = loop_now(), took = now - s->now;
	meters_tally_time(s->timed, s->untimed, took);
	s->quick = took <= METERS_QUICK_NS && s->request->timeout >= LONG_NS;
	s->untimed = 0;
	s->now = now;
	if (now >= s->batch_ends)
		atomic_store_explicit(&s->pause, true, memory_order_relaxed);
	return took;
}

static int run_line(void *arg, struct document **document, const char *line, size_t len,
		    struct flume_err *err)
{
	struct stream *s = arg;
	char variant[AB_NAME];
	caller_next(s->request->caller, &s->engine.call);
	const struct call_side *side =
		front_choose(&s->front, &s->engine.call, *document, variant);
	if (!side)
		return flume_fail(err, FLUME_FAILED, "variant '%s' is not here any more",
				  variant);
	s->engine.call.deadline_ns = s->now + s->request->timeout;
	struct meters_tally *tally = &s->tallies[side - s->front.sides];
	if (s->untimed && s->timed != tally)
		look_at_clock(s);
	s->timed = tally;
	s->generation = side->generation;
	flume_pipeline *candidate = call_pick(side, *document, line, len);
	int result = call_document(side, candidate, &s->engine.call, document, err);
	call_offer(side, line, len);
	meters_tally(tally, result);
	bool shown = taps_wanted(&s->request->http->taps);
	if (++s->untimed < TOGETHER && s->quick && !shown)
		return result;
	int64_t took = look_at_clock(s);
	if (shown)
		call_show(s->request, side, candidate,
			  &(struct call_end){result, err, took, line, len, *document});
	return result;
}

/* Of a switch in front each line has a schema of its own. */
static void describe(struct stream *s)
{
	struct request *r = s->request;
	if (s->front.item)
		answer_header(&r->answer, "Flume-Switch", r->name);
	else
		call_describe(&r->answer, &s->front.sides[0], NULL);
}

/* False: there is no such pipeline any more. */
static bool open_batch(struct stream *s)
{
	if (!front_enter(&s->front, s->request))
		return false;
	s->now = loop_now();
	s->batch_ends = s->now + BATCH_NS;
	if (!s->front.item)
		s->generation = s->front.sides[0].generation;
	if (!s->described)
		describe(s);
	s->described = true;
	atomic_store_explicit(&s->pause, false, memory_order_relaxed);
	return true;
}

static void close_batch(struct stream *s)
{
	const struct request *r = s->request;
	if (s->untimed)
		look_at_clock(s);
	caller_end(r->caller);
	for (size_t i = 0; i < s->front.n; i++)
		meters_add(r->http->meters, exchange_thread(r->exchange),
			   s->front.sides[i].name, &s->tallies[i]);
	front_leave(&s->front);
}

static void feed(struct stream *s, const char *in, size_t len, size_t *taken)
{
	*taken = 0;
	s->code = s->last ? ndjson_end(&s->engine, &s->out)
			  : ndjson_feed(&s->engine, in, len, taken, &s->out, BATCH_OUT);
}

/* ---- the answer ---- */

static void open_answer(struct stream *s)
{
	struct request *r = s->request;
	if (s->begun)
		return;
	s->begun = true;
	r->answer.status = HTTP_OK;
	r->answer.type = "application/x-ndjson";
	answer_header(&r->answer, "Trailer", "Flume-Lines, Flume-Rejected, Flume-Generation");
	request_stream(r);
}

static void send_out(struct stream *s)
{
	if (s->out.len)
		s->full = !exchange_write(s->request->exchange, s->out.s, s->out.len);
	s->out.len = 0;
	if (s->out.cap > OUT_KEPT)
		text_fini(&s->out);
}

static void end_well(struct stream *s)
{
	struct exchange *x = s->request->exchange;
	char number[24];
	s->over = true;
	snprintf(number, sizeof number, "%" PRIu64, s->engine.lines);
	exchange_trailer(x, "Flume-Lines", number);
	snprintf(number, sizeof number, "%" PRIu64, s->engine.rejected);
	exchange_trailer(x, "Flume-Rejected", number);
	snprintf(number, sizeof number, "%" PRIu64, s->generation);
	exchange_trailer(x, "Flume-Generation", number);
	exchange_end(x);
}

/* The client sees a last line that says why, and a body that is not complete. */
static void end_badly(struct stream *s, const char *word, const char *why)
{
	struct ndjson_refusal last = {.line = s->engine.lines + (s->code != FLUME_CANCELLED),
				      .word = word,
				      .step = "",
				      .detail = why};
	open_answer(s);
	ndjson_write_refusal(&s->out, &last);
	send_out(s);
	s->over = true;
	meters_cut(s->request->http->meters, word);
	exchange_abort(s->request->exchange);
}

/* False: the stream has ended. */
static bool good(struct stream *s)
{
	if (s->code == FLUME_LIMITED)
		end_badly(s, "busy",
			  "no worker was free in the time of a call: too many wait already");
	else if (s->code == FLUME_CANCELLED)
		end_badly(s, "closing",
			  "the agent is shutting down: no line from here on was "
			  "processed to its end");
	else if (s->code)
		end_badly(s, "out-of-memory",
			  "out of memory: the lines behind this one were not "
			  "processed");
	return !s->code;
}

/* Between two lines. */
static void end_cancelled(struct stream *s)
{
	s->code = FLUME_CANCELLED;
	s->engine.lines++;
	good(s);
}

/* What came of a batch goes out. */
static bool settle(struct stream *s)
{
	if (!good(s))
		return false;
	if (s->engine.lines > s->moved_lines)
		exchange_moved(s->request->exchange);
	s->moved_lines = s->engine.lines;
	open_answer(s);
	send_out(s);
	exchange_flush(s->request->exchange);
	if (s->last)
		end_well(s);
	return !s->last;
}

static void end_unknown(struct stream *s)
{
	s->code = FLUME_NOT_FOUND;
	end_badly(s, "not-found", "the pipeline is not there any more");
}

/* ---- on a worker ---- */

static bool work(struct request *r)
{
	struct stream *s = r->flow_arg;
	if (loop_now() - s->handed_on > r->timeout) {
		s->code = FLUME_LIMITED;
		return true;
	}
	if (!open_batch(s)) {
		s->code = FLUME_NOT_FOUND;
		return true;
	}
	feed(s, s->in, s->in_len, &s->taken);
	close_batch(s);
	return true;
}

static void hand_on(struct stream *s, const char *in, size_t len)
{
	s->in = in;
	s->in_len = len;
	s->taken = 0;
	s->handed_on = loop_now();
	int rc = request_flow_to_worker(s->request, s->request->name, work);
	if (!rc)
		return; /* it may be over already */
	s->code = rc;
	if (rc == FLUME_CANCELLED)
		end_cancelled(s);
	else
		request_ready(s->request);
}

/* ---- what the server calls ---- */

static bool may_block(const struct stream *s)
{
	return s->front.may_block;
}

/* Returns how much is done. */
static size_t run_here(struct stream *s, const char *in, size_t len)
{
	size_t taken;
	feed(s, in, len, &taken);
	close_batch(s);
	if (!settle(s))
		return len;
	if (taken < len && !s->full)
		exchange_wake(s->request->exchange); /* after the others */
	return taken;
}

static size_t piece(struct request *r, const char *data, size_t len)
{
	struct stream *s = r->flow_arg;
	size_t done = s->taken;
	s->taken = 0;
	s->last = !len;
	if (len && (s->full || done == len))
		return done;
	if (flume_cancel_requested(r->http->cancel)) {
		end_cancelled(s);
		return len;
	}
	if (!open_batch(s)) {
		end_unknown(s);
		return len;
	}
	if (!may_block(s))
		return done + run_here(s, data + done, len - done);
	open_answer(s);
	front_leave(&s->front);
	hand_on(s, data + done, len - done);
	return done;
}

static void room(struct request *r)
{
	struct stream *s = r->flow_arg;
	s->full = false;
	exchange_moved(r->exchange);
	exchange_resume(r->exchange);
}

/* Before there was any line it is 408. */
static void late(struct request *r)
{
	struct stream *s = r->flow_arg;
	if (s->begun)
		end_badly(s, "too-slow", "the line took too long to come");
}

static void woken(struct request *r)
{
	struct stream *s = r->flow_arg;
	if (s->in) {
		s->in = NULL;
		if (s->code == FLUME_NOT_FOUND)
			end_unknown(s);
		else if (!settle(s))
			return;
	} else if (flume_cancel_requested(r->http->cancel)) {
		end_cancelled(s);
		return;
	}
	if (!s->full)
		exchange_resume(r->exchange);
}

static void gone(struct request *r)
{
	struct stream *s = r->flow_arg;
	atomic_store(&s->pause, true);
}

static void done(struct request *r)
{
	struct stream *s = r->flow_arg;
	if (!s->over)
		meters_cut(r->http->meters, "gone");
	ndjson_fini(&s->engine);
	text_fini(&s->out);
	free(s);
}

static const struct http_flow flow = {piece, room, late, woken, gone, done};

void stream_begin(struct request *r)
{
	struct stream *s = calloc(1, sizeof *s);
	if (!s) {
		answer_status(&r->answer, HTTP_UNAVAILABLE);
		return;
	}
	s->request = r;
	s->engine.call.cancel = r->http->cancel;
	caller_begin(r->caller, r->id, &s->engine.call);
	s->engine.run = run_line;
	s->engine.most = r->http->max_body;
	s->engine.pause = &s->pause;
	s->engine.arg = s;
	r->flow = &flow;
	r->flow_arg = s;
	exchange_take_pieces(r->exchange);
	exchange_moved(r->exchange);
}
