/*
 * veil.h - inside agent/tap: a document as JSON, with what nobody shall see as "***".
 *
 * A path hides what lies at it, whatever that is.  A key of it is looked for in every element of an
 * array that lies in between: `customers.email` hides the email of each customer.
 */
#ifndef FLUME_AGENT_TAP_VEIL_H
#define FLUME_AGENT_TAP_VEIL_H

#include "agent/document/path.h"
#include "lib/base/text.h"

#define VEIL_PATHS 64

struct veil { /* all zero hides nothing */
	struct path paths[VEIL_PATHS];
	size_t n;
};

/* 0, FLUME_INVALID ("'a[': column 3: ..."; or too many) or FLUME_NOMEM. */
int veil_add(struct veil *, const char *path, struct flume_err *err);
/* Paths with commas between; a comma after a backslash belongs to a key. */
int veil_add_list(struct veil *, const char *paths, struct flume_err *err);
void veil_fini(struct veil *);

/* Adds the JSON that is in `json`, by the rules of both; true when something was hidden.  What cannot
 * be looked through (NUL characters, nesting deeper than 256) is hidden as a whole. */
bool veil_write(const struct veil *a, const struct veil *b, const char *json, size_t len,
		struct text *out);

#endif
