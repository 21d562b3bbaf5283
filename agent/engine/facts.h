/* facts.h - what tells one version of a schema from another, as values that can be copied. */
#ifndef FLUME_AGENT_ENGINE_FACTS_H
#define FLUME_AGENT_ENGINE_FACTS_H

#include "lib/base/digest.h"
#include "lib/flume.h"

#define FACTS_VERSION 72 /* longer ones are cut, for showing only */
#define FACTS_ORIGIN  16
#define STAMP_SIZE    24 /* "2026-11-22T10:00:00Z" */

struct facts {
	char version[FACTS_VERSION]; /* "" when unset, or unknown */
	char digest[DIGEST_SIZE];    /* "" when unknown           */
	int64_t revision;            /* 0: without order          */
	char origin[FACTS_ORIGIN];   /* "etcd", "dir", "http"     */
};

/* `schema` may be NULL; `origin` too. */
struct facts facts_of(const flume_schema *, int64_t revision, const char *origin);
/* The digest of a text that could not be read: of its bytes. */
void facts_digest_bytes(char out[DIGEST_SIZE], const char *text, size_t len);

/* Seconds since 1970, now. */
int64_t stamp_now(void);
void stamp_write(char out[STAMP_SIZE], int64_t seconds);
/* 0 or FLUME_INVALID. */
int stamp_read(const char *text, int64_t *out_seconds);

#endif
