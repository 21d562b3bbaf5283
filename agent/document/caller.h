/*
 * caller.h - what the request that a call is made for is called, for whoever writes something down about it,
 * and what the steps of one call leave for each other, whichever threads they run on.
 *
 * A step that was left behind may ask long after its request was answered, so callers are never freed, and
 * one that serves another request by then says nothing.
 */
#ifndef FLUME_AGENT_DOCUMENT_CALLER_H
#define FLUME_AGENT_DOCUMENT_CALLER_H

#include "lib/flume.h"

#define CALLER_SIZE  129 /* of the longest name, NUL included */
#define CALLER_NOTES 8   /* of one call */

struct caller; /* of one request after another */

/* NULL when out of memory. */
struct caller *caller_take(void);
/* No more calls are begun with it.  NULL is fine. */
void caller_give(struct caller *);

/* Sets `user` and `id` of the call, or leaves them, when the caller is NULL.  One thread at a time. */
void caller_begin(struct caller *, const char *name, struct flume_call *);
/* The call is for the next document of the same request.  NULL is fine, here and below. */
void caller_next(struct caller *, struct flume_call *);
/* No document is under way. */
void caller_end(struct caller *);
/* Any thread, any call, or NULL; returns `out`, "" when nobody said, or it was too long ago. */
const char *caller_name(const struct flume_call *, char out[CALLER_SIZE]);

/* ---- between the steps of a call; any thread, no lock, no memory.  Of a call that has no caller, or is over,
 * nothing is known, and each step is the first. ---- */

/* What the first step to come here said.  Of one use in a process: generations of the switchboard. */
uint32_t caller_agree(const struct flume_call *, uint32_t value);
/* The least that calls under way have agreed on, or `value`, when none is less.  Exact for what was said in
 * a read section (live.h) that began before the last live_settle. */
uint32_t callers_least(uint32_t value);

struct caller_note {
	uint32_t of; /* 1 ... CALLER_NOTE_MOST */
	uint8_t said;
};
#define CALLER_NOTE_MOST 0xffffffU

/* False: there is a note of that already.  A call has room for the first CALLER_NOTES. */
bool caller_note(const struct flume_call *, const struct caller_note *);
size_t caller_read_notes(const struct flume_call *, struct caller_note out[CALLER_NOTES]);

#endif
