/*
 * serve.h - an HTTP/1.1 server: requests in, answers out.  Knows nothing of what they are about.
 *
 * A few threads, each with an epoll of its own, own the connections that serve_enter hands out in
 * turn.  One request and its answer are an exchange; those of a connection come one after another.
 * Everything is called on the exchange's thread and must not block, unless it says otherwise.
 *
 *     begin    the head is there: answer (a refusal), or let the body come, whole or in pieces
 *     run      the whole body is there: answer, or park the exchange and hand it on
 *     piece    the next piece of a body: take as much as you like
 *     room     the answer had become too long for a slow client, and may go on
 *     late     the body that comes in pieces did not get on for too long
 *     woken    somebody called exchange_wake
 *     done     the last call: the answer is on its way, or never will be
 *
 * An answer is sent whole, or as a stream whose pieces go out as they come, also while pieces of the
 * body come in.  What a client does not read is kept up to a limit that exchange_write tells of; while
 * nobody takes a piece, nothing more is read.
 */
#ifndef FLUME_AGENT_SERVE_H
#define FLUME_AGENT_SERVE_H

#include "agent/serve/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct serve;
struct exchange;

/* ---- the server ---- */

struct serve_handler { /* each may be NULL but begin, run and done */
	void *arg;     /* see exchange_arg */
	size_t size;   /* bytes of the handler's own with each exchange: see exchange_own */

	void (*begin)(struct exchange *);
	void (*run)(struct exchange *);
	/* Returns how many of `len` bytes it has taken: fewer mean that no piece comes until
	 * exchange_resume.  `len` 0, once: the body has ended. */
	size_t (*piece)(struct exchange *, const char *data, size_t len);
	void (*room)(struct exchange *);
	/* pause_ns went by: may write last words, and end the answer, which is cut off otherwise; one
	 * that has not begun is 408. */
	void (*late)(struct exchange *);
	void (*woken)(struct exchange *);
	/* The client is gone, and the exchange is parked: whoever works on it may stop. */
	void (*gone)(struct exchange *);
	/* Comes after begin or refuse, but not while it is parked. */
	void (*done)(struct exchange *);
	/* A message that is none (`code` is a word for what is wrong), before or instead of begin:
	 * may answer with `status` and a body that says `why`; if it does not, there is none.
	 * exchange_own is as begin would find it. */
	void (*refuse)(struct exchange *, unsigned status, const char *code, const char *why);
	/* The bytes of one's own are thrown away: they hold what earlier exchanges left there. */
	void (*drop)(void *own);
	/* One connection too many was turned away.  Any thread. */
	void (*turned_away)(void *arg);
};

struct serve_options {    /* 0 takes the default in brackets */
	unsigned threads; /* [2] */
	unsigned
		connections; /* over TCP, and as many over the unix socket; one more is 503 [1024] */
	size_t max_head;   /* bytes: 431 [16 KiB] */
	size_t max_target; /* bytes of the URL: 414 [8 KiB] */
	size_t max_body;   /* of one that is collected: 413 [1 MiB] */
	int64_t idle_ns; /* a connection with nothing to do, or whose client reads nothing [30 s] */
	int64_t head_ns; /* for the whole of a head: 408 [idle_ns] */
	unsigned
		least_rate; /* bytes a second that a collected body brings after idle_ns: 408 [1024] */
	int64_t pause_ns; /* that a body in pieces does not get on: see late [10 idle_ns] */
};

/* Its threads have all signals blocked.  The handler is copied.  NULL when there is no memory, or no
 * thread or descriptor to be had. */
struct serve *serve_new(const struct serve_options *, const struct serve_handler *);
/* Any thread.  `arg` is the struct serve.  Owns `fd`, a connected socket that does not block. */
void serve_enter(void *arg, int fd, const struct sockaddr *, socklen_t);
/* Any thread: from now on every whole answer ends its connection. */
void serve_end_connections(struct serve *);
bool serve_is_ending(const struct serve *);
/* Any thread: connections that wait for another request end now.  One that comes at that very moment is not
 * carried out, so its client may send it again elsewhere. */
void serve_end_idle(struct serve *);
/* Any thread.  So many threads have not done that yet. */
unsigned serve_ending_idle(const struct serve *);
/* Any thread: calls `woken` of every exchange that is under way and not parked. */
void serve_wake_all(struct serve *);
/* Any thread.  Connections that are open; those whose first request is still to come; exchanges between
 * their head and their last byte. */
unsigned serve_connections(const struct serve *);
unsigned serve_fresh(const struct serve *);
unsigned serve_active(const struct serve *);
/* Cuts off whatever is there and joins the threads.  No exchange may be parked.  NULL is fine;
 * returns NULL. */
struct serve *serve_free(struct serve *);

/* ---- the request: texts are good until the call returns, and as long as it is parked ---- */

void *exchange_arg(const struct exchange *);
/* Zeroed at first; a later exchange of the same thread finds there what an earlier one left. */
void *exchange_own(struct exchange *);
unsigned exchange_thread(const struct exchange *); /* from 0 */
bool exchange_is_local(const struct exchange *);   /* through the unix socket */
/* On its thread.  Who has connected: "10.0.0.7", "fe80::1", of the unix socket "uid 1000"; "" when that
 * cannot be told (any more). */
void exchange_peer(const struct exchange *, char *out, size_t size);

const char *exchange_method(const struct exchange *); /* "GET" */
const char *exchange_path(const struct exchange *);   /* decoded, without a NUL in it */
/* Decodes the value of `?name=value` ("" when there is none).  False: not mentioned. */
bool exchange_query(const struct exchange *, const char *name, char *value, size_t size);
/* The first line of that name, without blanks around it; NULL when absent. */
const char *exchange_header(const struct exchange *, const char *name);
/* The next one, after `before`, which this or exchange_header gave. */
const char *exchange_next_header(const struct exchange *, const char *name, const char *before);

/* In begin: the body is not collected, `piece` gets it, and may be of any length. */
void exchange_take_pieces(struct exchange *);
/* From begin on: the body got on just now.  Without this each byte of it counts. */
void exchange_moved(struct exchange *);
/* In begin: of a body that is collected, in place of max_body. */
void exchange_limit_body(struct exchange *, size_t most);
/* From run on; "" when there is none, not terminated. */
const char *exchange_body(const struct exchange *, size_t *out_len);
void exchange_resume(struct exchange *);

/* ---- for others to go on with ---- */

/* The exchange is somebody else's: until exchange_wake no call is made for it but `gone`, and it
 * stays even when its client leaves.  Whoever has it may look at the request and at exchange_own. */
void exchange_park(struct exchange *);
/* Any thread: ends that, and has `woken` called.  Also for one that is not parked, from begin until
 * done has returned; many calls may become one. */
void exchange_wake(struct exchange *);

/* ---- the answer: the status, then headers, then a body or a stream ---- */

void exchange_status(struct exchange *, unsigned status);
/* `value` is printable.  Content-Length, Connection, Date and their kin are the server's. */
void exchange_add_header(struct exchange *, const char *name, const char *value);
/* Before the body: it may go compressed, if the client likes that and it is long enough. */
void exchange_may_compress(struct exchange *);

/* Whole; copies `body`.  The exchange is over: no call but done follows. */
void exchange_send(struct exchange *, const char *body, size_t len);

/* The head goes out. */
void exchange_stream(struct exchange *);
/* A piece.  Always takes it; false: wait for `room` before the next one.  The client is slow, or gone,
 * and then done follows. */
bool exchange_write(struct exchange *, const char *data, size_t len);
/* What was written so far is to reach the client, compressed or not; when the call that made it
 * returns, it is sent anyway, but for what the compressor keeps. */
void exchange_flush(struct exchange *);
/* Behind the body, for clients that take such; before exchange_end. */
void exchange_trailer(struct exchange *, const char *name, const char *value);
/* The body is complete.  If more of the request's body is to come, it is thrown away. */
void exchange_end(struct exchange *);
/* It is not, and the client sees that: the connection ends in the middle of it. */
void exchange_abort(struct exchange *);

#endif
