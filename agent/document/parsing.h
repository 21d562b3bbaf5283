/* parsing.h - a value that is read out of a text: what the kinds parse-... share. */
#ifndef FLUME_AGENT_DOCUMENT_PARSING_H
#define FLUME_AGENT_DOCUMENT_PARSING_H

#include "agent/document/failure.h"

struct parsing {
	struct path from, to;
	enum failure failure;
};

#define PARSING_FIELDS                                                                         \
	{.name = "field",                                                                      \
	 .type = FLUME_FIELD_TEXT,                                                             \
	 .required = true,                                                                     \
	 .about = "Path of what to read; where nothing is, or null, nothing happens."},        \
		{.name = "to",                                                                 \
		 .type = FLUME_FIELD_TEXT,                                                     \
		 .about =                                                                      \
			 "Path of where the result goes; without it, in place of the field."}, \
		FAILURE_FIELD

/* Returns 0, FLUME_REJECTED with findings, or FLUME_NOMEM; `parsing` is all zero before, and
 * parsing_fini is due in any case. */
int parsing_make(struct parsing *, const struct flume_field *table, const flume_value *decl,
		 const char *at, flume_report *);
void parsing_fini(struct parsing *);

/* Reads `view` and stores the result; `arg` is the caller's.  On FLUME_FAILED `err` says why. */
typedef int parsing_fn(const struct parsing *, const struct document_view *view,
		       struct document *, const void *arg, struct flume_err *err);
/* `texts`: anything but a text fails, and so does one beyond ROOM_MOST. */
int parsing_run(const struct parsing *, struct document *, bool texts, parsing_fn *,
		const void *arg, struct flume_err *err);

#endif
