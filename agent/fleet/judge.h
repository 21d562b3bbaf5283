/*
 * judge.h - is a node where it should be?  A table as a function: no I/O, no clock, no memory.
 *
 * What the store wants is known by the revision of its key: a node that has heard of it says that
 * revision as what it wants, whatever became of it there.
 */
#ifndef FLUME_AGENT_FLEET_JUDGE_H
#define FLUME_AGENT_FLEET_JUDGE_H

#include "agent/fleet/said.h"
#include "lib/base/text.h"

enum fleet_verdict {
	FLEET_WELL,   /* runs what is wanted */
	FLEET_COMING, /* does not yet, and may */
	FLEET_ASTRAY, /* says that it will not as things are */
	FLEET_VERDICTS,
};

struct fleet_judgement {
	enum fleet_verdict verdict;
	/* The node's own word; or "behind": it has not heard of what is wanted; "leaving": it was
	 * deleted, and is on its way out; "left-out": the node had no room to say, and has seen it
	 * all; "not-in-front": the switch runs, and documents do not reach it. */
	const char *state;
	const char *reason; /* "": none */
};

struct fleet_store { /* what it holds of a schema or a switch */
	bool known;  /* else the node is taken at its word */
	bool there;
	int64_t revision; /* of its key */
};

/* `entry`: what the node says of it, NULL: nothing.  False when there is nothing to judge: neither
 * wants it. */
bool fleet_judge(struct fleet_judgement *out, struct fleet_store, const struct fleet_said *,
		 const struct fleet_entry *);
/* In one line: who holds it, the way out, or what was attempted and where. */
void fleet_why(struct text *, const struct fleet_judgement *, const struct fleet_entry *,
	       struct fleet_store, int64_t proved_revision);

#endif
