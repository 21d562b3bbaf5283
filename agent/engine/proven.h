/*
 * proven.h - last known good: STATE/proven/NAME, so that a node starts without its store.
 *
 * What was proven before it stays as NAME@1, and before that as NAME@2, for the day when a disk
 * gives back other bytes than it got.
 *
 * One line of JSON that says what it is, then the document byte for byte as it was received.  A
 * copy whose bytes are not those that were written is an error, never a schema.
 */
#ifndef FLUME_AGENT_ENGINE_PROVEN_H
#define FLUME_AGENT_ENGINE_PROVEN_H

#include "agent/engine/facts.h"

struct proven {
	const char *name;
	struct facts facts;
	enum flume_format format;
	bool proven; /* false: its probation ended without a verdict    */
	int64_t at;  /* seconds since 1970                              */
	const char *text;
	size_t len;
};

/* The file, whole.  NULL when out of memory; free(3). */
char *proven_encode(const struct proven *, size_t *out_len);
/* Reads it; `out` points into `bytes`, and its name is `name`.  FLUME_INVALID with the reason
 * when it is not what was written under that name, or FLUME_NOMEM. */
int proven_decode(struct proven *out, const char *name, const char *bytes, size_t len,
		  struct flume_err *err);

#define PROVEN_KEPT 2 /* of those before the last one */

/* STATE/proven; NULL when out of memory; free(3). */
char *proven_folder(const char *state);
/* `state` is the state folder; `back` says which: 0 the last one, to PROVEN_KEPT.  `out` points
 * into `*out_bytes`; free(3).  What file_read or proven_decode returns. */
int proven_read(const char *state, const char *name, unsigned back, struct proven *out,
		char **out_bytes, struct flume_err *err);
/* All of that name, for this process and those after it: that it lasts is for file_commit. */
int proven_remove(const char *state, const char *name, struct flume_err *err);
/* As file_list, each name once, also where only older ones are left; makes the folder. */
int proven_list(const char *state, char ***out, struct flume_err *err);

#endif
