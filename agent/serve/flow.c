/*
 * An exchange from its first byte to its last: one thing that can be done after the other.
 *
 * A request that is refused may still be sending its body.  It gets its answer at once, and the rest
 * is read and forgotten, up to SKIP_MOST: a server that closes on unread data makes the client's
 * system throw the answer away.
 */
#include "agent/serve/inside.h"

#include <string.h>
#include <sys/socket.h>

#define LINGER_MOST ((uint64_t)16 << 20)

/* ---- its end ---- */

static void take_from_inbox(struct exchange *x)
{
	struct reactor *r = x->conn->reactor;
	pthread_mutex_lock(&r->lock);
	if (atomic_load(&x->waking))
		STAILQ_REMOVE(&r->woken, x, exchange, wake);
	atomic_store(&x->waking, false);
	pthread_mutex_unlock(&r->lock);
}

static void tell_done(struct exchange *x)
{
	if (!x->begun)
		return;
	x->conn->reactor->serve->handler.done(x);
	x->begun = false;
	if (atomic_load(&x->waking)) /* nobody sets it any more */
		take_from_inbox(x);
}

void flow_release(struct conn *c)
{
	struct exchange *x = c->x;
	exchange_over(x);
	tell_done(x);
	c->x = NULL;
	exchange_give(c->reactor, x);
}

/* ---- refusals ---- */

static void refuse(struct exchange *x, unsigned status, const char *code, const char *why)
{
	const struct head_fault fault = {status, code, why};
	x->begun = true;
	if (x->part == ANSWER_NONE)
		exchange_refuse(x, &fault);
	else
		exchange_abort(x);
}

static struct exchange *new_exchange(struct conn *c)
{
	struct exchange *x = exchange_take(c->reactor);
	if (x)
		x->conn = c;
	else
		c->broken = true;
	return x;
}

static void begin_bad(struct conn *c, struct exchange *x, const struct head_fault *fault)
{
	c->x = x;
	exchange_reset(x);
	x->bad = true;
	x->head.fields_len = 0;
	x->head.query = 0;
	x->head.minor = 1;
	refuse(x, fault->status, fault->code, fault->why);
}

static const struct head_fault late = {HTTP_REQUEST_TIMEOUT, "too-slow",
				       "the request took too long to come"};

static void refuse_late_body(struct exchange *x)
{
	const struct serve_handler *handler = &x->conn->reactor->serve->handler;
	if (x->pieces && handler->late)
		handler->late(x);
	if (x->part != ANSWER_OVER)
		refuse(x, late.status, late.code, late.why);
}

void flow_refuse_late(struct conn *c)
{
	struct exchange *x = c->x ? NULL : new_exchange(c);
	if (c->x)
		refuse_late_body(c->x);
	else if (x)
		begin_bad(c, x, &late);
}

static void refuse_large(struct exchange *x)
{
	refuse(x, HTTP_TOO_LARGE, "too-large", "the body is too large");
}

static void refuse_chunk(struct exchange *x)
{
	refuse(x, HTTP_BAD_REQUEST, "bad-chunk", "the body is not in chunks as it should be");
}

/* ---- the head ---- */

static void begin(struct exchange *x)
{
	struct conn *c = x->conn;
	const struct serve_handler *handler = &c->reactor->serve->handler;
	x->raw = x->data = x->data_end = x->head.size;
	x->left = x->head.length;
	x->read = !x->head.chunked && !x->head.length;
	x->continued = x->read || !x->head.expects || !x->head.minor || in_len(c) > x->raw;
	x->begun = true;
	c->begun = c->reactor->now;
	handler->begin(x);
	if (x->part != ANSWER_NONE)
		return;
	if (!x->pieces && x->left > x->most)
		refuse_large(x);
	else if (!x->pieces && x->read)
		handler->run(x);
	else if (!x->continued)
		out_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
	x->continued = true;
}

static bool read_head(struct conn *c)
{
	struct head_fault fault;
	struct exchange *x = new_exchange(c);
	if (!x)
		return false;
	x->head.scanned = c->scanned;
	x->head.line = c->line;
	if (head_skip(in_base(c), c->scanned) == c->scanned) /* nothing but empty lines yet */
		c->begun = c->reactor->now;
	switch (head_read(&x->head, in_base(c), in_len(c), &c->reactor->serve->limits,
			  &fault)) {
	case HEAD_MORE:
		c->scanned = x->head.scanned;
		c->line = x->head.line;
		exchange_give(c->reactor, x);
		return false;
	case HEAD_BAD:
		begin_bad(c, x, &fault);
		break;
	case HEAD_DONE:
		conn_asks(c);
		c->x = x;
		exchange_reset(x);
		begin(x);
		break;
	}
	c->scanned = c->line = 0;
	return true;
}

/* ---- the body ---- */

/* Decodes what is there, to behind what was.  False: nothing is there. */
static bool decode(struct exchange *x)
{
	char *base = in_base(x->conn), *raw = base + x->raw;
	size_t there = in_len(x->conn) - x->raw, used = there, made;
	if (!there)
		return false;
	if (x->head.chunked) {
		enum chunk_result r = chunk_read(&x->chunk, raw, there, &used, &made);
		x->read = r == CHUNK_DONE;
		x->wrong = r == CHUNK_BAD;
	} else {
		if (used > x->left)
			used = (size_t)x->left;
		made = used;
		x->left -= used;
		x->read = !x->left;
	}
	if (x->data_end != x->raw)
		memmove(base + x->data_end, raw, made);
	x->data_end += made;
	x->raw += used;
	x->received += made;
	return true;
}

/* The place of what was decoded, as far as nothing stands behind it, is free. */
static void close_gap(struct exchange *x)
{
	struct conn *c = x->conn;
	if (x->raw != in_len(c))
		return;
	x->raw = x->data_end;
	c->len = c->at + x->raw;
}

static bool collect(struct exchange *x)
{
	if (!decode(x))
		return false;
	if (x->wrong)
		refuse_chunk(x);
	else if (x->data_end - x->data > x->most)
		refuse_large(x);
	else if (x->read)
		x->conn->reactor->serve->handler.run(x);
	else
		close_gap(x);
	return true;
}

static bool hand_out(struct exchange *x)
{
	const struct serve_handler *handler = &x->conn->reactor->serve->handler;
	size_t len = x->data_end - x->data;
	if (x->paused)
		return false;
	if (len) {
		size_t taken = handler->piece(x, in_base(x->conn) + x->data, len);
		x->data += taken;
		x->paused = taken < len;
		return true;
	}
	x->data = x->data_end = x->head.size;
	if (x->wrong) {
		refuse_chunk(x);
		return true;
	}
	if (!x->read) {
		close_gap(x);
		return decode(x);
	}
	if (x->end_told)
		return false;
	x->end_told = true;
	handler->piece(x, "", 0);
	return true;
}

/* Nobody wants it any more. */
static bool skip(struct exchange *x)
{
	bool more = decode(x);
	x->data = x->data_end = x->head.size;
	close_gap(x);
	if (x->wrong || x->received > SKIP_MOST)
		x->conn->hang_up = true;
	return more;
}

/* ---- one after the other ---- */

/* The answer was given. */
static bool end(struct exchange *x)
{
	struct conn *c = x->conn;
	size_t used = x->raw;
	tell_done(x);
	if (!x->read && !c->hang_up)
		return skip(x) || c->hang_up;
	bool read = x->read;
	flow_release(c);
	c->touched = c->reactor->now;
	in_used(c, read ? used : in_len(c));
	return true;
}

static void linger(struct conn *c)
{
	if (!c->lingering) {
		out_flush(c);
		if (out_waiting(c) || c->broken)
			return;
		c->lingering = true;
		c->begun = c->reactor->now;
		shutdown(c->fd, SHUT_WR);
	}
	c->dropped += in_len(c);
	in_used(c, in_len(c));
	if (c->dropped > LINGER_MOST)
		c->broken = true;
}

bool flow_step(struct conn *c)
{
	struct exchange *x = c->x;
	if (x && x->part == ANSWER_OVER)
		return end(x);
	if (x && x->parked)
		return false;
	if (x && x->pieces)
		return hand_out(x);
	if (x)
		return !x->read && collect(x);
	if (!c->hang_up)
		return in_len(c) && out_waiting(c) <= OUT_HIGH && read_head(c);
	linger(c);
	return false;
}

bool flow_wants_input(const struct conn *c)
{
	const struct exchange *x = c->x;
	if (!x)
		return c->lingering || (!c->hang_up && out_waiting(c) <= OUT_HIGH);
	if (x->parked || x->read)
		return false;
	return x->part == ANSWER_OVER || !x->paused;
}
