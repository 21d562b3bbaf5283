/*
 * ndjson.h - documents, one a line, through a pipeline.
 *
 * An engine without input and output of its own: it is given bytes, cut anywhere, and adds to a
 * text what comes of each line, in order.  A line that is refused costs nothing but itself.  Lines
 * end with LF or CR LF, the last one may end with the input; blank ones count as lines and are
 * passed over.
 *
 * Work is bounded by what is fed: whoever has to let others have their turn feeds less at a time,
 * and when `out` is full the rest is not taken until the caller comes back with it.
 *
 * One thread at a time.
 */
#ifndef FLUME_AGENT_NDJSON_H
#define FLUME_AGENT_NDJSON_H

#include "lib/base/text.h"
#include "lib/flume.h"

#include <stdatomic.h>

struct document;

/* Why a line has no result.  All of it is borrowed until the callback returns. */
struct ndjson_refusal {
	uint64_t line; /* from 1 */
	/* FLUME_SYNTAX: it is not JSON; FLUME_INVALID: it is too long; the rest is what the
	 * pipeline said. */
	int code;
	const char *word;   /* of the code: "bad-json", "too-long", "failed", ... */
	const char *step;   /* "orders > charge"; "" when no step is known */
	const char *detail; /* a sentence */
	const char *input;  /* the line; of one that is too long, its beginning */
	size_t len;
};

typedef void ndjson_refused_fn(void *arg, const struct ndjson_refusal *);

/* In the place of flume_pipeline_process, for whoever has to choose a pipeline for each document
 * or to count.  `line` is what the document was read from.  On return *document is the engine's,
 * whatever became of it.  Returns as flume_pipeline_process. */
typedef int ndjson_run_fn(void *arg, struct document **document, const char *line, size_t len,
			  struct flume_err *err);

struct ndjson {
	/* What the caller fills in, and may change between two calls; the rest is zero. */
	flume_pipeline *pipeline; /* lent */
	struct flume_call call;   /* of each document */
	ndjson_run_fn *run;       /* NULL: `pipeline` is run with `call` */
	size_t most;              /* bytes of a line; a longer one is refused and not kept */
	/* Hears of a line that is refused.  NULL: a line of its own stands in the output, in the
	 * place of the result; see ndjson_write_refusal. */
	ndjson_refused_fn *refused;
	void *arg; /* of `run` and `refused` */
	/* Set, and a feed returns before the next line; NULL: never. */
	const atomic_bool *pause;

	uint64_t lines; /* seen so far, blank ones too */
	uint64_t read;  /* without blank ones: written + dropped + rejected */
	uint64_t written, dropped, rejected;
	uint64_t bytes; /* taken, up to the line under way */

	struct text kept; /* the beginning of a line that has not ended yet */
	bool skipping;    /* the rest of a line that was too long */
	struct flume_err err;
};

/* Takes bytes until all are taken, `out` holds `full` bytes or more, or a pause is asked for;
 * *taken says how many.  What is added to `out` is whole lines, and one may reach beyond `full`.
 * Returns 0; FLUME_CANCELLED when `call.cancel` was requested: the line under way has no result,
 * is in no count but `lines`, and the engine is at its end; or FLUME_NOMEM when there is no room
 * even to say why a line was refused: that line is counted as rejected. */
int ndjson_feed(struct ndjson *, const char *in, size_t len, size_t *taken, struct text *out,
		size_t full);
/* No more input: a line without an end is one.  Returns as ndjson_feed; looks at no pause. */
int ndjson_end(struct ndjson *, struct text *out);
void ndjson_fini(struct ndjson *);

/* {"flume_error":{"line":12,"code":"bad-json","detail":"line 1, column 3: ..."}} and a newline;
 * with "step" where one is known. */
void ndjson_write_refusal(struct text *, const struct ndjson_refusal *);

#endif
