/*
 * call.h - what serves the documents of a request: the pipeline that runs, or, for its share of them,
 * the candidate that is tried on live traffic.
 */
#ifndef FLUME_AGENT_HTTP_CALL_H
#define FLUME_AGENT_HTTP_CALL_H

#include "agent/engine/traffic.h"
#include "agent/http/inside.h"

struct call_side {
	const char *name; /* of the schema; lives as long as the pipeline */
	flume_pipeline *pipeline;
	struct share *share; /* NULL: nothing is tried */
	bool may_block;
	uint64_t generation; /* of the pipeline */
};

/* As of now; good until call_leave.  False, and nothing to leave: there is no such pipeline. */
bool call_enter(struct call_side *, const struct request *, const char *name);
void call_leave(struct call_side *);

/* NULL: the pipeline serves it. */
flume_pipeline *call_pick(const struct call_side *, const struct document *, const char *body,
			  size_t len);
/* Headers that name what serves it; the candidate has no generation. */
void call_describe(struct answer *, const struct call_side *, const flume_pipeline *candidate);
/* A document, that a shadow may want too.  Returns as flume_pipeline_process. */
int call_document(const struct call_side *, flume_pipeline *candidate,
		  const struct flume_call *, struct document **, struct flume_err *);
/* Whoever listens may see it; `err` is of a failed one. */
struct call_end {
	int result;
	const struct flume_err *err;
	int64_t took_ns;
	const char *body;
	size_t len;
	const struct document *document; /* what is left of it */
};
void call_show(const struct request *, const struct call_side *,
	       const flume_pipeline *candidate, const struct call_end *);

/* A shadow may want it too, when it has been served. */
void call_offer(const struct call_side *, const char *body, size_t len);

/* 404. */
void call_answer_unknown(struct request *);

#endif
