/*
 * bad.h - a few changes of one schema, kept in a file of the state folder.
 *
 * STATE/bad/NAME has those that failed here, so that none is tried again by itself, also not
 * after a restart.  STATE/tried/NAME has those that are being tried; see crash.c.
 */
#ifndef FLUME_AGENT_ENGINE_BAD_H
#define FLUME_AGENT_ENGINE_BAD_H

#include "agent/engine/note.h"

#define BAD_MOST  16 /* the oldest is forgotten */
#define BAD_ERROR 320

struct bad_change {
	struct facts facts;
	char context[DIGEST_SIZE]; /* the schemas it failed together with; "": by itself */
	char stage[12];            /* "canary", "shadow", "live", "probation", "crash" */
	char error[BAD_ERROR];
	char cleared[NOTE_ID]; /* the last clear that had been heard of by then; "": none */
	int64_t at;            /* seconds since 1970 */
};

struct bad {                     /* all zero is an empty one */
	struct bad_change *list; /* oldest first */
	size_t n;
};

/* NULL when it is not known as bad.  Lent until the next bad_add. */
const struct bad_change *bad_find(const struct bad *, const char *digest);
/* Adds or renews.  0 or FLUME_NOMEM. */
int bad_add(struct bad *, const struct bad_change *);
/* Forgets it, if it is there. */
void bad_drop(struct bad *, const char *digest);
/* The newest revision among them; 0 when there is none. */
int64_t bad_revision(const struct bad *);
void bad_fini(struct bad *);

/* The file, whole.  NULL when out of memory; free(3). */
char *bad_encode(const struct bad *, const char *name, size_t *out_len);
/* `out` is an empty one.  FLUME_INVALID with the reason, or FLUME_NOMEM. */
int bad_decode(struct bad *out, const char *name, const char *bytes, size_t len,
	       struct flume_err *err);

/* `state` is the state folder, `folder` the one in it.  FLUME_IO, FLUME_NOMEM, or what bad_decode
 * returns.  An empty list is no file. */
int bad_write(const char *state, const char *folder, const char *name, const struct bad *,
	      bool durable, struct flume_err *err);
int bad_read(const char *state, const char *folder, const char *name, struct bad *out,
	     struct flume_err *err);
/* As file_list; makes the folder. */
int bad_list(const char *state, const char *folder, char ***out, struct flume_err *err);

#endif
