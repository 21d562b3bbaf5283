/*
 * inside.h - what the files of this room share: the server, a request on its way, a resource.
 */
#ifndef FLUME_AGENT_HTTP_INSIDE_H
#define FLUME_AGENT_HTTP_INSIDE_H

#include "agent/document/caller.h"
#include "agent/engine/note.h"
#include "agent/http/answer.h"
#include "agent/http/guard.h"
#include "agent/http/http.h"
#include "agent/http/ids.h"
#include "agent/http/meters.h"
#include "agent/http/workers.h"
#include "agent/serve/serve.h"
#include "agent/switches/shelf.h"
#include "agent/tap/tap.h"
#include "lib/base/digest.h"
#include "lib/base/live.h"
#include "lib/base/text.h"

#include <pthread.h>

struct lane { /* of one thread that serves */
	_Alignas(64) struct ids ids;
};

struct rules { /* immutable; another one takes its place */
	struct counted counted;
	struct guard guard;
};

struct http {
	struct loop *loop;
	flume_factory *factory;
	struct engine *engine;
	struct board *board;
	struct switches *switches;       /* NULL: there are none */
	struct shelf *shelf;             /* theirs, or NULL      */
	struct switchboard *switchboard; /* likewise */

	struct live rules; /* struct rules */
	struct http_keeper keeper, switch_keeper;
	char *read_only;
	_Atomic size_t max_body;
	_Atomic int64_t timeout_ns;
	int64_t drain_ns;

	struct door *door;
	struct serve *serve;
	struct lane *lanes;
	struct workers *workers;
	struct meters *meters;
	struct taps taps;
	struct edits *edits;
	struct through *through;  /* the main thread's; NULL: schemas are not written to etcd */
	bool writes_through;      /* there is one, or was before the end; any thread */
	struct fleet_page *fleet; /* NULL: there is no etcd */
	flume_cancel *cancel;     /* of every call */

	pthread_mutex_t lock;
	pthread_cond_t quiet; /* waiting became 0 */
	size_t waiting;       /* requests that were handed on */
	bool shut;            /* none is any more */
};

struct request;

/* What a request does that answers with a stream; all on its thread. */
struct http_flow {
	size_t (*piece)(struct request *, const char *data, size_t len); /* see serve.h */
	void (*room)(struct request *);
	void (*late)(struct request *);
	void (*woken)(struct request *); /* it was handed back, or somebody called */
	void (*gone)(struct request *);
	void (*done)(struct request *);
};

struct http_method {
	const char *name; /* "GET" serves HEAD too; NULL ends a list */
	bool changes;     /* asks for the right to write */
	bool compressed;  /* a long answer may be */
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
extern const struct http_resource resource_pipeline, resource_tap, resource_schemas,
	resource_schema, resource_clear, resource_hold, resource_confirm, resource_freeze,
	resource_confirm_all, resource_status, resource_fleet, resource_healthz,
	resource_readyz, resource_metrics, resource_switches, resource_switch;

/* NULL when there is none; `out_name` points into `url` at the name, "" where there is none. */
const struct http_resource *route_find(const char *url, const char **out_name, size_t *out_len);
/* NULL when the resource has none of that name. */
const struct http_method *route_method(const struct http_resource *, const char *name);
/* "GET, HEAD, PUT", for the header Allow. */
void route_methods(const struct http_resource *, char *out, size_t size);

/* A request lives from its headers until its answer is sent.  It belongs to the thread of its
 * connection, and from request_wait to request_ready to whoever it was handed to. */
struct request {
	struct http *http;
	struct exchange *exchange;
	const struct http_method *method;
	const char *name;      /* what follows the resource's path; "" */
	struct text name_text; /* holds it */
	struct body {          /* lent; not terminated */
		const char *s;
		size_t len;
	} body;
	/* Of that name, as it was when the request began; NULL: none, or not asked. */
	flume_binding *binding;
	char id[ID_SIZE];
	struct caller *caller;        /* stays with the place of the request; NULL: no memory */
	const struct http_flow *flow; /* NULL: there is one answer */
	void *flow_arg;
	bool live;  /* it has begun, and is not over */
	bool local; /* came through the unix socket */
	bool waiting;
	enum flume_format format; /* of a body that is a schema ... */
	char digest[DIGEST_SIZE]; /* ... and its digest, once it was checked */
	struct note note; /* of an operator; of other changes `by` alone, whence it came */
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

/* Is there such a pipeline?  It is kept in mind, so that what follows finds it soon. */
bool request_find_binding(struct request *);
/* A new reference to what `name` is bound to, or NULL. */
flume_pipeline *request_dup_pipeline(const struct request *, const char *name);

/* Parks the exchange.  False, with the answer given, when the server has waited for others as
 * long as it will; otherwise request_ready must follow, once, from any thread. */
bool request_wait(struct request *);
/* The answer is there.  The request is not the caller's any more. */
void request_ready(struct request *);
/* Has `work` make the answer on a worker, as one of `group`, a pipeline or "" for none; answers
 * itself, and counts a failed call, when there is no room.  `work` returns false when it has handed the request on instead. */
void request_to_worker(struct request *, const char *group, bool (*work)(struct request *));

/* The same for a flow, which waits for room however long that takes: 0; FLUME_CANCELLED when the server
 * is shut; or FLUME_NOMEM, and then the request waits, and request_ready must follow. */
int request_flow_to_worker(struct request *, const char *group, bool (*work)(struct request *));
/* The head of r->answer, whose body is a stream. */
void request_stream(struct request *);

/* For what is shown as YAML or JSON: which one the client likes.  The answer gets `digest` as its
 * ETag.  False, with the answer given: the client has that already, or will take neither. */
bool request_may_read(struct request *, const char *digest, enum flume_format *out);

/* The rules as they are; lent until live_leave.  For what is brief. */
const struct rules *rules_enter(const struct http *);
/* NULL when out of memory. */
struct rules *rules_new(const struct http_options *);
/* Puts them in the place of those before; NULL: there are none any more. */
void rules_put(struct http *, struct rules *);
void rules_limits(struct http *, const struct http_options *);
/* 200 with that document, or 304 and the like. */
void request_show(struct request *, const flume_schema *);
/* Of what is set, "schema" or "switch": may it have that name, may it be changed here, and both for a
 * PUT, whose format becomes known.  False, with the answer given: no. */
bool request_good_name(struct request *, const char *what);
bool request_may_change(struct request *);
bool request_may_set(struct request *, const char *what);

/* The headers are there: finds the method, or answers why not. */
void request_admit(struct request *);
void request_too_large(struct request *); /* answers */

/* What the server calls; `arg` is the http. */
extern const struct serve_handler request_handler;

/* ---- changes of schemas, and what else is carried out on the loop ---- */

enum edit_kind {
	EDIT_SET,
	EDIT_DELETE,
	EDIT_CONFIRM, /* a deletion that is held: see engine_confirm */
	EDIT_SET_SWITCH,
	EDIT_DELETE_SWITCH,
	/* What an operator says, with a note as the body; without a name it is about all. */
	EDIT_CLEAR, /* of the version that is wanted, or that the note names */
	EDIT_CLEAR_ALL,
	EDIT_HOLD,
	EDIT_RELEASE,
	EDIT_AGREE, /* to deletions that are held, and never more */
	EDIT_FLEET, /* changes nothing: see fleet.h */
};

int edits_new(struct edits **out, struct http *, struct flume_err *err);
/* Any thread: asks the engine to do that with the schema, or the switch, which the request names.  The request
 * waits and gets its answer. */
void edits_push(struct edits *, struct request *, enum edit_kind);
/* On the loop: does If-Match, or If-None-Match, fit what runs now?  False, with the answer given, when it does
 * not. */
bool edits_expected(struct request *, bool in_switches);
/* On the loop's thread: answers all that are under way, and those still to come, with 503. */
void edits_close(struct edits *);
/* After edits_close, when no request is left.  NULL is fine; returns NULL. */
struct edits *edits_free(struct edits *);

#endif
