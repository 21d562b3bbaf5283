/*
 * made.h - `fields: {path: how}`: values that are made from others, for format and math.
 *
 * All of them read the document as it is before, and are then stored in the order of their paths.
 */
#ifndef FLUME_AGENT_DOCUMENT_MADE_H
#define FLUME_AGENT_DOCUMENT_MADE_H

#include "agent/document/document.h"

#define MADE_MOST 64 /* in one step */

struct made {
	size_t n;
	void (*free)(void *how);
	struct {
		struct path to;
		void *how;
	} list[MADE_MOST];
};

/* How one text is compiled: 0, FLUME_INVALID or FLUME_NOMEM. */
typedef int made_compile_fn(void **out, const char *text, struct flume_err *err);

/* Returns 0, FLUME_REJECTED with findings, or FLUME_NOMEM. */
int made_make(struct made **out, const flume_value *decl, made_compile_fn *,
	      void (*free)(void *how), const char *at, flume_report *);
void made_free(struct made *); /* NULL is fine */

#endif
