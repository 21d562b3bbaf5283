/*
 * judge.h - does a switch fit this node?  Its schemas, their routes and their names go in, and what is
 * wrong comes out.  Pure.
 *
 * A switch is in front when documents may be sent to it: each of its variants is the name of a
 * schema then.  Where it does not say, it is as soon as one of them is such a name, and stays so: a
 * misspelt one must not take a name away to which documents are sent.
 */
#ifndef FLUME_AGENT_SWITCHES_JUDGE_H
#define FLUME_AGENT_SWITCHES_JUDGE_H

#include "agent/engine/guest.h"
#include "agent/split/ab.h"

struct judge_world {
	enum engine_presence (*find)(void *arg, const char *schema);
	/* What schemas that run here miss in the switch; as ab_check_switch. */
	int (*check_routes)(void *arg, const struct ab_switch *, flume_report *);
	void *arg;
	const char *where; /* its schemas are: "on this node"; for findings */
	bool serves;       /* the one before is in front */
};

enum judge_verdict {
	JUDGE_GO,
	JUDGE_WAITS,    /* for schemas that are on their way                       */
	JUDGE_REJECTED, /* with findings; another look may see it otherwise        */
	JUDGE_NOMEM,
};
/* `out_front`, of a JUDGE_GO: is it in front?  Beside those of the routes the findings are name-taken
 * and unknown-schema; of a JUDGE_WAITS there is one too, that says for what. */
enum judge_verdict judge(const struct judge_world *, const struct ab_switch *, bool *out_front,
			 flume_report *);
enum judge_front {
	JUDGE_FRONT,
	JUDGE_BEHIND,     /* nobody wants it in front                             */
	JUDGE_NAME_TAKEN, /* it should be, and a schema is served under its name  */
	JUDGE_UNSERVED,   /* it should be, and a variant has no schema that runs  */
};
/* Of one that runs.  `out_missing` is the first variant without a schema, of JUDGE_UNSERVED; else NULL. */
enum judge_front judge_front(const struct judge_world *, const struct ab_switch *,
			     const char **out_missing);
/* Does it decide nothing, as far as can be seen?  `asked`: a schema asks it.  One that says whether it is in
 * front is meant as it is: others than Flume may choose by it. */
bool judge_is_unasked(const struct judge_world *, const struct ab_switch *, bool asked);

#endif
