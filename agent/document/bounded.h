/* bounded.h - copies within a document, which must not grow without end.  Any thread. */
#ifndef FLUME_AGENT_DOCUMENT_BOUNDED_H
#define FLUME_AGENT_DOCUMENT_BOUNDED_H

#include "agent/document/document.h"

/* document_copy, of no more than ROOM_MOST bytes of JSON, and not deeper than DOCUMENT_DEPTH. */
int bounded_copy(struct document *, const struct path *to, const struct document *other,
		 const struct path *from, struct flume_err *err);
/* document_set_json, by the same bounds. */
int bounded_set_json(struct document *, const struct path *to, const char *json, size_t len,
		     struct flume_err *err);

#endif
