/*
 * http.h - the node over HTTP: documents through pipelines, schemas, status, metrics.
 *
 * Requests run on a few threads that wait for sockets; calls that may block go to workers, and
 * changes of schemas to the loop, where the engine lives.
 */
#ifndef FLUME_AGENT_HTTP_H
#define FLUME_AGENT_HTTP_H

#include "agent/engine/engine.h"
#include "agent/loop/loop.h"
#include "agent/switches/switches.h"
#include "lib/flume.h"

struct etcd;
struct fleet_page;
struct http;

/* Where what was set over HTTP is kept, so that it outlives the agent.  Both run on the loop
 * after the engine has agreed; when they fail the client hears that the change runs but is not
 * saved. */
struct http_keeper {
	int (*save)(void *arg, const char *name, const char *text, size_t len,
		    enum flume_format, struct flume_err *err);
	/* FLUME_NOT_FOUND when nothing was kept under this name. */
	int (*remove)(void *arg, const char *name, struct flume_err *err);
	void *arg;
};

/* 0 and NULL take the default in brackets.  Everything is copied but the keeper's arg. */
struct http_options {
	const char *listen;   /* "127.0.0.1:8410", "[::1]:0", ":8410" [no TCP]       */
	const char *socket;   /* path of a unix socket [none]                        */
	bool socket_optional; /* when it cannot be had, say so and go on [that is an error]  */
	const char *token;    /* without it, nobody may write over TCP               */
	const char *node;     /* its name, which Host may have                        */
	const char *const *allow_hosts; /* more such names; NULL at the end           */
	const char *const *tap_redact;  /* paths that no tap shows; likewise           */
	const char *read_only; /* why schemas cannot be changed here [they can]       */
	const struct http_keeper *keeper;        /* [nothing is kept] */
	struct switches *switches;               /* [there are none]  */
	const struct http_keeper *switch_keeper; /* of those [nothing is kept] */
	struct etcd *etcd;        /* schemas are written there, below ...               */
	const char *prefix;       /* ... this, and come back from there [they are set here]  */
	struct fleet_page *fleet; /* all nodes [there is no etcd: this node alone] */
	size_t max_body;          /* bytes of a document or schema [1 MiB]               */
	int64_t timeout_ns;       /* the most a call may take, its wait included [30 s]  */
	int64_t drain_ns;         /* what http_free grants requests in flight [10 s]     */
	int64_t idle_ns;          /* a connection without traffic is closed [30 s]       */
	int64_t stream_idle_ns;   /* a stream of lines that brings none is left [5 min] */
	unsigned connections;     /* at the same time; one more is 503 [1024]            */
	unsigned threads;         /* that serve sockets [2]                              */
	unsigned workers;         /* that run what may block; a pipeline gets half [32]  */
	size_t queue;             /* calls that may wait; a pipeline gets half [1024]    */
};

/* On the loop's thread, or before it runs.  Everything given outlives the http; `err` names the
 * address that could not be had. */
int http_new(struct http **out, struct loop *, flume_factory *, struct engine *, struct board *,
	     const struct http_options *, struct flume_err *err);
/* On the loop's thread: what an operator may change while it serves, which are allow_hosts, token,
 * tap_redact, max_body, timeout_ns and drain_ns; the other options are as they were.  A request that has
 * begun goes on with what it began with.  0; or FLUME_INVALID or FLUME_NOMEM, and then nothing has
 * changed. */
int http_change(struct http *, const struct http_options *, struct flume_err *err);
/* On the loop's thread, or after it ran.  Accepts no more, lets requests in flight end (cancels
 * them after drain_ns), answers 503 to changes that the engine still works on.  Returns NULL; or,
 * two seconds after the cancel, the http itself when a call does not end: then that call still uses
 * all that was given, so the process has to end, or to try again later. */
struct http *http_free(struct http *);
/* On the loop's thread: the board has a new page.  Takes an http, for engine_on_status. */
void http_look(void *);
/* Of the TCP socket, 0 when there is none. */
int http_port(const struct http *);
/* Of the unix socket, "" when there is none. */
const char *http_socket(const struct http *);

#endif
