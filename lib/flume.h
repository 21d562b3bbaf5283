/*
 * flume.h - build pipelines from schemas, and change them while they run.
 *
 * A factory knows components (processors, predicates, ...) by name.  A schema says how to
 * join them.  Building a schema gives a pipeline; binding a name to a stored schema gives a
 * handle whose pipeline is swapped when the schema is set again.  Calls in flight end on the
 * pipeline they began with.
 *
 * Four rules hold for everything below.
 *
 *   Results    0 is success, a negative value is one of enum flume_code.  A positive value is
 *              a named outcome of that function (FLUME_DROPPED, FLUME_UNCHANGED).
 *   Ownership  new/free and ref/unref come in pairs and accept NULL; free and unref return
 *              NULL, so `p = x_unref(p)` leaves nothing dangling.  get_ lends until the owner
 *              changes, dup_ gives (the caller frees), take_ keeps, even when the call fails.
 *              Text passed in is copied.
 *   Errors     `err` and `report` come last and may be NULL.  They are written on failure
 *              only; outputs are written on success only.
 *   Threads    Unless a line says otherwise any thread may call, and no lock of the library is
 *              held while your code runs.
 */
#ifndef FLUME_H
#define FLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* A typedef is opaque; a struct may be looked into. */
typedef struct flume_factory flume_factory;
typedef struct flume_schema flume_schema;     /* immutable, counted    */
typedef struct flume_pipeline flume_pipeline; /* immutable, counted    */
typedef struct flume_binding flume_binding;   /* counted               */
typedef struct flume_change flume_change;     /* one thread at a time  */
typedef struct flume_report flume_report;     /* one thread at a time  */
typedef struct flume_value flume_value;       /* immutable             */
typedef struct flume_cancel flume_cancel;

/* The version of the library that is linked: "0.1.0". */
const char *flume_version(void);

/* ---- errors ------------------------------------------------------------------------- */

enum flume_code {
	FLUME_OK = 0,
	FLUME_NOMEM = -1,     /* out of memory                                */
	FLUME_INVALID = -2,   /* an argument breaks the contract              */
	FLUME_SYNTAX = -3,    /* the text is not YAML or JSON                 */
	FLUME_REJECTED = -4,  /* the schema was read and found wrong          */
	FLUME_NOT_FOUND = -5, /* no such thing                                */
	FLUME_EXISTS = -6,    /* there is one already                         */
	FLUME_FAILED = -7,    /* a processor said no                          */
	FLUME_TIMED_OUT = -8, /* the deadline of the call passed              */
	FLUME_CANCELLED = -9, /* the caller gave up                           */
	FLUME_REFUSED = -10,  /* an open breaker                              */
	FLUME_LIMITED = -11,  /* an empty bucket, a full queue                */
	FLUME_IO = -12,       /* a file, a socket                             */
	FLUME_IN_USE = -13,   /* something still depends on it                */
	FLUME_CONFLICT = -14, /* the store moved on since it was looked at    */
};

enum flume_outcome {
	FLUME_DROPPED = 1,   /* of a call: the item left the pipeline on purpose        */
	FLUME_UNCHANGED = 2, /* of a set: the store held a schema of this digest already */
};

/* Lower-case English, static storage; "ok" for 0, "unknown" for what is not a code. */
const char *flume_code_text(int code);

/* What went wrong and where.  Lives on your stack; nothing to free.  Set `code` to 0 before
 * the first use. */
struct flume_err {
	int code;
	char path[192]; /* "checkout > retry > charge"; "" when no place is known */
	char text[320];
};

#if defined(__GNUC__)
#define FLUME_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define FLUME_PRINTF(f, a)
#endif

/* Fill `err` (may be NULL) and return `code`, so a step can end with it:
 *     return flume_fail(err, FLUME_FAILED, "order %d has no total", id); */
int flume_fail(struct flume_err *err, int code, const char *fmt, ...) FLUME_PRINTF(3, 4);

/* One thing wrong with a document.  All text is borrowed from the report. */
struct flume_issue {
	const char *code; /* a stable word: "unknown-key", ... (lib/README.md) */
	const char *path; /* "root.children[0].then"; "": the document        */
	const char *text; /* "processor 'validat' not found"                  */
	const char *hint; /* "did you mean 'validate'?"; NULL: none           */
	unsigned line;    /* 1-based; 0: there is no text to point into       */
	unsigned column;  /* 1-based, in characters                           */
};

/* Everything wrong with one document, in document order. */
flume_report *flume_report_new(void);
flume_report *flume_report_free(flume_report *);
size_t flume_report_size(const flume_report *);
const struct flume_issue *flume_report_get_issue(const flume_report *, size_t i);
/* Adds a finding; `at` (may be NULL) gives line and column, `hint` may be NULL.  Text is copied
 * and findings of one document are kept in document order.  A NULL report is fine.  When memory
 * runs out the finding is counted by flume_report_size but its text may be missing. */
void flume_report_add(flume_report *, const char *code, const char *path, const flume_value *at,
		      const char *hint, const char *fmt, ...) FLUME_PRINTF(6, 7);

/* ---- values: what a document says, with the place where it says so -------------------- */

enum flume_format { FLUME_YAML, FLUME_JSON };

enum flume_value_type {
	FLUME_NULL,
	FLUME_BOOL,
	FLUME_NUMBER, /* kept as the text that was written: 1.50 stays 1.50 */
	FLUME_TEXT,
	FLUME_LIST,
	FLUME_MAP, /* keys in document order, none twice */
};

/* 0 in any field takes the default, the first in brackets; the second is the highest it can be. */
struct flume_limits {
	size_t bytes;   /* of text [1 MiB, 64 MiB]                 */
	size_t nodes;   /* values, aliases counted expanded [10,000 nodes of a schema,
			* 134 million; 8 values are allowed for each] */
	unsigned depth; /* of nesting [64 levels of nodes, 500; 4 values deep for each] */
};

/* Reads one YAML 1.2 (as far as libyaml reads it) or strict JSON document.  YAML's plain scalars
 * are typed as JSON would: true, false, null, ~ and JSON numbers; any other is text.  Refuses
 * duplicate keys, a second document, NUL characters, tags and merge keys.  Returns 0,
 * FLUME_SYNTAX or FLUME_NOMEM.  A successful parse is freed with flume_value_free (the root
 * only). */
int flume_value_parse(flume_value **out, const char *text, size_t len, enum flume_format,
		      const struct flume_limits *, flume_report *);
flume_value *flume_value_free(flume_value *);

/* All of these take NULL for a value that is not there: a null, without text, place or size. */
enum flume_value_type flume_value_type(const flume_value *);
/* Scalars: the text, unquoted, terminated by NUL.  Lists and maps: "". */
const char *flume_value_text(const flume_value *);
/* Was the scalar written in quotes (JSON strings always are)? */
bool flume_value_quoted(const flume_value *);
unsigned flume_value_line(const flume_value *);
unsigned flume_value_column(const flume_value *);
/* Lists and maps; 0 for scalars. */
size_t flume_value_size(const flume_value *);
/* Element or map value i; NULL past the end. */
const flume_value *flume_value_at(const flume_value *, size_t i);
/* The key of map entry i, as a text value with a place of its own. */
const flume_value *flume_value_key(const flume_value *, size_t i);
/* The value of `key` in a map; NULL when absent, or not a map. */
const flume_value *flume_value_get(const flume_value *, const char *key);
/* The value as compact JSON, keys in document order; free(3).  NULL when out of memory. */
char *flume_value_dup_json(const flume_value *);

/* "300ms", "1.5s", "1h30m"; units ns us µs ms s m h.  Returns 0 and nanoseconds (>= 0), or
 * FLUME_INVALID for anything else: no sign, no bare number but 0, no overflow. */
int flume_duration_parse(const char *text, int64_t *out_ns);

/* -1, 0 or 1 by semantic version 2.0.0 (a leading v is allowed, build metadata is ignored);
 * FLUME_INVALID when either is not one. */
int flume_version_compare(const char *a, const char *b);

/* ---- fields: the grammar of a map, one row per key ------------------------------------ */

enum flume_field_type {
	FLUME_FIELD_TEXT,       /* a scalar, as text                                      */
	FLUME_FIELD_BOOL,       /* true or false                                          */
	FLUME_FIELD_COUNT,      /* whole number within min..max (1..1e6 when both are 0)  */
	FLUME_FIELD_NUMBER,     /* a finite number > 0                                    */
	FLUME_FIELD_PERCENT,    /* "1%", "0.5%", 0..100                                   */
	FLUME_FIELD_DURATION,   /* "300ms", > 0                                           */
	FLUME_FIELD_SCALAR,     /* a constant that is not a list or a map                 */
	FLUME_FIELD_ANY,        /* any constant                                           */
	FLUME_FIELD_TEXTS,      /* list of text, >= 1                                     */
	FLUME_FIELD_MAP,        /* map of text to any constant, >= 1                      */
	FLUME_FIELD_TEXT_MAP,   /* map of text to text, >= 1                              */
	FLUME_FIELD_PREDICATES, /* a predicate by name, or a list of them, >= 1         */
	/* Only in the tables of connectors: */
	FLUME_FIELD_NODE,   /* one node                                          */
	FLUME_FIELD_NODES,  /* a list of min..max nodes (max 0: no bound)        */
	FLUME_FIELD_ROUTES, /* a map of text to node, >= 1                       */
	FLUME_FIELD_REF, /* the name of a processor, or of a schema; the rest are names too */
	FLUME_FIELD_PREDICATE,     /* the name of a component of that kind ...          */
	FLUME_FIELD_CONDITION,     /* ...                                               */
	FLUME_FIELD_REDUCER,       /* ...                                               */
	FLUME_FIELD_ERROR_HANDLER, /* ...                                               */
	FLUME_FIELD_CHANNEL,       /* ...                                               */
};

struct flume_field { /* a table ends with a row without a name */
	const char *name;
	enum flume_field_type type;
	bool required;
	const char *fallback; /* the default as a schema would write it; NULL: none */
	int64_t min, max;     /* FLUME_FIELD_COUNT only                             */
	const char *about;    /* one sentence for the reference                     */
};

/* Checks a map against a table, for what lies deeper than a maker's own fields: required keys,
 * types, bounds, unknown keys ("did you mean").  Keys that begin with x- and `description` pass.
 * Returns 0, FLUME_REJECTED with every finding (paths begin with `path`), or FLUME_NOMEM. */
int flume_fields_check(const struct flume_field *table, const flume_value *map,
		       const char *path, flume_report *);

/* ---- one call ----------------------------------------------------------------------- */

enum flume_call_flags {
	FLUME_CALL_CANARY =
		1 << 0, /* nothing may leave the process: streams discard, effects hold */
};

/* Hears which way a call goes: `step` is the name of a filter ("then", "else", or "" where there is
 * no else), a switch (the word of the route, "default", or "") or a fallback ("fallback", when its
 * first child failed).  Both texts live as long as the pipeline.  Runs on the thread of the step, so
 * on several at once below parallel connectors; it must be quick and call nothing of the library. */
typedef void flume_turn_fn(void *user, const char *step, const char *way);

/* Passed down by value: a timeout hands its child a copy with less time. */
struct flume_call {
	int64_t deadline_ns;  /* on the factory's clock; 0 is no deadline */
	flume_cancel *cancel; /* NULL: cannot be cancelled                */
	/* Yours; the library never looks inside.  A step that was left behind (it ignores that
	 * its time is over or that another won) may look at it until it ends, at the latest until
	 * flume_factory_free. */
	void *user;
	unsigned flags;
	flume_turn_fn *turn; /* NULL: nobody wants to know */
	/* The library's.  A predicate or condition that cannot answer says so with flume_fail; the
	 * step that asked fails with that, whatever the answer.  NULL: nobody would hear it. */
	struct flume_err *doubt;
	/* Yours, as `user` is: for who must tell a call that was left behind from a later one with the
	 * same user. */
	uint64_t id;
};

flume_cancel *flume_cancel_new(void);
flume_cancel *flume_cancel_free(flume_cancel *);   /* after the call has returned */
void flume_cancel_request(flume_cancel *);         /* wakes sleeping steps        */
bool flume_cancel_requested(const flume_cancel *); /* NULL: false               */

/* ---- components --------------------------------------------------------------------- */

/* How the library copies and frees the items that flow through.  Repeating and parallel
 * connectors work on clones, so a failed attempt leaves no marks. */
struct flume_item_type {
	const char *name;
	void *(*clone)(const void *item); /* NULL when out of memory */
	void (*free)(void *item);
};

/* A step may change *item, or free it and store another.  Whatever is there when it returns,
 * the caller owns.  Returns 0, FLUME_DROPPED (the item leaves the pipeline without error) or a
 * negative code with `err` filled. `err` is never NULL here. */
typedef int flume_run_fn(const struct flume_call *, void **item, void *arg,
			 struct flume_err *err);
typedef bool flume_test_fn(const struct flume_call *, const void *item, void *arg);
/* Names a route of a switch: the text must outlive the call, or lie in `scratch`.  NULL: none. */
typedef const char *flume_pick_fn(const struct flume_call *, const void *item, void *arg,
				  char scratch[256]);
/* Takes `item`, even on failure.  May block until call->deadline_ns. */
typedef int flume_send_fn(const struct flume_call *, void *item, void *arg,
			  struct flume_err *err);
/* Sees a failure and the item it left.  May clear why->code (recover: the call goes on with
 * *item), make it FLUME_DROPPED (the item leaves the pipeline), change it, or leave it. */
typedef void flume_handle_fn(const struct flume_call *, struct flume_err *why, void **item,
			     void *arg);

/* One branch of a concurrent step.  One that dropped its item has neither item nor err. */
struct flume_result {
	const char *name;
	const void *item;            /* what the branch left, or NULL */
	const struct flume_err *err; /* NULL unless it failed         */
};

typedef int flume_merge_fn(const struct flume_call *, void **item,
			   const struct flume_result *results, size_t n, void *arg,
			   struct flume_err *err);

enum flume_kind {
	FLUME_PROCESSOR,
	FLUME_PREDICATE,
	FLUME_CONDITION,
	FLUME_REDUCER,
	FLUME_ERROR_HANDLER,
	FLUME_CHANNEL,
};
#define FLUME_KINDS 6

/* "processor", "error handler"; in a schema's `components`: "processors", "error_handlers". */
const char *flume_kind_text(enum flume_kind);
const char *flume_kind_key(enum flume_kind);

/* One component: a row of a table, written with named fields.  Exactly one of the six functions
 * is set, and it decides the kind.  It may run on many threads at once with the same `arg`.
 * `done` runs once, when the component has been removed and the last pipeline using it is gone;
 * when adding it fails, it does not run.  It may call the factory, unless that is being freed. */
struct flume_component {
	const char *name;         /* as schemas say it: [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} */
	const char *about;        /* one line; may be NULL                                */
	const char *const *words; /* tags of a processor, values of a condition, or NULL  */
	bool blocks;              /* may wait (sleep, talk to a network)                  */
	bool prompt; /* only computes and soon returns: where a timeout, a race or the like may
		      * have to leave a step behind, this one may run in place */
	void *arg;
	void (*done)(void *arg);

	flume_run_fn *run;       /* FLUME_PROCESSOR     */
	flume_test_fn *test;     /* FLUME_PREDICATE     */
	flume_pick_fn *pick;     /* FLUME_CONDITION     */
	flume_merge_fn *merge;   /* FLUME_REDUCER       */
	flume_handle_fn *handle; /* FLUME_ERROR_HANDLER */
	flume_send_fn *send;     /* FLUME_CHANNEL       */
};

/* Looks up the predicates a declaration names with FLUME_FIELD_PREDICATES, and channels; see below. */
typedef struct flume_scope flume_scope;

/* A maker turns a declaration in a document, {kind: equals, field: tier, value: premium}, into a
 * component.  The library checks the declaration against `fields` (and `kind`) first, so `make`
 * only looks at what a table cannot say.  `make` fills the function and what belongs to it (arg,
 * done, blocks, prompt; name and about are set already) and returns 0; or adds what is wrong to
 * the report under `path` and returns FLUME_REJECTED; or FLUME_NOMEM. `decl` outlives the
 * component. */
struct flume_maker {
	enum flume_kind of;
	const char *kind;                 /* "equals" */
	const char *about;                /* one sentence for the reference */
	const struct flume_field *fields; /* NULL: none but `kind` */
	bool local; /* names a host, a file or a program: refused in a schema, allowed in
		     * flume_factory_take_declared */
	int (*make)(const flume_value *decl, const char *path, flume_scope *,
		    struct flume_component *out, flume_report *);
	/* For the reference, both may be NULL: a declaration that could stand in a schema, and who
	 * brings the kind, when that is not the program itself: "plug-in luhn 1.0.0". */
	const char *example;
	const char *origin;
};

/* Inside `make`: the row that it was called for, as flume_factory_add_maker got it.  One that is the first
 * member of something larger finds that, where a factory has makers of its own. */
const struct flume_maker *flume_scope_maker(const flume_scope *);

/* Inside `make`: the predicate `name` visible to this declaration, kept alive as long as the
 * component being made.  NULL when there is none (already reported).  Cycles are refused. */
struct flume_predicate_ref {
	flume_test_fn *test;
	void *arg;
};
int flume_scope_predicate(flume_scope *, const flume_value *name, const char *path,
			  struct flume_predicate_ref *out, flume_report *);
/* The same for the channel `name`.  `send` is to be called as a stream would: it takes the item, and
 * not in a canary call. */
struct flume_channel_ref {
	flume_send_fn *send;
	void *arg;
};
int flume_scope_channel(flume_scope *, const flume_value *name, const char *path,
			struct flume_channel_ref *out, flume_report *);

/* ---- factory ------------------------------------------------------------------------ */

/* Time, so that tests need not wait for it. */
struct flume_clock {
	int64_t (*now_ns)(void *arg);
	/* Returns FLUME_OK at `until_ns`, FLUME_CANCELLED when woken before, at once when `cancel`
	 * (may be NULL) is requested: those who wait for a child sleep here too. */
	int (*sleep)(void *arg, int64_t until_ns, flume_cancel *cancel);
	void *arg;
};

/* CLOCK_MONOTONIC: what a factory uses when it is given none. */
const struct flume_clock *flume_clock_real(void);

/* Hears what happens; see the events below. */
struct flume_event;
typedef void flume_listen_fn(const struct flume_event *, void *arg);

struct flume_options {
	const struct flume_item_type *type; /* required; outlives the factory             */
	const struct flume_clock *clock;    /* NULL: the real one; outlives it too        */
	const struct flume_limits *limits;  /* NULL: the defaults; copied                 */
	unsigned workers;        /* threads for what runs in parallel, at most; 0: 16 */
	flume_listen_fn *listen; /* hears all from factory.created on; or NULL */
	void *listen_arg;
};

int flume_factory_new(flume_factory **out, const struct flume_options *, struct flume_err *err);
/* Waits for calls in flight, and for steps that calls left behind; bindings still held refuse
 * calls from then on, and no listener runs any more.  A pipeline still held goes on and is its
 * holder's affair, and the workers go with the last one.  Meanwhile a step or a listener that
 * calls the factory finds it empty, and what it sets is FLUME_CANCELLED.  Not from a component or
 * a listener itself. */
flume_factory *flume_factory_free(flume_factory *);

/* Workers are threads that children of parallel steps run on.  They start when there is work and
 * none is idle, and end with the factory.  A caller leaves the children of a race, a contest or a
 * timeout to them, and is a worker itself only inside of another parallel step.  So a component must
 * not wait for such a call of another thread: when all workers do that, none is left to run its
 * children, and both wait until its deadline.
 *
 * A fork(2) copies no worker, nor any other thread that may be in the middle of something: let
 * the child exec, or make the first factory after the fork. */
struct flume_factory_info {
	unsigned workers; /* started so far              */
	unsigned busy;    /* of them, run something now  */
	size_t queued;    /* runs that wait for a worker */
};
void flume_factory_read(const flume_factory *, struct flume_factory_info *);

/* Fails with FLUME_EXISTS rather than replace: a running pipeline must not change its meaning
 * without a schema change. */
int flume_factory_add(flume_factory *, const struct flume_component *, struct flume_err *err);

enum flume_remove_flags {
	FLUME_REMOVE_FORCED = 1 << 0, /* although stored schemas name it */
};

/* New schemas no longer find the component; pipelines already built keep it until their last
 * call ends.  FLUME_IN_USE while a stored schema names it, with one finding per dependent.
 * Forced, those findings are only a warning: the schemas stay and run on, and whoever sets one
 * of them again, or one that they refer to, finds the name missing. */
int flume_factory_remove(flume_factory *, enum flume_kind, const char *name, unsigned flags,
			 flume_report *);
bool flume_factory_has(const flume_factory *, enum flume_kind, const char *name);
/* Sorted, NULL at the end, one block: free(3) frees all of it. */
char **flume_factory_dup_names(const flume_factory *, enum flume_kind);

/* Makes `maker` known.  The row must outlive the factory.  FLUME_EXISTS for a second one. */
int flume_factory_add_maker(flume_factory *, const struct flume_maker *, struct flume_err *err);
/* Adds the components that a `components:` map declares, all or none, for every schema to use;
 * `local` makers are allowed here.  Keeps `components` (it must be a root, or NULL is passed and
 * nothing happens), even on failure. */
int flume_factory_take_declared(flume_factory *, flume_value *components, flume_report *);

/* ---- schemas ------------------------------------------------------------------------ */

/* Reads a schema; what the text means is not looked at yet.  Returns 0, FLUME_SYNTAX with the
 * findings, or FLUME_NOMEM.  `limits` may be NULL. */
int flume_schema_parse(flume_schema **out, const char *text, size_t len, enum flume_format,
		       const struct flume_limits *, flume_report *);
/* The same for a file, by suffix: .yaml .yml .json.  FLUME_IO when it cannot be read. */
int flume_schema_load(flume_schema **out, const char *path, const struct flume_limits *,
		      flume_report *);
/* Both of them with the limits of a factory, whose listeners hear of it. */
int flume_factory_parse_schema(flume_factory *, flume_schema **out, const char *text,
			       size_t len, enum flume_format, flume_report *);
int flume_factory_load_schema(flume_factory *, flume_schema **out, const char *path,
			      flume_report *);
flume_schema *flume_schema_ref(flume_schema *);
flume_schema *flume_schema_unref(flume_schema *);

const char *flume_schema_get_version(const flume_schema *); /* "" if unset */
/* "sha256:" and 64 hex digits of the canonical form: comments, key order and the format do not
 * change it. */
const char *flume_schema_get_digest(const flume_schema *);
/* The document it was read from, as received, and how it was written. */
const char *flume_schema_get_text(const flume_schema *, size_t *out_len);
enum flume_format flume_schema_get_format(const flume_schema *);
/* The whole document, and its `canary` part (NULL when there is none). */
const flume_value *flume_schema_get_root(const flume_schema *);
const flume_value *flume_schema_get_canary(const flume_schema *);
/* What comes out can be parsed again and has the same digest.  In the schema's own format it is
 * the text as received.  free(3); NULL when out of memory. */
char *flume_schema_dup_text(const flume_schema *, enum flume_format);

/* Returns 0, or FLUME_REJECTED with every finding, or FLUME_NOMEM.  With a NULL factory only the
 * structure is looked at; otherwise also whether everything named exists. */
int flume_schema_check(flume_schema *, flume_factory *, flume_report *);
/* Has `canary`, which may come from elsewhere, the shape of a schema's `canary` part?  Returns 0, or
 * FLUME_REJECTED with every finding, or FLUME_NOMEM. */
int flume_canary_check(const flume_value *canary, flume_report *);

/* Checks, then builds a pipeline that no binding knows of.  It holds what it needs. */
int flume_schema_build(flume_schema *, flume_factory *, flume_pipeline **out, flume_report *);

flume_pipeline *flume_pipeline_ref(flume_pipeline *);
flume_pipeline *flume_pipeline_unref(flume_pipeline *);
/* Runs the item through.  `*item` belongs to the caller before and after.  Returns 0,
 * FLUME_DROPPED, or a negative code.  `call` may be NULL. */
int flume_pipeline_process(flume_pipeline *, const struct flume_call *, void **item,
			   struct flume_err *err);
/* May a call take long (a retry with backoff, retries that multiply, children handed over to
 * workers, a component that says so)?  Known since the build. */
bool flume_pipeline_may_block(const flume_pipeline *);

struct flume_pipeline_info {
	const char *schema_id; /* "" for one that flume_schema_build made */
	const char *version;
	const char *digest;
	uint64_t generation; /* 0 while no binding serves it */
	uint64_t calls, failures;
};
/* Borrowed text lives as long as the pipeline.  Failures are calls that returned a negative code;
 * calls with FLUME_CALL_CANARY are not counted, for they are not traffic. */
void flume_pipeline_read(const flume_pipeline *, struct flume_pipeline_info *);

/* ---- the store of schemas ----------------------------------------------------------- */

/* A change is everything that setting one schema would do: the new pipeline, and those of every
 * stored schema that refers to it, built aside.  Nothing serves them until the commit.  So a
 * prepare and a free are a dry run: it tells what a set would answer, and changes nothing. */
int flume_factory_prepare(flume_factory *, const char *id, flume_schema *, flume_change **out,
			  flume_report *);
/* The pipelines it holds: 0 is the schema's own, the others are its dependents'.  NULL past the
 * end; lent until the change is freed. */
flume_pipeline *flume_change_get_pipeline(flume_change *, size_t i);
flume_schema *flume_change_get_schema(flume_change *, size_t i);
const char *flume_change_get_id(flume_change *, size_t i);
/* The point of no return: swaps all of them in, the generation of each one higher.  Returns 0, or
 * FLUME_CONFLICT when the store changed in a way that matters since the prepare (prepare again),
 * or FLUME_NOMEM; in both cases nothing has changed. */
int flume_change_commit(flume_change *);
/* Uncommitted: the candidates are gone and nothing has happened. */
flume_change *flume_change_free(flume_change *);

/* Prepare and commit in one.  All or nothing over every following binding.  Returns 0 when
 * swapped, FLUME_UNCHANGED when the store held a schema of this digest (nothing was done, unless
 * a component was taken from it by force), and a negative code when nothing changed.  Sets are
 * serialised; the last wins. */
int flume_factory_set_schema(flume_factory *, const char *id, flume_schema *, flume_report *);
/* What a set swapped out is let go (pipeline.retired, its components' `done`) when its last call has
 * ended.  A burst of sets, within some milliseconds, shares the wait for that: up to 16 pipelines
 * stay until the next set, a commit, or this.  Inside a step it may do nothing. */
void flume_factory_settle(flume_factory *);
/* A new reference, or NULL. */
flume_schema *flume_factory_dup_schema(const flume_factory *, const char *id);
/* FLUME_NOT_FOUND, or FLUME_IN_USE with one finding for each stored schema that refers to it.
 * Its bindings are removed, pinned ones too; calls through handles still held fail with
 * FLUME_NOT_FOUND. */
int flume_factory_remove_schema(flume_factory *, const char *id, flume_report *);
/* As flume_factory_dup_names. */
char **flume_factory_dup_schema_ids(const flume_factory *);

/* ---- bindings ----------------------------------------------------------------------- */

enum flume_bind_flags {
	FLUME_BIND_PINNED = 1 << 0, /* keeps the pipeline of this moment, whatever is set */
};

/* A handle on what runs for a stored schema; unless it is pinned, it follows when the schema is
 * set again.  Binding a name twice gives the same binding when schema and flags are the same,
 * otherwise FLUME_EXISTS.  FLUME_NOT_FOUND when the schema is not stored. */
int flume_factory_bind(flume_factory *, const char *name, const char *schema_id, unsigned flags,
		       flume_binding **out, struct flume_err *err);
/* Moves a pinned binding to what is stored now; it stays pinned.  FLUME_UNCHANGED when it is
 * there already, FLUME_INVALID when it is not pinned, FLUME_NOT_FOUND when no such name is; or
 * FLUME_NOMEM, and it stays where it is. */
int flume_factory_repin(flume_factory *, const char *name);
/* The name is free again; calls through handles still held fail with FLUME_NOT_FOUND, and calls
 * in progress end as they would have.  FLUME_NOT_FOUND when no such name is. */
int flume_factory_unbind(flume_factory *, const char *name);
/* A new reference, or NULL. */
flume_binding *flume_factory_dup_binding(const flume_factory *, const char *name);
/* As flume_factory_dup_names. */
char **flume_factory_dup_binding_names(const flume_factory *);
flume_binding *flume_binding_ref(flume_binding *);
flume_binding *flume_binding_unref(flume_binding *);

/* Wait-free up to the first step: a swap neither blocks a call nor is blocked by one.  On
 * return, success or not, the caller owns *item. */
int flume_binding_process(flume_binding *, const struct flume_call *, void **item,
			  struct flume_err *err);
/* The pipeline of this moment, for callers that want to know which one made the answer.  NULL
 * when the binding or its schema was removed. */
flume_pipeline *flume_binding_dup_pipeline(flume_binding *);

struct flume_binding_info { /* texts that are longer are cut */
	char schema_id[129];
	char version[64];
	char digest[72];
	bool pinned;
	uint64_t generation;      /* of its schema: 1, and one more with each swap    */
	int64_t swapped_ns;       /* when it began to serve, on the factory's clock   */
	uint64_t calls, failures; /* of this generation, through whichever binding    */
};

/* What the binding serves now.  When nothing is there any more (the binding or the schema was
 * removed, the factory freed) it tells what was there last. */
void flume_binding_read(flume_binding *, struct flume_binding_info *out);

/* ---- introspection ------------------------------------------------------------------ */

/* Text for programs, freed with free(3); NULL when out of memory.  All of it comes from the tables
 * that check and build, and the same state gives the same text. */

/* JSON: `document`, `canary` and `node` are the keys that those may have; `connectors` has every
 * form of a node; `kinds`, for each kind of component, its `makers` and what is registered as
 * `components` (with `tags` of processors, `values` of conditions), both sorted by name.  The keys
 * are rows as of struct flume_field. */
char *flume_factory_dup_spec(const flume_factory *);
/* The grammar as JSON Schema (draft 2020-12), for editors and for checks elsewhere.  With a
 * factory, declarations are told by its makers, without those that a schema may not use; with
 * NULL they only need a `kind`.  It never refuses what flume_schema_check accepts; what it cannot
 * refuse is duplicate keys, names that mean nothing, cycles and limits. */
char *flume_dup_json_schema(const flume_factory *);

enum flume_graph_format { FLUME_GRAPH_DOT, FLUME_GRAPH_MERMAID };
/* The nodes of a schema and what joins them, for Graphviz or Mermaid.  A schema need not have been
 * checked: what is there is drawn, and a node that makes no sense is drawn as one.  A ref that
 * none of the schema's own processors answers to is dashed; it may be a registered processor or
 * another schema.  Names are shown in part when they are long, and without control characters. */
char *flume_schema_dup_graph(const flume_schema *, enum flume_graph_format);

/* ---- events ------------------------------------------------------------------------- */

/* One list: the enum, the names and the reference all come from it. */
#define FLUME_EVENTS(X)                                                                        \
	X(FACTORY_CREATED, "factory.created",                                                  \
	  "The factory was made; only its first listener can hear this.")                      \
	X(PROCESSOR_REGISTERED, "processor.registered", "A processor was added.")              \
	X(PREDICATE_REGISTERED, "predicate.registered", "A predicate was added.")              \
	X(CONDITION_REGISTERED, "condition.registered", "A condition was added.")              \
	X(REDUCER_REGISTERED, "reducer.registered", "A reducer was added.")                    \
	X(ERROR_HANDLER_REGISTERED, "error-handler.registered", "An error handler was added.") \
	X(CHANNEL_REGISTERED, "channel.registered", "A channel was added.")                    \
	X(PROCESSOR_REMOVED, "processor.removed", "A processor was removed.")                  \
	X(PREDICATE_REMOVED, "predicate.removed", "A predicate was removed.")                  \
	X(CONDITION_REMOVED, "condition.removed", "A condition was removed.")                  \
	X(REDUCER_REMOVED, "reducer.removed", "A reducer was removed.")                        \
	X(ERROR_HANDLER_REMOVED, "error-handler.removed", "An error handler was removed.")     \
	X(CHANNEL_REMOVED, "channel.removed", "A channel was removed.")                        \
	X(SCHEMA_FILE_LOADED, "schema.file.loaded",                                            \
	  "A schema's file was read; `name` is its path.")                                     \
	X(SCHEMA_FILE_FAILED, "schema.file.failed",                                            \
	  "A schema's file could not be read; `name` is its path.")                            \
	X(SCHEMA_PARSED, "schema.parsed", "A text was read as a schema.")                      \
	X(SCHEMA_PARSE_FAILED, "schema.parse.failed", "A text is no schema.")                  \
	X(SCHEMA_VALIDATION_STARTED, "schema.validation.started",                              \
	  "The check of a schema begins.")                                                     \
	X(SCHEMA_VALIDATION_COMPLETED, "schema.validation.completed",                          \
	  "The check of a schema found nothing wrong.")                                        \
	X(SCHEMA_VALIDATION_FAILED, "schema.validation.failed",                                \
	  "The check of a schema found something wrong.")                                      \
	X(SCHEMA_BUILD_STARTED, "schema.build.started", "The build of a pipeline begins.")     \
	X(SCHEMA_BUILD_COMPLETED, "schema.build.completed",                                    \
	  "A pipeline was built; nothing serves it yet.")                                      \
	X(SCHEMA_BUILD_FAILED, "schema.build.failed", "A pipeline could not be built.")        \
	X(SCHEMA_REGISTERED, "schema.registered", "A schema was set for the first time.")      \
	X(SCHEMA_UPDATED, "schema.updated",                                                    \
	  "A schema was set in the place of the one before.")                                  \
	X(SCHEMA_UPDATE_FAILED, "schema.update.failed",                                        \
	  "A schema could not be set; what was stored stays.")                                 \
	X(SCHEMA_REMOVED, "schema.removed", "A schema was removed.")                           \
	X(PIPELINE_RETRIEVED, "pipeline.retrieved",                                            \
	  "A binding, or the pipeline it serves, was asked for.")                              \
	X(BINDING_ADDED, "binding.added", "A name was bound to a schema.")                     \
	X(BINDING_REMOVED, "binding.removed", "A name is bound no more.")                      \
	X(BINDING_SWAPPED, "binding.swapped", "A binding serves another generation.")          \
	X(PIPELINE_RETIRED, "pipeline.retired",                                                \
	  "The last call of a generation that was replaced has ended.")                        \
	X(CALL_FAILED, "call.failed", "A call failed.")                                        \
	X(RETRY_FAILED, "retry.failed", "An attempt of a retry failed; `name` is the step's.") \
	X(BREAKER_OPENED, "breaker.opened",                                                    \
	  "A circuit-breaker refuses calls from now on; `name` is the step's.")                \
	X(BREAKER_HALF_OPENED, "breaker.half-opened",                                          \
	  "A circuit-breaker lets one call through to see.")                                   \
	X(BREAKER_CLOSED, "breaker.closed", "A circuit-breaker lets calls through again.")     \
	X(RATE_LIMITED, "rate.limited",                                                        \
	  "A rate-limit had no token for a call in time; `name` is the step's.")               \
	X(STATE_LOST, "state.lost",                                                            \
	  "What a step remembered has no place in the new generation; `name` is the place.")

enum flume_event_kind {
#define FLUME_X(id, name, about) FLUME_EVENT_##id,
	FLUME_EVENTS(FLUME_X)
#undef FLUME_X
		FLUME_EVENT_COUNT
};

/* Everything here is borrowed and dies when the listener returns. */
struct flume_event {
	enum flume_event_kind kind;
	int64_t at_ns;           /* on the factory's clock                               */
	int64_t duration_ns;     /* of the check, the build, the reading; of a set, since its
				  * prepare began; 0 for the rest                        */
	const char *name;        /* component, binding, step or file; "" when not of one */
	const char *schema_id;   /* "" when not of a stored schema                       */
	const char *version;     /* of the schema that runs from now on, or ""           */
	const char *old_version; /* of the one before, or ""                             */
	uint64_t generation;
	const struct flume_err *err; /* NULL when nothing failed; of findings, the first */
	const struct flume_call
		*call; /* that made it, or the copy of it that the step was given;
					* NULL when no call did */
};

/* A listener runs on the thread that made the event, with no lock held: one that takes its time
 * holds up that thread and nobody else.  It may call the factory, and hears the events that it
 * makes by that; it must not free the factory.
 *
 * While anybody listens, calls whose every step is prompt hold up no change, so that a listener may
 * take its time there too; listen waits for the few microseconds of those that began before.  A
 * prompt step that listens itself does not wait for its own call: until that returns, its listener
 * has to be as quick as the step.
 *
 * Returns a positive ticket for unlisten, or a negative code.  After unlisten has returned the
 * listener is not running and will not run; so a listener cannot unlisten itself. */
int flume_factory_listen(flume_factory *, flume_listen_fn *, void *arg);
/* For who wants to hear of these `n` kinds alone: others then cost no more than if nobody listened. */
int flume_factory_listen_to(flume_factory *, const enum flume_event_kind *kinds, size_t n,
			    flume_listen_fn *, void *arg);
int flume_factory_unlisten(flume_factory *, int ticket);
const char *flume_event_name(enum flume_event_kind); /* "schema.updated" */
/* One sentence. */
const char *flume_event_about(enum flume_event_kind);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif /* FLUME_H */
