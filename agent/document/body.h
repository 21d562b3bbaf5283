/*
 * body.h - what a document is made of, for the files of this room that build and walk it.
 *
 * No other header knows jansson.  Every value has one owner: trees share nothing, so that two
 * threads never count references on the same one.
 */
#ifndef FLUME_AGENT_DOCUMENT_BODY_H
#define FLUME_AGENT_DOCUMENT_BODY_H

#include "agent/document/document.h"
#include "lib/base/text.h"

#include <jansson.h>

struct document {
	json_t *root;
};

/* Keeps `root`, even on failure.  NULL when out of memory. */
struct document *body_take(json_t *root);
/* NULL when out of memory. */
json_t *body_copy(json_t *);
/* 0 for a scalar, 1 for an empty array. */
size_t body_depth(json_t *);
struct document_view body_view(json_t *);
void body_write(struct text *, json_t *);

/* NULL when there is nothing at `path`. */
json_t *body_get(json_t *root, const struct path *);
/* Takes it out; the caller owns it.  NULL when there is nothing. */
json_t *body_detach(json_t *root, const struct path *);
/* Stores `value` at `path` and keeps it, even on failure: then nothing else has changed. */
int body_take_at(json_t *root, const struct path *, json_t *value, struct flume_err *err);

#endif
