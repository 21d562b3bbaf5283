/*
 * listing.h - a JSON map of name to schema, taken apart.  Pure.
 *
 * A schema is an object, and then its text is what stands there, byte for byte; or it is text that
 * holds YAML or JSON.  The structure of the whole is checked, so that nothing is made of half an
 * answer; whether each part is right is for whoever reads it, and no part holds up another.
 */
#ifndef FLUME_AGENT_SOURCE_LISTING_H
#define FLUME_AGENT_SOURCE_LISTING_H

#include "lib/base/arena.h"
#include "lib/flume.h"

struct listing_part {
	const char *name;
	const char *text; /* lent by the whole, or by the listing; not terminated */
	size_t len;
	enum flume_format format;
	const char *place; /* of its name in the whole */
};

struct listing {                    /* all zero is an empty one */
	struct listing_part *parts; /* by name */
	size_t n, cap;
	struct arena arena;
};

/* Returns 0, FLUME_SYNTAX (`err` begins with line and column), or FLUME_NOMEM.  `text` is lent
 * until listing_fini, which has to follow in any case. */
int listing_read(struct listing *, const char *text, size_t len, struct flume_err *err);
void listing_fini(struct listing *);

#endif
