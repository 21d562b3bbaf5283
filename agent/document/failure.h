/* failure.h - `on_failure`: what becomes of a value that cannot be made from another. */
#ifndef FLUME_AGENT_DOCUMENT_FAILURE_H
#define FLUME_AGENT_DOCUMENT_FAILURE_H

#include "agent/document/document.h"

enum failure { FAILURE_FAILS, FAILURE_NULLS, FAILURE_REMOVES, FAILURE_KEEPS };

#define FAILURE_FIELD                                                                         \
	{                                                                                     \
		.name = "on_failure", .type = FLUME_FIELD_TEXT, .fallback = "fail",           \
		.about = "What becomes of a value that is not like that: fail the document, " \
			 "or "                                                                \
			 "nullify, remove or keep what stands where the result would go."     \
	}

/* Returns 0, or FLUME_REJECTED with a finding. */
int failure_read(enum failure *out, const struct flume_field *table, const flume_value *decl,
		 const char *at, flume_report *);
/* After FLUME_FAILED with `err` filled; other codes are returned as they are. */
int failure_end(enum failure, int rc, struct document *, const struct path *at,
		struct flume_err *err);

#endif
