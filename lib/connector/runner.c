/*
 * A child belongs to who took its number from `next`.  When it has ended, its runner says so in
 * `progress`, and that is the last thing a runner does when it has no other child.
 *
 * What a child leaves is freed by its runner, unless the caller is told of it and still there.
 */
#include "lib/connector/runner.h"

#include <stddef.h>
#include <stdlib.h>

void group_free(struct group *group)
{
	flume_pipeline *left = group->left;
	for (size_t i = 0; i < group->n; i++) {
		branch_drop(group, &group->branches[i]);
		free(group->branches[i].err);
	}
	if (!group->in_place)
		cancel_fini(&group->cancel);
	free(group->memory);
	if (left)
		pipeline_release(left);
}

/* A runner that has nothing more to do with the group. */
static void retire(struct group *group)
{
	uint64_t before = atomic_load(&group->progress);
	bool last;
	do {
		last = before & PROGRESS_LEFT &&
		       progress_retired(before + PROGRESS_RETIRED) == group->runs;
	} while (!atomic_compare_exchange_weak(&group->progress, &before,
					       before + PROGRESS_RETIRED));
	if (last)
		group_free(group);
}

static void keep_error(struct group *group, struct branch *branch, const struct flume_err *err)
{
	branch->err = malloc(sizeof *branch->err);
	if (branch->err)
		*branch->err = *err;
	else
		branch->rc = FLUME_NOMEM;
	atomic_store(&group->failed, (size_t)(branch - group->branches));
}

/* Does what the child left end it all? */
static bool run_branch(struct group *group, size_t i, bool first)
{
	const struct parallel *parallel = group->parallel;
	struct branch *branch = &group->branches[i];
	struct flume_err err;
	if (group_is_settled(group)) { /* nobody asks any more */
		branch->rc = FLUME_CANCELLED;
		return false;
	}
	int rc = first ? FLUME_OK : call_check(parallel->hub, &group->call, &err);
	if (!rc)
		rc = step_run(parallel->children.at[i], &group->call, &branch->item, &err);
	branch->rc = rc;
	if (rc < 0)
		keep_error(group, branch, &err);
	return rc >= 0 && parallel->wins &&
	       parallel->wins(parallel, &group->call, rc, branch->item);
}

/* Branch i has ended.  With `last` the group may be gone afterwards.  True when it woke the
 * caller. */
static bool settle(struct group *group, size_t i, bool wins, bool last)
{
	struct branch *branch = &group->branches[i];
	size_t n = group->n;
	uint64_t before = 0, after; /* a guess, mostly right, that saves a look */
	bool wake, gone;
	do {
		bool won = wins && !progress_winner(before) && !(before & PROGRESS_LEFT);
		if (!won && (before & PROGRESS_LEFT || !group->keeps))
			branch_drop(group, branch);
		wake = (before & (PROGRESS_ASLEEP | PROGRESS_LEFT)) == PROGRESS_ASLEEP;
		after = before + PROGRESS_ENDED + (won ? PROGRESS_WON(i) : 0) +
			(last && !wake ? PROGRESS_RETIRED : 0);
		gone = last && before & PROGRESS_LEFT && progress_retired(after) == group->runs;
	} while (!atomic_compare_exchange_strong(&group->progress, &before, after));
	if (gone)
		group_free(group);
	bool woke = wake && progress_settles(after, n);
	if (woke)
		flume_cancel_request(&group->cancel);
	if (wake && last)
		retire(group);
	return woke;
}

/* Runs what nobody has begun.  On a worker, the group may be gone afterwards. */
static bool run(struct group *group, bool helping)
{
	size_t i = atomic_fetch_add(&group->next, 1), n = group->n;
	bool first = true, woke = false;
	if (i >= n && !helping)
		retire(group);
	while (i < n) {
		bool ends = run_branch(group, i, first);
		size_t next = n;
		if (!ends && !group_is_settled(group))
			next = atomic_fetch_add(&group->next, 1);
		woke = settle(group, i, ends, next >= n && !helping);
		first = false;
		i = next;
	}
	return woke;
}

void runner_help(struct group *group)
{
	run(group, true);
}

bool group_run(struct task *task)
{
	return run((struct group *)((char *)task - offsetof(struct group, task)), false);
}

int runner_in_place(struct group *group, struct flume_err *err)
{
	for (size_t i = 0; i < group->n && !group_is_settled(group); i++) {
		if (!branch_copy(group, &group->branches[i]))
			return group_no_memory(err);
		settle(group, i, run_branch(group, i, !i), false);
	}
	return FLUME_OK;
}
