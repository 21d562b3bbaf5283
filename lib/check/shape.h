/*
 * shape.h - inside lib/check: what is known of a schema whose structure was found right.
 *
 * Setting a schema again, following one it refers to, or going back to it asks only whether the
 * names still mean something.  The walk over the nodes is done twice: what was learned is kept the
 * second time, for most schemas are set once.
 */
#ifndef FLUME_CHECK_SHAPE_H
#define FLUME_CHECK_SHAPE_H

#include "lib/base/names.h"
#include "lib/flume.h"
#include "lib/schema/notes.h"

struct shape {
	struct schema_notes notes;
	size_t nodes;
	unsigned depth;
	uint32_t n[FLUME_KINDS]; /* of each kind ...                        */
	const char *names[];     /* ... the names that nodes use, each once */
};

/* NULL when it is not known. */
const struct shape *shape_get(const flume_schema *);
/* Keeps what a walk without findings has met, each name with its kind, from the second walk on;
 * without memory it is not kept, and no harm done. */
void shape_keep(flume_schema *, const struct names *met, size_t nodes, unsigned depth);

#endif
