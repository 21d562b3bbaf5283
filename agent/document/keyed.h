/* keyed.h - what a document is told apart by, and what becomes of one that has no such thing. */
#ifndef FLUME_AGENT_DOCUMENT_KEYED_H
#define FLUME_AGENT_DOCUMENT_KEYED_H

#include "agent/document/room.h"

enum keyless { KEYLESS_PASSES, KEYLESS_DROPS, KEYLESS_FAILS };

#define KEYLESS_FIELD                                                                         \
	{                                                                                     \
		.name = "missing", .type = FLUME_FIELD_TEXT, .fallback = "pass",              \
		.about = "What becomes of a document that has no such value, or null: pass, " \
			 "drop or "                                                           \
			 "fail."                                                              \
	}

int keyless_read(enum keyless *out, const struct flume_field *table, const flume_value *decl,
		 const char *at, flume_report *);
/* What a processor returns for it. */
int keyless_end(enum keyless, const struct path *, struct flume_err *err);
/* Adds the value at `path`, in a form in which no two lists of values look alike.  False when there is
 * none. */
bool keyed_add(struct room *, const struct document *, const struct path *);

#endif
