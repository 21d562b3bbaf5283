/*
 * runner.h - the inside of a group, for what its caller does (group.c) and what runners do, on
 * workers or on the caller's thread.
 */
#ifndef FLUME_CONNECTOR_RUNNER_H
#define FLUME_CONNECTOR_RUNNER_H

#include "lib/base/cancel.h"
#include "lib/connector/group.h"
#include "lib/connector/progress.h"

struct branch {
	void *item; /* NULL until the child runs, and once freed or taken */
	struct flume_err *err;
	int rc;
};

struct group {
	void *memory; /* that it lies in */
	struct task task;
	struct flume_call call; /* of the children */
	bool in_place, keeps;
	const struct flume_call *given; /* the caller's, while it is here         */
	const void *item;               /* likewise                               */
	size_t runs;                    /* handed over and not taken back         */
	flume_pipeline *left;           /* kept for those left behind, or NULL    */
	atomic_size_t failed;           /* the last one that did                  */
	struct flume_cancel cancel;     /* of the children, unless in place       */
	struct flume_result *results;

	/* A line of the cache: all that a runner needs for a single child. */
	_Alignas(64) atomic_uint_least64_t progress;
	atomic_size_t next; /* the first child that nobody has begun, if there is one */
	size_t n;
	const struct parallel *parallel;
	struct branch branches[];
};

static inline const struct hub *group_hub(const struct group *group)
{
	return group->parallel->hub;
}

static inline bool group_is_settled(const struct group *group)
{
	return progress_settles(atomic_load(&group->progress), group->n);
}

static inline bool branch_copy(const struct group *group, struct branch *branch)
{
	branch->item = group_hub(group)->type.clone(group->item);
	return branch->item;
}

static inline void branch_drop(const struct group *group, struct branch *branch)
{
	if (branch->item)
		group_hub(group)->type.free(branch->item);
	branch->item = NULL;
}

static inline int group_no_memory(struct flume_err *err)
{
	return flume_fail(err, FLUME_NOMEM, "out of memory");
}

/* Runs children that nobody has begun, one after the other, on the caller's thread. */
void runner_help(struct group *);
/* All of them, until one wins, each on a clone made when it begins.  0 or FLUME_NOMEM. */
int runner_in_place(struct group *, struct flume_err *err);
/* By the last who knows of it. */
void group_free(struct group *);

#endif
