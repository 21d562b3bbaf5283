/*
 * extra.h - more canary cases for a schema, from canaries/NAME: written by someone else than the
 * schema's author, and met by every candidate of it.
 *
 * The document has `cases` and `max_latency`, as the `canary` of a schema has.
 */
#ifndef FLUME_AGENT_ENGINE_EXTRA_H
#define FLUME_AGENT_ENGINE_EXTRA_H

#include "lib/flume.h"

/* The cases as the `canary` of a schema that has nothing else.  Returns 0, FLUME_SYNTAX or
 * FLUME_REJECTED with the findings, or FLUME_NOMEM. */
int extra_read(flume_schema **out, const char *text, size_t len, enum flume_format,
	       flume_report *);

#endif
