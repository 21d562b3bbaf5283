/*
 * url_answer.h - inside agent/source: what a web server said, and whether it is believed.
 */
#ifndef FLUME_AGENT_SOURCE_URL_ANSWER_H
#define FLUME_AGENT_SOURCE_URL_ANSWER_H

#include "agent/source/source.h"
#include "agent/web/web.h"
#include "lib/base/digest.h"

#define URL_SCHEMA_MOST ((size_t)1 << 20)
#define URL_WHOLE_MOST  ((size_t)16 << 20)

struct url_document {
	char *name; /* of the schema; NULL: it is a map of many */
	char *url;
	bool known; /* was there ever a good answer?            */
	/* Of the last good one: */
	char *etag, *modified;
	char digest[DIGEST_SIZE];
	char *text; /* of a single schema */
	size_t len;
};

/* Hands on what is news in it.  0; or a negative code when it is no answer to build on, or could
 * not be handed on, and `err` says so, with the URL. */
int url_take(struct url_document *, const struct web_reply *, const struct sink *,
	     struct flume_err *err);
/* A single schema, as it is known. */
struct change url_change(const struct url_document *);
void url_document_fini(struct url_document *);

#endif
