/*
 * shape.h - inside lib/check: what is known of a schema whose structure was found right.
 *
 * Setting a schema again, following one it refers to, or going back to it asks only whether the
 * names still mean something.  The walk over the nodes is done twice: what was learned is kept the
 * second time, for most schemas are set once.
 */
#ifndef FLUME_CHECK_SHAPE_H
#define FLUME_CHECK_SHAPE_H

#include "lib/schema/notes.h"

#include <stddef.h>

struct reference { /* a name that nodes use; each once */
	const char *name;
	enum flume_kind kind;
	bool schema; /* of a processor, or else of a schema */
};

struct shape {
	struct schema_notes notes;
	size_t nodes;
	unsigned depth;
	size_t n;
	struct reference references[];
};

/* The names a walk has met so far, each when it met it first; all zero is nothing. */
struct met {
	struct reference *list;
	size_t n, cap;
	bool failed; /* for want of memory: no shape will come of it */
};

void met_add(struct met *, enum flume_kind, bool schema, const char *name);
void met_fini(struct met *);

/* NULL when it is not known. */
const struct shape *shape_get(const flume_schema *);
/* Keeps what a walk without findings has met, from the second walk on; without memory it is not
 * kept, and no harm done. */
void shape_keep(flume_schema *, struct met *, size_t nodes, unsigned depth);

#endif
