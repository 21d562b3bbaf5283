/*
 * inside.h - what the files of this room share: the server, its threads, connections, exchanges.
 *
 * But for the inbox of a reactor, and what is atomic, everything belongs to one reactor's thread.
 */
#ifndef FLUME_AGENT_SERVE_INSIDE_H
#define FLUME_AGENT_SERVE_INSIDE_H

#include "agent/serve/chunk.h"
#include "agent/serve/head.h"
#include "agent/serve/serve.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#define BUFFER    ((size_t)64 << 10)   /* a reactor's own, lent to the connection in turn */
#define FLOWING   ((size_t)256 << 10)  /* that of a body which goes through in pieces */
#define OUT_HIGH  ((size_t)256 << 10)  /* a client that has so much to read is slow ... */
#define OUT_LOW   ((size_t)64 << 10)   /* ... until it has no more than this */
#define SKIP_MOST ((uint64_t)64 << 20) /* of a body that nobody wants */
#define NEVER     INT64_MAX
#define NS_PER_S  1000000000LL

struct bytes {
	char *s;
	size_t len, cap;
};

enum answer_part { ANSWER_NONE, ANSWER_HEAD, ANSWER_STREAM, ANSWER_OVER };

struct exchange {
	struct conn *conn;
	SLIST_ENTRY(exchange) free;
	bool begun; /* the handler knows of it, and waits for done */

	/* Of the request.  Places count from where it begins. */
	struct head head;
	bool bad;              /* what stands there is no head */
	bool pieces;           /* the body is not collected */
	bool tells;            /* when it got on: then, `moved` */
	bool read;             /* all of the body was read */
	bool wrong;            /* its chunks are none */
	bool paused, end_told; /* of the pieces */
	bool continued;        /* 100 was sent, or need not be */
	size_t most;           /* bytes of a body that is collected */
	uint64_t left;         /* bytes that did not come yet, when it is not chunked */
	uint64_t received;     /* bytes that did */
	int64_t moved;
	struct chunk chunk;
	size_t data, data_end; /* places of what was decoded, and not taken */
	size_t raw;            /* place of what was not decoded yet */

	/* Of the answer. */
	enum answer_part part;
	unsigned status;
	bool bodiless; /* HEAD, or a status without a body */
	bool framed;   /* the stream goes out in chunks */
	bool compress;
	struct pack *pack; /* of a stream that is compressed */
	struct bytes trailers;

	/* Of those who wait. */
	bool parked, gone_told;
	atomic_bool waking; /* is in the inbox; written under its lock */
	STAILQ_ENTRY(exchange) wake;

	max_align_t own[];
};

struct conn {
	LIST_ENTRY(conn) link;
	TAILQ_ENTRY(conn) turn; /* while it is queued */
	struct reactor *reactor;
	int fd; /* -1: closed */
	bool local;
	bool queued;   /* has more to read, and others come first */
	bool readable; /* as far as we know */
	bool ended;    /* the client sends no more */
	bool leaves;   /* the end is behind what is there: no event will tell of it again */
	bool broken;   /* nothing goes in or out any more */
	bool watched;  /* for being writable */
	bool full;     /* a stream was told to wait for room */
	bool hang_up;  /* after this answer */
	bool lingering; /* the answer is out; what comes is dropped until the client has seen it */
	bool counted;       /* among the active */
	bool asked;         /* a request has come; until then it is among the fresh */
	struct exchange *x; /* NULL between requests */

	/* What came, from `at` on; lent: in the reactor's buffer. */
	char *in;
	size_t at, len, cap;
	bool lent;
	size_t scanned, line; /* of a head that is not all there */

	/* What could not be sent, from `out_at` on. */
	struct bytes out;
	size_t out_at;

	int64_t due;      /* when something must have happened */
	int64_t touched;  /* when the last byte came, or an exchange ended */
	int64_t sent;     /* when the last byte went, or the first one began to wait */
	int64_t begun;    /* when the head or the body that is coming in began to */
	uint64_t dropped; /* bytes, while lingering */
};

LIST_HEAD(conn_list, conn);
TAILQ_HEAD(conn_turns, conn);

struct arrival { /* a connection on its way to its reactor */
	STAILQ_ENTRY(arrival) link;
	int fd;
	bool local;
};

struct reactor {
	struct serve *serve;
	unsigned number;
	int epoll, wake;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* of the inbox: */
	STAILQ_HEAD(, exchange) woken;
	STAILQ_HEAD(, arrival) arrivals;
	bool called, wake_all, end_idle, stop;

	struct conn_list conns, dead;
	struct conn_turns turns;
	int64_t now, look_at, date_until;
	char date[40]; /* the header's line */
	char *buffer;  /* NULL: lent for good; there will be another */
	char *spare[8];
	unsigned spares;
	SLIST_HEAD(, exchange) free;
	unsigned frees;
	struct bytes out;  /* what the connection in turn sends */
	struct pack *pack; /* of whole bodies; NULL: there was none yet */
	struct bytes packed;
	atomic_uint active, fresh; /* those on their way in are fresh too */
};

struct serve {
	struct serve_handler handler;
	struct serve_options options;
	struct head_limits limits;
	atomic_bool ending; /* each answer ends its connection */
	atomic_uint tcp, local, next;
	atomic_uint ending_idle; /* reactors that have yet to do it */
	unsigned most_tcp, most_local;
	unsigned threads;
	struct reactor reactors[];
};

/* ---- in.c: what comes ---- */

static inline char *in_base(const struct conn *c)
{
	return c->in + c->at;
}
static inline size_t in_len(const struct conn *c)
{
	return c->len - c->at;
}
/* Reads once.  False: nothing there, or nothing more to come, or broken. */
bool in_read(struct conn *);
/* The next connection takes its turn: what is to stay gets a place of its own. */
void in_settle(struct conn *);
/* What is there will not move until the exchange is over. */
void in_fix(struct conn *);
/* `n` bytes were used. */
void in_used(struct conn *, size_t n);
void in_free(struct conn *);

/* ---- out.c: what goes ---- */

void out_add(struct conn *, const char *, size_t);
/* For who writes it there himself: room for `n` bytes, NULL when it is broken; and so many came of it. */
char *out_room(struct conn *, size_t n);
void out_took(struct conn *, size_t n);
void out_text(struct conn *, const char *);
void out_number(struct conn *, uint64_t);
void out_hex(struct conn *, uint64_t);
/* A body, and what ends it: a long one is not copied, if it can go at once. */
void out_body(struct conn *, const char *, size_t, const char *tail);
/* Sends what it can. */
void out_flush(struct conn *);
size_t out_waiting(const struct conn *); /* after a flush */
bool bytes_add(struct bytes *, const char *, size_t);

/* ---- exchange.c, answer.c ---- */

struct exchange *exchange_take(struct reactor *);
void exchange_give(struct reactor *, struct exchange *);
void exchange_drop_free(struct reactor *);
void exchange_reset(struct exchange *);
/* Refuses it in the server's own words, or the handler's; the connection ends with that. */
void exchange_refuse(struct exchange *, const struct head_fault *);
/* The request will not be answered any more, or its answer is out. */
void exchange_over(struct exchange *);

/* ---- flow.c ---- */

/* Does the next thing that can be done with what is there.  False: there is none. */
bool flow_step(struct conn *);
bool flow_wants_input(const struct conn *);
/* What comes in takes too long. */
void flow_refuse_late(struct conn *);
/* The answer was given, or never will be: nobody but the connection knows the exchange any more. */
void flow_release(struct conn *);

/* ---- conn.c ---- */

/* Owns `fd`, which was counted. */
void conn_open(struct reactor *, int fd, bool local);
/* Does all that can be done now. */
void conn_turn(struct conn *);
/* A request has come, and is about to begin. */
void conn_asks(struct conn *);
/* It waits for another request. */
bool conn_is_idle(const struct conn *);
/* Somebody called for its exchange. */
void conn_woken(struct conn *);
/* The client is gone, in both directions. */
void conn_hung_up(struct conn *);
/* It is due. */
void conn_late(struct conn *);
void conn_close(struct conn *);

/* ---- reactor.c ---- */

int reactor_start(struct reactor *, struct serve *, unsigned number);
void reactor_stop(struct reactor *);
void reactor_call(struct reactor *); /* under its lock: it has something in the inbox */

#endif
