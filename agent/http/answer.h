/*
 * answer.h - what goes back to the client: status, a few headers, a body.
 *
 * Nothing here fails.  When memory runs out the answer becomes a 503 without a body.
 */
#ifndef FLUME_AGENT_HTTP_ANSWER_H
#define FLUME_AGENT_HTTP_ANSWER_H

#include "agent/serve/status.h"
#include "lib/base/text.h"
#include "lib/flume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

#define ANSWER_HEADERS 6
#define ANSWER_VALUE   136 /* bytes of a header's value, NUL included; the rest is cut */

#define ANSWER_JSON    "application/json"
#define ANSWER_PROBLEM "application/problem+json"
#define ANSWER_TEXT    "text/plain; charset=utf-8"
#define ANSWER_YAML    "application/yaml"

struct answer { /* all zero is none yet */
	unsigned status;
	const char *type; /* of the body; static storage */
	char *body;       /* malloc'd, or NULL */
	size_t len;
	struct answer_header {
		const char *name; /* static storage */
		char value[ANSWER_VALUE];
	} headers[ANSWER_HEADERS];
	size_t headers_len;
};

/* Without a body. */
void answer_status(struct answer *, unsigned status);
/* Keeps `body`; NULL is one that there was no memory for. */
void answer_take(struct answer *, unsigned status, const char *type, char *body, size_t len);
/* The same, with what was written to `text`, which is empty then. */
void answer_take_text(struct answer *, unsigned status, const char *type, struct text *text);
/* Bytes that a header cannot carry become '?'. */
void answer_header(struct answer *, const char *name, const char *value);
void answer_headerf(struct answer *, const char *name, const char *fmt, ...) FLUME_PRINTF(3, 4);

void answer_header_number(struct answer *, const char *name, uint64_t value);

/* RFC 9457. */
struct problem {
	unsigned status;
	const char *code; /* a stable word */
	const char *detail;
	const char *step;           /* "checkout > retry"; NULL or "": none */
	const flume_report *report; /* becomes `errors`; NULL: none */
	const char *errors;         /* the same, when it is JSON already */
};
void answer_problem(struct answer *, const struct problem *);
void answer_problemf(struct answer *, unsigned status, const char *code, const char *fmt, ...)
	FLUME_PRINTF(4, 5);
/* 409, for one of the engine's reasons: a word ("known-bad"), or a sentence that ends with one in
 * brackets. */
void answer_conflict(struct answer *, const char *reason);
/* 422, with the stage as its code, when a candidate was tried in it: "canary", "shadow", "live".
 * False, and no answer, otherwise. */
bool answer_failed_trial(struct answer *, const char *stage, const char *reason);
/* 503: the agent is on its end, and what becomes of the change is not known. */
void answer_closing(struct answer *);
/* 400: a schema with these findings. */
void answer_rejected(struct answer *, const flume_report *);

/* On the exchange's thread: all of it, or the head of one whose body is a stream. */
void answer_stream(const struct answer *, struct exchange *, const char *id);
void answer_send(const struct answer *, struct exchange *, const char *id);
void answer_fini(struct answer *);

#endif
