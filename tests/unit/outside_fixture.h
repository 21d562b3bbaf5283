/* outside_fixture.h - components that reach outside, and who they reach: a web server and sockets of the
 * test's own.  Each verb fails the test by itself. */
#ifndef FLUME_TESTS_OUTSIDE_FIXTURE_H
#define FLUME_TESTS_OUTSIDE_FIXTURE_H

#include "agent/outside/kinds.h"
#include "lib/base/text.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct made { /* a component and its declaration */
	flume_value *decl;
	struct flume_component is;
};

struct made make_outside(const struct flume_maker *, const char *yaml);
void unmake(struct made *);
/* Makes it, and wants one finding of this text, at `c.FIELD`. */
void expect_refused(const struct flume_maker *, const char *yaml, const char *field,
		    const char *text);
/* Sends a document and wants this code. */
void expect_sent(const struct made *, const struct flume_call *, const char *json, int code);
/* Runs a processor: 0 and the output, or a code and the error's text. */
void expect_run(const struct made *, const struct flume_call *, const char *json, int code,
		const char *output);
struct flume_call call_of_ms(int64_t ms);
int64_t ms_now(void);

/* {"i":FROM} and so on, without TO. */
void send_many(const struct made *, int from, int to);
/* These are the first N of them, a line each. */
void expect_lines_in_order(const char *text, int n);

#define DOCUMENTS "flume_channel_documents_total"
/* The value of a counter in what /metrics shows, such as "outcome=\"sent\""; -1: not there. */
long metric(const char *name, const char *channel, const char *more);
void wait_metric(const char *name, const char *channel, const char *more, long value);

/* A case in which each test has a folder of its own. */
TCase *scratch_case(Suite *, const char *name);
const char *scratch_path(const char *name);
void scratch_write(const char *name, const char *text);
/* free(3) */
char *scratch_read(const char *name);

enum { RECEIVER_CONNECTIONS = 32 };
struct receiver { /* a web server: takes requests, answers as it is told */
	int fd;
	uint16_t port;
	pthread_t thread;
	atomic_bool stop;
	pthread_mutex_t lock; /* of what follows */
	struct text bodies;   /* of requests that were answered with 2xx */
	struct text last;     /* request, its head and body */
	size_t requests, connections;
	int status;        /* of answers                                       */
	size_t first;      /* so many of them ...                               */
	int first_status;  /* ... are this instead                              */
	const char *body;  /* of answers                                        */
	const char *extra; /* header lines                                      */
	bool silent;       /* no answer                                         */
	struct {
		int fd;
		struct text in;
	} all[RECEIVER_CONNECTIONS];
};

void receiver_open(struct receiver *);
void receiver_leave(struct receiver *);  /* connections are refused from now on */
void receiver_return(struct receiver *); /* at the same port */
void receiver_close(struct receiver *);
size_t receiver_lines(struct receiver *); /* that came */
void receiver_wait(struct receiver *, size_t lines);

#endif
