/*
 * inside.h - what the files of this room share: the server, a request on its way, a resource.
 */
#ifndef FLUME_AGENT_HTTP_INSIDE_H
#define FLUME_AGENT_HTTP_INSIDE_H

#include "agent/engine/note.h"
#include "agent/http/answer.h"
#include "agent/http/guard.h"
#include "agent/http/http.h"
#include "agent/http/meters.h"
#include "agent/http/workers.h"
#include "lib/base/digest.h"
#include "lib/base/text.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

struct crowd { /* connections */
	unsigned most;
	atomic_uint count;
};

struct http {
	struct loop *loop;
	flume_factory *factory;
	struct engine *engine;
	struct board *board;

	struct guard guard;
	struct http_keeper keeper;
	char *read_only;
	size_t max_body;
	int64_t timeout_ns, drain_ns;

	struct crowd crowd;
	struct door *door;
	struct MHD_Daemon *daemon;
	struct workers *workers;
	struct meters *meters;
	struct edits *edits;
	struct through *through; /* NULL: schemas are not written to etcd */
	flume_cancel *cancel;    /* of every call */

	pthread_mutex_t lock;
	pthread_cond_t quiet; /* active or waiting became 0 */
	size_t active;        /* requests between their first header and their last byte */
	size_t waiting;       /* those of them whose connection is suspended */
	bool closing;         /* no more connections; answers end theirs       */
	bool shut;            /* no request waits for others any more          */
};

struct request;

struct http_method {
	const char *name; /* "GET" serves HEAD too; NULL ends a list */
	bool changes;     /* asks for the right to write */
	/* The headers are there: may refuse by answering.  NULL: nothing to look at. */
	void (*begin)(struct request *);
	/* The body is there: answers, or calls request_wait and hands the request on. */
	void (*run)(struct request *);
};

struct http_resource {
	const char *path;   /* "/schemas/" is followed by a name, "/schemas" by nothing */
	const char *suffix; /* "/clear" follows the name; NULL: nothing does */
	struct http_method methods[4];
};

/* One resource per file; route.c has the list of them. */
extern const struct http_resource resource_pipeline, resource_schemas, resource_schema,
	resource_clear, resource_hold, resource_confirm, resource_freeze, resource_confirm_all,
	resource_status, resource_healthz, resource_readyz, resource_metrics;

/* NULL when there is none; `out_name` points into `url` at the name, "" where there is none. */
const struct http_resource *route_find(const char *url, const char **out_name, size_t *out_len);
/* NULL when the resource has none of that name. */
const struct http_method *route_method(const struct http_resource *, const char *name);
/* "GET, HEAD, PUT", for the header Allow. */
void route_methods(const struct http_resource *, char *out, size_t size);

/* A request lives from its headers until its answer is sent.  It belongs to the thread that
 * reads its connection, and from request_wait to request_ready to whoever it was handed to. */
struct request {
	struct http *http;
	struct MHD_Connection *connection;
	const struct http_method *method;
	char *name; /* what follows the resource's path; "" */
	struct text body;
	uint64_t received; /* bytes of the body, kept or not */
	bool local;        /* came through the unix socket */
	bool waiting;
	bool hang_up;                     /* nothing more is read from this client */
	enum flume_format format;         /* of a body that is a schema ... */
	char digest[DIGEST_SIZE];         /* ... and its digest, once it was checked */
	struct note note;                 /* of an operator */
	int64_t begun, deadline, timeout; /* of a call, ns */
	struct job job;
	bool (*work)(struct request *); /* of the job */
	struct answer answer;           /* status 0: not yet */
};

/* NULL when absent. */
const char *request_header(const struct request *, const char *name);
/* All lines of a header that is a list, joined by commas; NULL when absent.  free(3).  0 or
 * FLUME_NOMEM. */
int request_dup_list(const struct request *, const char *name, char **out);
/* `?name`, `?name=true`; "0" and "false" are no. */
bool request_flag(const struct request *, const char *name);

/* Bytes the body will have; 0 when there is none, or it comes in chunks. */
uint64_t request_announced(const struct request *);
/* A new reference to what `name` is bound to, or NULL. */
flume_pipeline *request_dup_pipeline(const struct request *, const char *name);

/* Suspends the connection.  False, with the answer given, when the server has waited for others as
 * long as it will; otherwise request_ready must follow, once, from any thread. */
bool request_wait(struct request *);
/* The answer is there.  The request is not the caller's any more. */
void request_ready(struct request *);
/* Has `work` make the answer on a worker, as one of `group`, a pipeline or "" for none; answers
 * itself, and counts a failed call, when there is no room.  `work` returns false when it has handed the request on instead. */
void request_to_worker(struct request *, const char *group, bool (*work)(struct request *));

/* For what is shown as YAML or JSON: which one the client likes.  The answer gets `digest` as its
 * ETag.  False, with the answer given: the client has that already, or will take neither. */
bool request_may_read(struct request *, const char *digest, enum flume_format *out);

/* The headers are there: finds the method, or answers why not. */
void request_admit(struct request *, const char *url, const char *method);
/* The same for one whose URL cannot be told from a shorter one. */
void request_refuse_nul(struct request *);
void request_too_large(struct request *); /* answers */

/* For the daemon; `arg` is the server. */
void *request_uri(void *arg, const char *uri, struct MHD_Connection *);
enum MHD_Result request_handle(void *arg, struct MHD_Connection *, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **context);
void request_completed(void *arg, struct MHD_Connection *, void **context,
		       enum MHD_RequestTerminationCode how);

/* ---- how many there are ---- */

void crowd_init(struct crowd *, unsigned most);
/* For all threads of the daemon, which has to be out of reach. */
unsigned crowd_daemon_limit(const struct crowd *, unsigned threads);
/* For the door, `arg` is the server: hands the connection to the daemon, or answers 503 when there are too many. */
void crowd_enter(void *arg, int fd, const struct sockaddr *from, socklen_t len);
/* For the daemon. */
void crowd_leave(void *arg, struct MHD_Connection *, void **context,
		 enum MHD_ConnectionNotificationCode what);

/* ---- changes of schemas, carried out on the loop ---- */

enum edit_kind {
	EDIT_SET,
	EDIT_DELETE,
	EDIT_CONFIRM, /* a deletion that is held: see engine_confirm */
	/* What an operator says, with a note as the body; without a name it is about all. */
	EDIT_CLEAR, /* of the version that is wanted, or that the note names */
	EDIT_CLEAR_ALL,
	EDIT_HOLD,
	EDIT_RELEASE,
	EDIT_AGREE, /* to deletions that are held, and never more */
};

int edits_new(struct edits **out, struct http *, struct flume_err *err);
/* Any thread: asks the engine to do that with the schema which the request names.  The request
 * waits and gets its answer. */
void edits_push(struct edits *, struct request *, enum edit_kind);
/* On the loop's thread: answers all that are under way, and those still to come, with 503. */
void edits_close(struct edits *);
/* After edits_close, when no request is left.  NULL is fine; returns NULL. */
struct edits *edits_free(struct edits *);

#endif
