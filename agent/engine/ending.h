/*
 * ending.h - inside this room: how a call ended, what a case expects of it, and whether two calls
 * ended alike.  Pure.
 */
#ifndef FLUME_AGENT_ENGINE_ENDING_H
#define FLUME_AGENT_ENGINE_ENDING_H

#include "agent/document/document.h"

#include <stdbool.h>

struct ending {
	int code;                  /* 0, FLUME_DROPPED, or negative with ... */
	struct flume_err err;      /* ... this                               */
	struct document *document; /* whatever was there when it ended       */
	int64_t took_ns;
};

void ending_fini(struct ending *);

/* Is that what `one`, a case, expects?  0; FLUME_FAILED with `why` ("total: expected 90, got 100"),
 * also when what it expects is no document; or FLUME_NOMEM. */
int ending_meets(const struct ending *, const flume_value *one, char *why, size_t size);

/* Does `ending` say something about the pipeline?  Not when time or memory ran out, or when a
 * breaker, a limit or a cancel stood in the way. */
bool ending_counts(const struct ending *);
/* Is `got` as `expected`: the same document by the rules, dropped too, an error too?  If not,
 * `why` says "total: expected 90, got 100", "expected a document, got the error: ..."; veiled
 * rules show neither values nor the texts of errors. */
bool ending_is_like(const struct ending *got, const struct ending *expected,
		    const struct document_rules *, char *why, size_t size);

/* Reads `list` (a list of paths; NULL: none) into rules that are exact but for these.  0; or
 * FLUME_FAILED with `why`, or FLUME_NOMEM. */
int rules_read(struct document_rules *, const flume_value *list, char *why, size_t size);
void rules_fini(struct document_rules *);

/* What stands under `key` of a case, as a document; likewise. */
int ending_read(const flume_value *one, const char *key, struct document **out, char *why,
		size_t size);

#endif
