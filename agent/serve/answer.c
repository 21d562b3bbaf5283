/*
 * The answer's side of an exchange.  Heads are written as they are told, behind what other answers
 * of the turn have left in the reactor's buffer.
 */
#include "agent/serve/inside.h"
#include "agent/serve/pack.h"

#include <string.h>

#define WORTH_IT 1024 /* bytes of a body that is compressed */

/* ---- the head ---- */

void exchange_status(struct exchange *x, unsigned status)
{
	struct conn *c = x->conn;
	x->part = ANSWER_HEAD;
	x->status = status;
	x->bodiless = status == HTTP_NO_CONTENT || status == HTTP_NOT_MODIFIED ||
		      !strcmp(exchange_method(x), "HEAD");
	if (status == HTTP_OK) {
		out_text(c, "HTTP/1.1 200 OK");
	} else {
		out_text(c, "HTTP/1.1 ");
		out_number(c, status);
		out_text(c, " ");
		out_text(c, http_reason(status));
	}
	out_text(c, c->reactor->date);
}

static void add_line(struct conn *c, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);
	char *at = out_room(c, name_len + value_len + 4);
	if (!at)
		return;
	at = mempcpy(at, name, name_len);
	at = mempcpy(at, ": ", 2);
	at = mempcpy(at, value, value_len);
	at[0] = '\r';
	at[1] = '\n';
	out_took(c, name_len + value_len + 4);
}

void exchange_add_header(struct exchange *x, const char *name, const char *value)
{
	add_line(x->conn, name, value);
}

/* Does the next request begin where this one ends, as far as we are willing to look? */
static bool can_go_on(const struct exchange *x)
{
	return x->read || x->pieces || (x->continued && x->left <= SKIP_MOST);
}

static void end_head(struct exchange *x)
{
	struct conn *c = x->conn;
	bool wants_close = x->head.close || (!x->head.minor && !x->head.keep_alive);
	if (wants_close || !can_go_on(x) || atomic_load(&c->reactor->serve->ending))
		c->hang_up = true;
	if (c->hang_up)
		out_text(c, "Connection: close\r\n\r\n");
	else if (!x->head.minor)
		out_text(c, "Connection: keep-alive\r\n\r\n");
	else
		out_add(c, "\r\n", 2);
}

/* ---- compressed ---- */

void exchange_may_compress(struct exchange *x)
{
	const char *line = exchange_header(x, "Accept-Encoding");
	x->compress = pack_liked(line);
}

static void add_coding(struct exchange *x)
{
	add_line(x->conn, "Content-Encoding", "gzip");
	add_line(x->conn, "Vary", "Accept-Encoding");
}

/* ---- whole ---- */

void exchange_send(struct exchange *x, const char *body, size_t len)
{
	struct conn *c = x->conn;
	struct reactor *r = c->reactor;
	r->packed.len = 0;
	if (x->compress && len >= WORTH_IT && pack_whole(&r->pack, body, len, &r->packed)) {
		add_coding(x);
		body = r->packed.s;
		len = r->packed.len;
	}
	if (x->status != HTTP_NO_CONTENT && x->status != HTTP_NOT_MODIFIED) {
		out_text(c, "Content-Length: ");
		out_number(c, len);
		out_add(c, "\r\n", 2);
	}
	end_head(x);
	if (!x->bodiless)
		out_body(c, body, len, "");
	exchange_over(x);
}

/* ---- a stream ---- */

void exchange_stream(struct exchange *x)
{
	struct conn *c = x->conn;
	x->compress = x->compress && !x->bodiless;
	if (x->compress)
		x->pack = pack_new();
	if (x->pack)
		add_coding(x);
	x->framed = x->head.minor && !x->bodiless;
	if (x->framed)
		out_text(c, "Transfer-Encoding: chunked\r\n");
	else
		c->hang_up = true;
	end_head(x);
	x->part = ANSWER_STREAM;
}

static void add_chunk(void *arg, const char *data, size_t len)
{
	struct exchange *x = arg;
	struct conn *c = x->conn;
	if (!len || x->bodiless)
		return;
	if (!x->framed) {
		out_body(c, data, len, "");
		return;
	}
	out_hex(c, len);
	out_add(c, "\r\n", 2);
	out_body(c, data, len, "\r\n");
}

bool exchange_write(struct exchange *x, const char *data, size_t len)
{
	struct conn *c = x->conn;
	if (x->pack && !pack_add(x->pack, data, len, add_chunk, x))
		c->broken = true;
	if (!x->pack)
		add_chunk(x, data, len);
	c->full = out_waiting(c) > OUT_HIGH;
	return !c->full && !c->broken;
}

void exchange_flush(struct exchange *x)
{
	if (x->pack && !x->conn->broken && !pack_flush(x->pack, add_chunk, x))
		x->conn->broken = true;
}

void exchange_trailer(struct exchange *x, const char *name, const char *value)
{
	struct bytes *t = &x->trailers;
	if (!bytes_add(t, name, strlen(name)) || !bytes_add(t, ": ", 2) ||
	    !bytes_add(t, value, strlen(value)) || !bytes_add(t, "\r\n", 2))
		x->conn->broken = true;
}

void exchange_end(struct exchange *x)
{
	struct conn *c = x->conn;
	if (x->pack && !pack_end(x->pack, add_chunk, x))
		c->broken = true;
	if (x->framed) {
		out_add(c, "0\r\n", 3);
		out_add(c, x->trailers.s, x->trailers.len);
		out_add(c, "\r\n", 2);
	}
	exchange_over(x);
}

void exchange_abort(struct exchange *x)
{
	exchange_flush(x);
	x->conn->hang_up = true;
	exchange_over(x);
}

void exchange_over(struct exchange *x)
{
	x->part = ANSWER_OVER;
	x->pack = pack_free(x->pack);
}

/* ---- refusals ---- */

void exchange_refuse(struct exchange *x, const struct head_fault *fault)
{
	const struct serve_handler *h = &x->conn->reactor->serve->handler;
	x->conn->hang_up = true;
	if (h->refuse)
		h->refuse(x, fault->status, fault->code, fault->why);
	if (x->part != ANSWER_NONE)
		return;
	exchange_status(x, fault->status);
	exchange_send(x, "", 0);
}
