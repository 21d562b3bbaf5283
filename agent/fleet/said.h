/*
 * said.h - what one node says of itself, read: the value of nodes/NODE, or of GET /status.  Pure.
 *
 * Whatever is missing, or of another kind than it should be, is "" or 0: a status may come from an
 * agent that is older or newer than this one.
 */
#ifndef FLUME_AGENT_FLEET_SAID_H
#define FLUME_AGENT_FLEET_SAID_H

#include "lib/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fleet_kind { FLEET_SCHEMA, FLEET_SWITCH, FLEET_KINDS };
/* "schema", "switch" */
const char *fleet_kind_word(enum fleet_kind);
/* "schemas", "switches": of a status, and below the prefix in etcd. */
const char *fleet_kind_folder(enum fleet_kind);

struct fleet_version { /* of a schema or a switch */
	const char *version, *digest;
	int64_t revision; /* the store's; 0: not said */
};

struct fleet_finding { /* the first one of an attempt */
	const char *code, *path, *message, *hint;
	int64_t line, column; /* 0: not said */
};

struct fleet_entry { /* what a node says of one schema or switch */
	enum fleet_kind kind;
	const char *name, *state, *reason, *why; /* `why` of the reason, where it says one */
	bool deleted;                            /* wanted to be gone */
	struct fleet_version wanted, attempted, running;
	const char *stage, *error, *at; /* of the attempt */
	struct fleet_finding finding;
	size_t findings;
	bool runs, proven;
	int64_t generation;
	const char *since;              /* ... it runs */
	const char *held_by, *held_why; /* by an operator; "": nobody says */
};

struct fleet_cases { /* a document of canaries/ that is broken on this node */
	const char *name, *error;
};

/* With config_why: what that means. */
#define FLEET_CONFIG_WORDS "it goes on with what it had, and would not start again: %s"

enum fleet_voice {
	FLEET_SPEAKS,
	FLEET_SILENT,     /* the key is there, and says nothing of schemas */
	FLEET_UNREADABLE, /* it is no status: `problem` */
};

struct fleet_said {
	struct arena arena; /* holds all of it */
	const char *node, *agent, *started;
	enum fleet_voice voice;
	const char *problem; /* "line 1, column 7: ..." */
	bool blind;
	const char *proved_at;
	int64_t proved_revision;
	const char *link_why, *disk_why, *config_why; /* "": it is well */
	int64_t left_out;                             /* schemas that were too many for etcd */
	const struct fleet_cases *broken;
	size_t n_broken;
	const struct fleet_entry *entries; /* by kind and name */
	size_t n;
};

/* `node`: what the key calls it.  Returns 0 or FLUME_NOMEM. */
int fleet_said_read(struct fleet_said **out, const char *node, const char *text, size_t len);
/* NULL when it says nothing of that one. */
const struct fleet_entry *fleet_said_find(const struct fleet_said *, enum fleet_kind,
					  const char *name);
struct fleet_said *fleet_said_free(struct fleet_said *); /* NULL is fine; returns NULL */

/* By kind, then by name: less than 0, 0, more than 0. */
int fleet_order(enum fleet_kind a_kind, const char *a, enum fleet_kind b_kind, const char *b);

#endif
