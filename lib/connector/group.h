/*
 * group.h - the children of one call that run at the same time, each on a clone of the item.
 *
 * A connector begins with a struct parallel, opens a group for each call, lets all of it end or
 * the first that wins, looks at the results, and closes it.  When every child is prompt nothing
 * is handed over: they run here, one after the other, and the rest is the same.
 */
#ifndef FLUME_CONNECTOR_GROUP_H
#define FLUME_CONNECTOR_GROUP_H

#include "lib/connector/connector.h"

struct parallel {
	struct step step;
	const struct hub *hub;
	flume_pipeline *pipeline;
	struct steps children;
	bool in_place; /* all children are prompt           */
	bool keeps;    /* what each child left is looked at */
	/* Does what a child left, which did not fail, end the step?  On the thread that ran the
	 * child.  NULL: nothing does. */
	bool (*wins)(const struct parallel *, const struct flume_call *, int rc,
		     const void *item);
};

/* Builds `children`, or the one `child`, of the node, and fills in what has to do with them.
 * `slow` is builder_slow from before anything was built that runs where the children do. */
bool parallel_build(struct builder *, const flume_value *node, size_t slow, struct parallel *);

struct group;

/* What a worker does with the task of a group. */
bool group_run(struct task *);

/* The call and the item stay as they are until the group is closed.  FLUME_NOMEM, or 0 with all
 * that is needed to begin. */
int group_open(struct group **out, const struct parallel *, const struct flume_call *,
	       const void *item, struct flume_err *err);
/* Runs all, `most` at a time, and helps.  Returns 0 when all have ended, well or not; else why
 * the call is over, or that there is no memory. */
int group_run_all(struct group *, size_t most, struct flume_err *err);
/* Runs them until one wins: what it left takes the place of *item, and its outcome is returned.
 * GROUP_NONE when all have ended and none has won; else why the call is over, or that there is
 * no memory or no thread. */
enum { GROUP_NONE = 100 };
int group_run_first(struct group *, void **item, struct flume_err *err);
/* What is still running is told to stop and left behind. */
void group_close(struct group *);

/* Once all have ended: how many failed; the error of the first child that did, or 0; that of the
 * one that failed last; one result for each child. */
size_t group_failures(const struct group *);
int group_first_error(const struct group *, struct flume_err *err);
int group_last_error(const struct group *, struct flume_err *err);
const struct flume_result *group_results(struct group *);

#endif
