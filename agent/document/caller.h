/*
 * caller.h - what the request that a call is made for is called, for whoever writes something down about it.
 *
 * A step that was left behind may ask long after its request was answered, so callers are never freed, and
 * one that serves another request by then says nothing.
 */
#ifndef FLUME_AGENT_DOCUMENT_CALLER_H
#define FLUME_AGENT_DOCUMENT_CALLER_H

#include "lib/flume.h"

#define CALLER_SIZE 129 /* of the longest name, NUL included */

struct caller; /* of one request after another */

/* NULL when out of memory. */
struct caller *caller_take(void);
/* No more calls are begun with it.  NULL is fine. */
void caller_give(struct caller *);

/* Sets `user` and `id` of the call, or leaves them, when the caller is NULL.  One thread at a time. */
void caller_begin(struct caller *, const char *name, struct flume_call *);
/* Any thread, any call, or NULL; returns `out`, "" when nobody said, or it was too long ago. */
const char *caller_name(const struct flume_call *, char out[CALLER_SIZE]);

#endif
