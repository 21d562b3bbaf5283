/* branches.h - `on_failure` of the reducers: what becomes of a branch that failed. */
#ifndef FLUME_AGENT_DOCUMENT_BRANCHES_H
#define FLUME_AGENT_DOCUMENT_BRANCHES_H

#include "agent/document/document.h"

#define BRANCHES_FIELD                                                                         \
	{                                                                                      \
		.name = "on_failure", .type = FLUME_FIELD_TEXT, .fallback = "fail",            \
		.about = "When a branch fails: fail the document, or skip that branch.  What " \
			 "a branch dropped is skipped."                                        \
	}

int branches_read(bool *out_skip, const struct flume_field *table, const flume_value *decl,
		  const char *at, flume_report *);
/* The first failure, in the order of the branches: returns its code, with "NAME: why" in `err`.  0 when
 * there is none. */
int branches_failure(const struct flume_result *, size_t n, struct flume_err *err);

#endif
