/* index.h - from bytes to nodes. */
#ifndef FLUME_AGENT_DOCUMENT_INDEX_H
#define FLUME_AGENT_DOCUMENT_INDEX_H

#include "agent/document/body.h"

struct fault {
	size_t at;       /* in `bytes`                    */
	const char *why; /* NULL: out of memory           */
	bool expected;   /* `why` is what should be there */
};

/* Makes nodes of the bytes, and tells whether there is white space between their tokens. */
bool index_build(struct document *, bool *out_loose, struct fault *);
/* The same of what stands between `from` and the last byte, and is known to be JSON; the first of
 * its nodes is its own.  Cannot fail when there is room for all of them. */
bool index_more(struct document *, size_t from);
/* Takes the white space out of a document that was just built. */
void index_squeeze(struct document *);

#endif
