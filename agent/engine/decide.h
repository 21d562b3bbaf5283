/*
 * decide.h - may this change go on?  A table as a function: no I/O, no clock, no memory.
 */
#ifndef FLUME_AGENT_ENGINE_DECIDE_H
#define FLUME_AGENT_ENGINE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict {
	DECIDE_GO,
	DECIDE_IGNORED,   /* older than what was seen of this key      */
	DECIDE_UNCHANGED, /* it is what runs                           */
	DECIDE_HELD,      /* kept, not carried out: `reason` says why  */
	DECIDE_REJECTED,  /* `reason` says why                         */
};

/* Somebody holds a schema, or all of them, at what runs. */
struct decide_hold {
	bool on;
	int64_t since; /* the store's revision that says so; 0: it was said on this node */
	const char *version, *digest; /* may go on all the same; NULL or "": nothing may */
};

enum { DECIDE_BY_STORE, DECIDE_BY_NODE, DECIDE_HOLDERS };

struct question {
	bool deleted;
	const char *running_version; /* "" when unset                             */
	const char *running_digest;  /* NULL: nothing runs                        */
	const char *version;         /* of what came in; "" when unset            */
	const char *digest;          /* NULL for a deletion                       */
	int64_t revision;            /* 0: the source has no order of its own     */
	int64_t last_revision;       /* newest one seen of this key; 0: none      */
	int64_t listed_at;           /* the store's, when it came in a list; or 0 */
	bool known_bad;
	bool breaker_open;
	bool mass_delete; /* decide_mass_delete of the batch it came in, and not confirmed */
	struct decide_hold pins[DECIDE_HOLDERS];    /* of this schema */
	struct decide_hold freezes[DECIDE_HOLDERS]; /* of all         */
	bool apply_same_version;
	bool deny_downgrade;
};

struct decision {
	enum verdict verdict;
	/* "stale-revision", "known-bad", "version-reused", "update-breaker", "mass-delete",
	 * "downgrade", "pinned", "frozen", or "". */
	const char *reason;
	bool downgrade;
	bool rewound; /* the store forgot a revision that was seen: it was wiped or restored */
};

struct decision decide(const struct question *);

/* A batch that deletes `deleted` of the `staying` schemas, which no one before it deleted: more
 * than half, and at least three? */
bool decide_mass_delete(size_t staying, size_t deleted);

/* Does the word of an operator, who had seen the store at `said_at` and the key gone, agree with
 * the deletion of a schema that was put at `running_revision` (0: before all that the store
 * knows)? */
bool decide_confirmed(int64_t said_at, int64_t running_revision);

#endif
