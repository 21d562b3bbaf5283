/* since.h - points in time as numbers of a document: so long since 1970. */
#ifndef FLUME_AGENT_DOCUMENT_SINCE_H
#define FLUME_AGENT_DOCUMENT_SINCE_H

#include "agent/document/document.h"
#include "agent/document/moment.h"

enum since { SINCE_SECONDS = 1, SINCE_MILLISECONDS = 1000 };

/* A number, perhaps with a fraction; false for anything else, and for what lies beyond the years that
 * moment.h knows. */
bool since_read(const struct document_view *, enum since, struct moment *out);
/* The same, written as a text. */
bool since_read_text(const char *text, size_t len, enum since, struct moment *out);

#endif
