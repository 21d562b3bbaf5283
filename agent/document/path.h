/*
 * path.h - where in a document: `total`, `customer.address.city`, `items[0].sku`, `[2]`.
 *
 * A backslash takes the meaning from '.', '[' and '\' in a key: `a\.b`.  Compiled once and
 * then only read, by any number of threads.
 */
#ifndef FLUME_AGENT_DOCUMENT_PATH_H
#define FLUME_AGENT_DOCUMENT_PATH_H

#include "lib/flume.h"

#include <stdint.h>

#define PATH_STEPS 64 /* the most that one path may have */

struct path_step {
	const char *key; /* not terminated; NULL: an index */
	size_t len;
	uint64_t head, mask; /* its first bytes, eight at most, as they lie in memory */
	size_t index;
	size_t end; /* bytes of the path's text up to and with this step */
};

struct path {
	char *text; /* as it was written */
	struct path_step *steps;
	size_t count; /* at least 1 */
};

/* Returns 0, FLUME_INVALID ("column 7: expected ']'") or FLUME_NOMEM. */
int path_compile(struct path *out, const char *text, struct flume_err *err);
void path_fini(struct path *);

/* An order in which a parent comes before its children and elements by their index. */
int path_compare(const struct path *, const struct path *);
/* Does `inner` lie in `outer`, or are they the same? */
bool path_covers(const struct path *outer, const struct path *inner);

#endif
