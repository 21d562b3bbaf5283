/*
 * record.h - one change of a schema or a switch, as it is kept below history/ in etcd.  Pure.
 *
 *   {"at": "2026-11-27T12:00:00Z", "who": "ada@desk", "why": "incident 42", "action": "apply",
 *    "version": "1.2.0", "digest": "sha256:...", "previous": {"version", "digest", "revision"},
 *    "outcome": {"state": "running", "nodes": 5, "running": 5, "refused": 0, "at"}, "text": "..."}
 */
#ifndef FLUME_AGENT_FLEET_RECORD_H
#define FLUME_AGENT_FLEET_RECORD_H

#include "agent/engine/facts.h"

#include <stdbool.h>

#define RECORD_WHO    128 /* longer texts are cut */
#define RECORD_WHY    512
#define RECORD_ACTION 16
#define RECORD_STATE  16
/* A record is no longer than this, so that it fits beside its document into one transaction: where
 * it would be, the text is left out. */
#define RECORD_MOST ((size_t)384 * 1024)

struct record_version {
	char version[FACTS_VERSION], digest[DIGEST_SIZE]; /* "": none, or unknown */
	int64_t revision;                                 /* 0: likewise          */
};

struct record_outcome {
	char state[RECORD_STATE];        /* "": nobody looked; else as outcome.h has it */
	int64_t nodes, running, refused; /* live nodes; those that run it; that will not ... */
	int64_t held;         /* ... since an operator or a breaker holds it; not kept */
	char why[RECORD_WHY]; /* of the first that refused */
	int64_t at;
};

struct record {
	int64_t at;                 /* seconds since 1970; 0: unknown                      */
	char who[RECORD_WHO];       /* "": unknown, then `node` recorded it                */
	char why[RECORD_WHY];       /* "": nobody said                                     */
	char action[RECORD_ACTION]; /* "apply", "rollback", "delete", "put", "set"         */
	struct record_version
		version; /* what it brought; without a digest: it was a deletion */
	struct record_version previous;
	struct record_outcome outcome;
	int64_t to;            /* of a rollback: the revision it went back to; 0: it is none */
	char node[RECORD_WHO]; /* of an unknown author: who noticed; else through which agent */
	const char *text;      /* NULL: not kept.  Lent by the root that record_read gives */
	size_t len;
};

/* `root` keeps the text, and is freed with flume_value_free.  0; FLUME_INVALID when it is no
 * record; or FLUME_NOMEM.  Outputs on success only. */
int record_read(struct record *out, flume_value **root, const char *json, size_t len);
/* What record_read reads.  NULL when out of memory; free(3).  A text that is not UTF-8, or too
 * long, is left out. */
char *record_dup_json(const struct record *);

/* Is it the end of what had that name? */
bool record_is_deletion(const struct record *);
/* Version and digest of a document; of one that does not parse the digest of its bytes.  `schema`:
 * it is one.  0 or FLUME_NOMEM. */
int record_version_of(struct record_version *out, const char *text, size_t len,
		      int64_t revision);

#endif
