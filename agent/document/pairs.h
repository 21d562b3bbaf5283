/*
 * pairs.h - texts such as `user=ada msg="it works" ok`, as logs have them.  Pure.
 *
 * Pairs stand between characters of one set, of which several count as one; the first of another set
 * parts key and value.  A value in double quotes may hold anything; a backslash in it takes the
 * meaning from a quote or a backslash, and \n, \t and \r are what they are elsewhere.  A key without a
 * value is true.  Of two with the same key the last counts.
 */
#ifndef FLUME_AGENT_DOCUMENT_PAIRS_H
#define FLUME_AGENT_DOCUMENT_PAIRS_H

#include "agent/document/room.h"

#define PAIRS_MOST 256 /* in one text */

struct pairs_rules {
	const char *between, *equals; /* characters of ASCII, none in both */
};

/* Adds them to the room as a JSON object.  `text` is UTF-8.  Returns 0, or FLUME_FAILED ("column 9:
 * no quote ends the value"). */
int pairs_read(const struct pairs_rules *, const char *text, size_t len, struct room *,
	       struct flume_err *err);

#endif
