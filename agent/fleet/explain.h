/*
 * explain.h - why a node runs what it runs: the reasons in their order, and what would change it.
 * Pure.
 */
#ifndef FLUME_AGENT_FLEET_EXPLAIN_H
#define FLUME_AGENT_FLEET_EXPLAIN_H

#include "agent/fleet/judge.h"
#include "lib/flume.h"

struct fleet_question {
	const char *node, *name;
	enum fleet_kind kind;
	struct fleet_store store;
	const char *text; /* what the node says, as JSON */
	size_t len;
};

struct fleet_reason {
	/* "node", "sight", "wanted", "heard", "hold", "decided", "reason", "attempted", "finding", "trial",
	 * "running", "cleared", "disk", "config", "next"; static */
	const char *step;
	char *text;
};

struct fleet_answer {
	struct fleet_judgement
		judgement; /* state "": neither wants it; its texts live as long as this */
	struct fleet_reason *reasons;
	size_t n, cap;
	char *command; /* to run next; "": none */
	struct fleet_said *said;
};

/* 0 or FLUME_NOMEM. */
int fleet_explain(struct fleet_answer *out, const struct fleet_question *);
void fleet_answer_fini(struct fleet_answer *);

#endif
