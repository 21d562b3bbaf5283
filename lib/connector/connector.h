/*
 * connector.h - one way of joining steps: what a schema may say about it, and what it does.
 *
 * A connector is one file that ends with its descriptor, and one row in table.c.  The field
 * table is its grammar: it checks, gives defaults and documents.  Steps are immutable once
 * built and run on many threads at once; they live in the memory of their pipeline and hold
 * what they use through it, so there is nothing to free.
 */
#ifndef FLUME_CONNECTOR_CONNECTOR_H
#define FLUME_CONNECTOR_CONNECTOR_H

#include "lib/component/component.h"
#include "lib/connector/hub.h"
#include "lib/connector/state.h"
#include "lib/flume.h"

struct step {
	/* May block when the pipeline says it may.  `err` is never NULL, and looked at only
	 * after a negative return; *item belongs to the caller before and after. */
	int (*run)(const struct step *, const struct flume_call *, void **item,
		   struct flume_err *err);
	const char *name; /* appears in errors and events */
};

struct builder;

struct connector {
	const char *type; /* as `type:` says; for a form of its own, its key: "ref" */
	bool form;        /* recognised by its key and not by `type` */
	const char *about;
	const struct flume_field *fields;
	const char *named_by;      /* the field that completes the default name; may be NULL */
	const char *named_if;      /* a field that, when there, gives its key as that name   */
	const char *const *labels; /* of children in paths: "(primary)"; may be NULL         */
	const char *either[2];     /* keys of which a node may have one only; may be NULL    */
	/* Called for a node that was checked.  Returns NULL when out of memory. */
	struct step *(*build)(struct builder *, const flume_value *node, const char *name);
};

/* All of them, NULL at the end. */
extern const struct connector *const connectors[];
extern const struct connector connector_ref;
/* By `type`, or the form whose key is given; NULL when there is none. */
const struct connector *connector_find(const char *type);
const struct connector *connector_form(const char *key);

/* What a node says of itself, from one look at its keys. */
struct said {
	const flume_value *type, *name, *description;
	const struct connector *form; /* ref or stream, and what stands there: */
	const flume_value *of;
	int ways; /* how many of ref, type and stream there are: one is right */
};
struct said node_read(const flume_value *node);
/* The connector it names, or NULL; `ways` is one. */
static inline const struct connector *node_connector(const struct said *said)
{
	return said->form ? said->form : connector_find(flume_value_text(said->type));
}

/* A default name is `stem`, `between` and the value of the field `by`; NULL: the stem alone. */
struct naming {
	const char *stem, *between, *by;
};
/* A NULL node: the rule, as if it had nothing but what it needs. */
struct naming connector_naming(const struct connector *, const flume_value *node);

/* What a build function may ask for.  Each gives NULL when there is none, or no memory (the
 * builder remembers which); the result lives as long as the pipeline. */
void *builder_get(struct builder *, size_t size);  /* cleared memory     */
void *builder_take(struct builder *, size_t size); /* to be filled at once */
struct step *builder_node(struct builder *, const flume_value *node);
/* A node that may run so often (from 1) on one item.  What multiplies to more than a few runs
 * makes a pipeline that may block. */
struct step *builder_repeated(struct builder *, const flume_value *node, int64_t times);
const struct flume_component *builder_component(struct builder *, enum flume_kind,
						const flume_value *name);
/* Another schema's root. */
struct step *builder_schema(struct builder *, const char *id);
/* What `step`, which stands for the node being built, remembers.  It may be in use already. */
struct state *builder_state(struct builder *, const struct state_kind *, const struct step *);
const struct hub *builder_hub(const struct builder *);
void builder_may_block(struct builder *);
/* How many things so far, in the schema being built, are not prompt: a child is when building it
 * does not add to them. */
size_t builder_slow(const struct builder *);

/* What is being built, for steps that leave a child behind: it needs a reference of its own until
 * it ends, which neither the call nor a handle counts. */
flume_pipeline *builder_pipeline(struct builder *);
void pipeline_keep(flume_pipeline *);
void pipeline_release(flume_pipeline *);

/* A list of children. */
struct steps {
	size_t n;
	struct step **at;
};
bool builder_nodes(struct builder *, const flume_value *list, struct steps *out);

static inline int step_run(const struct step *step, const struct flume_call *call, void **item,
			   struct flume_err *err)
{
	return step->run(step, call, item, err);
}

/* Before code that is not ours: a failure without words must not repeat those of another. */
static inline void err_clear(struct flume_err *err)
{
	err->code = 0;
	err->path[0] = '\0';
}

/* On the way up: puts the step's name before the path of `err`, and returns `rc`. */
int step_blame(const struct step *, int rc, struct flume_err *err);

/* What a component's function returned, given words and a place where it failed. */
int step_unclear(const struct step *, int rc, struct flume_err *err);
static inline int step_outcome(const struct step *step, int rc, struct flume_err *err)
{
	return rc == FLUME_OK || rc == FLUME_DROPPED ? rc : step_unclear(step, rc, err);
}

/* 0, FLUME_CANCELLED or FLUME_TIMED_OUT with `err` filled. */
int call_cancelled(struct flume_err *err);
int call_check_given(const struct hub *, const struct flume_call *, struct flume_err *err);
static inline int call_check(const struct hub *hub, const struct flume_call *call,
			     struct flume_err *err)
{
	return call->cancel || call->deadline_ns ? call_check_given(hub, call, err) : FLUME_OK;
}

/* The same behind what is prompt, without a look at the clock. */
static inline int call_check_behind_prompt(const struct flume_call *call, struct flume_err *err)
{
	return flume_cancel_requested(call->cancel) ? call_cancelled(err) : FLUME_OK;
}

/* Says which way is taken, to whoever wants to know. */
static inline void call_turn(const struct flume_call *call, const struct step *step,
			     const char *way)
{
	if (call->turn)
		call->turn(call->user, step->name, way);
}

/* For a question to code that is not ours: the call it gets, which may fill `err` ... */
static inline struct flume_call call_asking(const struct flume_call *call,
					    struct flume_err *err)
{
	struct flume_call asking = *call;
	err_clear(err);
	asking.doubt = err;
	return asking;
}

/* ... and whether the answer counts: 0, or why not. */
static inline int call_answered(const struct hub *hub, const struct flume_call *call,
				struct flume_err *err)
{
	int rc = call_check(hub, call, err);
	return rc ? rc : err->code;
}

#endif
