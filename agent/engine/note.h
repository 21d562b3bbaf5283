/*
 * note.h - what an operator said, with who and why: the value of pins/NAME, freeze, bad/NAME and
 * confirm/NAME in etcd, and of a file in STATE/holds.  Pure.
 *
 *   {"by": "ada", "why": "incident 42", "at": "2026-11-27T12:00:00Z"}
 *
 * A pin may have "version" or "digest": what may go on all the same.  A clear may have "digest":
 * that one alone is forgotten.  A confirmation has "revision": that of the store when it was seen
 * that the schema is gone.
 */
#ifndef FLUME_AGENT_ENGINE_NOTE_H
#define FLUME_AGENT_ENGINE_NOTE_H

#include "agent/engine/facts.h"

#include <stdbool.h>

#define NOTE_BY  64 /* longer texts are cut */
#define NOTE_WHY 256
#define NOTE_ID  48

struct note {
	char by[NOTE_BY], why[NOTE_WHY];                  /* "": nobody said */
	int64_t at;                                       /* seconds since 1970; 0: unknown */
	char version[FACTS_VERSION], digest[DIGEST_SIZE]; /* "": not said */
	int64_t looked;   /* the "revision" in it; 0: not said */
	int64_t revision; /* of the key; 0: said on this node */
};

/* 0; FLUME_INVALID when it is not JSON of that kind, and then `out` has the revision alone; or
 * FLUME_NOMEM. */
int note_read(struct note *out, const char *text, size_t len, int64_t revision);
/* What note_read reads.  NULL when out of memory; free(3). */
char *note_dup_json(const struct note *);
/* Tells it from any other, also over a restart and a store that counts anew. */
void note_id(const struct note *, char out[NOTE_ID]);

#endif
