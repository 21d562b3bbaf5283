/*
 * source.h - where schemas come from.  Each source says the same: what changed, and how far it
 * has proved that nothing else did.
 *
 * A source lives on the loop's thread and calls its sink there.  It decides nothing: order,
 * versions and digests are the engine's affair.
 */
#ifndef FLUME_AGENT_SOURCE_SOURCE_H
#define FLUME_AGENT_SOURCE_SOURCE_H

#include "agent/loop/loop.h"
#include "lib/base/digest.h"
#include "lib/flume.h"

/* One schema as the store has it.  Everything is borrowed until the sink returns. */
struct change {
	const char *name;
	const char *text; /* NULL: deleted */
	size_t len;
	enum flume_format format;
	int64_t revision;   /* of this key; 0 where the store has no order of its own */
	const char *origin; /* "etcd", "dir", "http" */
	const char
		*place; /* what stands for the file in a finding: "/flume/schemas/checkout" */
};

/* Of its text and format, byte for byte: does a list repeat what was said before? */
void change_digest(const struct change *, char out[DIGEST_SIZE]);

enum batch_kind {
	BATCH_EVENTS, /* what one revision changed                                      */
	BATCH_LIST,   /* everything there is at `revision`: what is not named is deleted */
};

struct sink {
	/* 0, or FLUME_NOMEM: not all of it could be taken in.  Then a list has to follow. */
	int (*batch)(void *arg, enum batch_kind, const struct change *, size_t n,
		     int64_t revision);
	/* Nothing that happened up to `revision` is missing. */
	void (*proved)(void *arg, int64_t revision);
	/* The connection as the source sees it; `why` when it is down. */
	void (*link)(void *arg, bool up, const char *why);
	/* A linearizable read went backwards: the store was wiped or restored.  A list follows.
	 */
	void (*reset)(void *arg, int64_t revision);
	void *arg;
};

struct source {
	void (*free)(struct source *);
};

/* Frees what a source_..._new made; NULL is fine.  Returns NULL. */
struct source *source_free(struct source *);

struct etcd;
struct source_folder {
	const char *
		folder; /* "schemas/": each key in it is a change; "freeze": that key alone is */
	struct sink sink;
};
#define SOURCE_FOLDERS 4
/* Lists one to SOURCE_FOLDERS folders below the prefix and watches from there; with poll_ns > 0 it
 * lists again at that pace instead.  What one list or one revision has for several of them is told in
 * the order in which they are given.  Everything that the store has between them is read too, and
 * left alone.  Keys that cannot be names are
 * logged and passed over.  Format: a value whose first character (after white space) is '{' is
 * JSON, any other YAML. */
int source_etcd_new(struct source **out, struct loop *, struct etcd *, const char *prefix,
		    const struct source_folder *, size_t n, int64_t poll_ns,
		    struct flume_err *err);
/* Follows NAME.yaml, NAME.yml and NAME.json in `dir` by inotify, or at a pace with poll_ns > 0.
 * Each look at the folder that finds something different is one BATCH_LIST with all files. */
int source_dir_new(struct source **out, struct loop *, const char *dir, int64_t poll_ns,
		   const struct sink *, struct flume_err *err);
/* The same for a folder in one that may not have it: then it is as if it were empty. */
int source_dir_new_optional(struct source **out, struct loop *, const char *dir,
			    int64_t poll_ns, const struct sink *, struct flume_err *err);

/* [a-z0-9][a-z0-9._-]{0,127}: may this name a schema or a node? */
bool source_name_good(const char *name);
/* Anything from nothing to `bound`, by chance: so that a fleet does not come all at once. */
int64_t source_jitter(int64_t bound);

#endif
