/*
 * http_fixture.h - a real server on a port of its own, with a loop that turns on a thread of
 * its own, a factory of documents, an engine, and a client.
 *
 * One node per test: node_open (or node_open_with) and node_close.  Answers live until
 * node_close.
 */
#ifndef FLUME_TESTS_UNIT_HTTP_FIXTURE_H
#define FLUME_TESTS_UNIT_HTTP_FIXTURE_H

#include "agent/http/http.h"
#include "lib/flume.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>

struct reply {
	long status; /* 0: none came */
	char *body;  /* terminated */
	size_t len;
	char *headers; /* all lines */
	struct reply *next;
};

extern struct node {
	struct loop *loop;
	pthread_t turning;
	bool turns;
	flume_factory *factory;
	struct board *board;        /* what the server shows: the tests pin it themselves */
	struct board *engine_board; /* the engine's */
	struct engine *engine;
	struct http *http;
	char home[64];   /* a folder of its own */
	char socket[96]; /* in it */

	atomic_int napping;    /* calls in the processor `nap`, which sleeps to its deadline */
	atomic_int at_gate;    /* calls in the processor `gate` ...    */
	atomic_bool gate_open; /* ... which blocks until this is set   */

	pthread_mutex_t lock; /* of the replies */
	struct reply *replies;
} node;

void node_open(void);
/* The listen address and the socket, a name in node.home, are filled in when there are none. */
void node_open_with(struct http_options);
void node_close(void);
/* The loop stops turning; http_free. */
void node_stop_turning(void);
void node_stop(void);
size_t node_waiting(void); /* requests that were handed on */
size_t node_active(void);  /* requests that have begun */
size_t node_connections(void);
bool node_closing(void);
TCase *node_case(Suite *, const char *name);

/* Stores the schema and binds it under the same name, past the engine. */
void node_bind(const char *name, const char *yaml);
/* One that requires `total`, sets `status`, and drops what has `drop`. */
extern const char checkout_yaml[];
/* A schema of one step, one of the node's C functions: nap, gate, refuse, limit, ... */
void node_bind_step(const char *name);

struct ask {
	const char *method, *path; /* [GET] */
	const char *body;
	size_t len; /* [strlen of the body] */
	const char *headers[6];
	bool chunked;
	bool local; /* through the unix socket ... */
	bool tcp;   /* ... or not: PUT and DELETE go there by themselves */
};
#define ASK(...) ask((struct ask){__VA_ARGS__})
const struct reply *ask(struct ask);
const struct reply *get(const char *path);
const struct reply *post(const char *name, const char *document);
const struct reply *put(const char *name, const char *schema);
/* In the background; join gives the answer. */
struct asking {
	struct ask ask;
	const struct reply *reply;
	atomic_bool over;
	pthread_t thread;
};
void ask_aside(struct asking *);
const struct reply *join(struct asking *);

/* A socket of one's own, connected to the node. */
int dial(void);
void say(int fd, const char *text);
/* Reads until `part` has come; fails when the peer ends first. */
void hear(int fd, const char *part);
/* Reads on to the end, an orderly one or a reset, and closes. */
void hear_the_end(int fd);

void expect_status(const struct reply *, long status);
/* A problem with that status and code, whose text has `part`. */
void expect_problem(const struct reply *, long status, const char *code, const char *part);
void expect_part(const struct reply *, const char *part);
/* The value of a header; NULL when absent.  Good until the next call. */
const char *header(const struct reply *, const char *name);
void expect_header(const struct reply *, const char *name, const char *value);

/* Waits, to the limit of the test. */
#define UNTIL(condition)       \
	do                     \
		until_pause(); \
	while (!(condition))
void until_pause(void);

#endif
