/* put.h - constants and copies: what the processor and the error handler `set` share. */
#ifndef FLUME_AGENT_DOCUMENT_PUT_H
#define FLUME_AGENT_DOCUMENT_PUT_H

#include "agent/document/document.h"

struct put;

#define PUT_FIELDS                                                                     \
	{.name = "fields",                                                             \
	 .type = FLUME_FIELD_MAP,                                                      \
	 .about = "What to set: paths, each with the constant to store there."},       \
	{                                                                              \
		.name = "copy", .type = FLUME_FIELD_TEXT_MAP,                          \
		.about = "Paths, each with the path to copy from, as the document is " \
			 "before; where nothing is, nothing is copied."                \
	}

/* Returns 0, FLUME_REJECTED with findings, or FLUME_NOMEM.  `other` is a key that may stand in place
 * of both; or NULL. */
int put_make(struct put **out, const flume_value *decl, const char *other, const char *at,
	     flume_report *);
void put_free(void *arg); /* what the one above made; NULL is fine */
/* Copies, then constants.  Returns 0, FLUME_FAILED or FLUME_NOMEM; what was set before stays. */
int put_run(const struct put *, struct document *, struct flume_err *err);

#endif
