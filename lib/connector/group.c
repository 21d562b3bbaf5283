/*
 * A child belongs to who took its number from `next`: a runner, which is the caller or a worker.
 * When it has ended, its runner says so in `progress`, and that is the last thing a runner does
 * when it has no other child.
 *
 * Leaving is safe by two rules.  What a child leaves is freed by its runner, unless the caller is
 * told of it and still there.  And a caller that leaves children running first gives the
 * group a reference to the pipeline, so everything they use is there until they end, and a
 * factory that is being freed waits for them.  The last to leave frees the group.
 *
 * The caller sleeps on the very token that its children look at: who wins requests it, which
 * wakes the caller and tells the others to stop, and a cancel of the call comes down to it.
 *
 * Waking a thread costs more than most children take.  So where the caller can only wait, one
 * run is asked for at first, and a runner that ends early goes on with the next child; the
 * caller asks for more when nothing has come of it after some microseconds.
 */
#include "lib/connector/group.h"

#include "lib/base/cancel.h"
#include "lib/base/spin.h"
#include "lib/connector/progress.h"

#include <stddef.h>
#include <stdlib.h>

#define SOON_NS   2000    /* when one run was asked for, wait so long for more    */
#define AWAKE_NS  20000   /* before going to sleep                                */
#define MOMENT_NS 1000000 /* for a worker, between looks whether another came yet */

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
	struct flume_cancel cancel;     /* followed by the children, but in place */
	struct flume_result *results;

	/* A line of the cache: all that a runner needs for a single child. */
	_Alignas(64) atomic_uint_least64_t progress;
	atomic_size_t next;
	size_t n;
	const struct parallel *parallel;
	struct branch branches[];
};

static const struct hub *hub_of(const struct group *group)
{
	return group->parallel->hub;
}

static void drop_item(const struct group *group, struct branch *branch)
{
	if (branch->item)
		hub_of(group)->type.free(branch->item);
	branch->item = NULL;
}

static int no_memory(struct flume_err *err)
{
	return flume_fail(err, FLUME_NOMEM, "out of memory");
}

/* ---- opening ---- */

static bool copy_item(const struct group *group, struct branch *branch)
{
	branch->item = hub_of(group)->type.clone(group->item);
	return branch->item;
}

static bool copy_for_all(struct group *group)
{
	for (size_t i = 0; i < group->n; i++)
		if (!copy_item(group, &group->branches[i]))
			return false;
	return true;
}

static struct group *group_new(const struct parallel *parallel, const struct flume_call *call,
			       const void *item)
{
	size_t n = parallel->children.n;
	size_t each = sizeof(struct branch) + sizeof(struct flume_result);
	size_t line = _Alignof(struct group);
	char *memory =
		n < PROGRESS_COUNT ? malloc(sizeof(struct group) + n * each + line) : NULL;
	if (!memory)
		return NULL;
	struct group *group = (struct group *)(memory + line - (uintptr_t)memory % line);
	group->memory = memory;
	task_init(&group->task);
	atomic_init(&group->progress, 0);
	atomic_init(&group->next, 0);
	group->n = n;
	group->parallel = parallel;
	group->call = *call;
	group->in_place = parallel->in_place;
	group->keeps = parallel->keeps;
	group->given = call;
	group->item = item;
	group->runs = 0;
	group->left = NULL;
	atomic_init(&group->failed, 0);
	group->results = (struct flume_result *)&group->branches[n];
	for (size_t i = 0; i < n; i++)
		group->branches[i] = (struct branch){0};
	return group;
}

int group_open(struct group **out, const struct parallel *parallel,
	       const struct flume_call *call, const void *item, struct flume_err *err)
{
	struct group *group = group_new(parallel, call, item);
	if (!group)
		return no_memory(err);
	if (!group->in_place) {
		cancel_init(&group->cancel);
		cancel_follow(&group->cancel, call->cancel);
		group->call.cancel = &group->cancel;
		if (!copy_for_all(group)) {
			group_close(group);
			return no_memory(err);
		}
	}
	*out = group;
	return FLUME_OK;
}

/* ---- the end of a group ---- */

static const struct flume_err no_room = {FLUME_NOMEM, "", "out of memory"};

static void group_free(struct group *group)
{
	flume_pipeline *left = group->left;
	for (size_t i = 0; i < group->n; i++) {
		drop_item(group, &group->branches[i]);
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

/* ---- running ---- */

static bool is_settled(const struct group *group)
{
	return progress_settles(atomic_load(&group->progress), group->n);
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
	if (is_settled(group)) { /* nobody asks any more */
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

/* Branch i has ended.  With `last` the group may be gone afterwards. */
static void settle(struct group *group, size_t i, bool wins, bool last)
{
	struct branch *branch = &group->branches[i];
	size_t n = group->n;
	uint64_t before = 0, after; /* a guess, mostly right, that saves a look */
	bool wake, gone;
	do {
		bool won = wins && !progress_winner(before) && !(before & PROGRESS_LEFT);
		if (!won && (before & PROGRESS_LEFT || !group->keeps))
			drop_item(group, branch);
		wake = (before & (PROGRESS_ASLEEP | PROGRESS_LEFT)) == PROGRESS_ASLEEP;
		after = before + PROGRESS_ENDED + (won ? PROGRESS_WON(i) : 0) +
			(last && !wake ? PROGRESS_RETIRED : 0);
		gone = last && before & PROGRESS_LEFT && progress_retired(after) == group->runs;
	} while (!atomic_compare_exchange_strong(&group->progress, &before, after));
	if (gone)
		group_free(group);
	if (!wake)
		return;
	if (progress_settles(after, n))
		flume_cancel_request(&group->cancel);
	if (last)
		retire(group);
}

/* Runs one after the other.  False when there was none. */
static bool run_branches(struct group *group, bool helping)
{
	size_t first = atomic_fetch_add(&group->next, 1), n = group->n;
	for (size_t i = first, next; i < n; i = next) {
		bool ends = run_branch(group, i, i == first);
		next = ends || is_settled(group) ? n : atomic_fetch_add(&group->next, 1);
		settle(group, i, ends, next >= n && !helping);
	}
	return first < n;
}

void group_run(struct task *task)
{
	struct group *group = (struct group *)((char *)task - offsetof(struct group, task));
	if (!run_branches(group, false))
		retire(group);
}

static int run_in_place(struct group *group, struct flume_err *err)
{
	for (size_t i = 0; i < group->n && !is_settled(group); i++) {
		if (!copy_item(group, &group->branches[i]))
			return no_memory(err);
		settle(group, i, run_branch(group, i, !i), false);
	}
	return FLUME_OK;
}

/* ---- handing over ---- */

static void take_back(struct group *group)
{
	group->runs -= pool_retract(hub_of(group)->pool, &group->task);
}

/* What came of the runs so far is not enough.  A worker to whom nobody comes does it all. */
static void press(struct group *group, unsigned more)
{
	group->runs += more;
	unsigned back = pool_press(hub_of(group)->pool, &group->task, more);
	group->runs -= back;
	if (back)
		run_branches(group, true);
}

/* ---- waiting ---- */

static bool waits(void *group)
{
	return !is_settled(group);
}

static bool settles_within(struct group *group, int64_t ns)
{
	return pool_spins(hub_of(group)->pool) ? spin_while(waits, group, ns)
					       : is_settled(group);
}

static void sleep_once(struct group *group)
{
	const struct flume_clock *clock = &hub_of(group)->clock, *real = flume_clock_real();
	if (pool_must_press(hub_of(group)->pool, &group->task)) {
		cancel_sleep(real->now_ns(real->arg) + MOMENT_NS, &group->cancel);
		press(group, 0);
	} else if (group->call.deadline_ns) {
		clock->sleep(clock->arg, group->call.deadline_ns, &group->cancel);
	} else {
		cancel_wait(&group->cancel);
	}
}

/* A child may request the token it was given.  Who ends requests it too, but settles first. */
static int await(struct group *group, struct flume_err *err)
{
	if (settles_within(group, AWAKE_NS))
		return FLUME_OK;
	atomic_fetch_or(&group->progress, PROGRESS_ASLEEP);
	for (;;) {
		bool told = flume_cancel_requested(&group->cancel);
		if (is_settled(group))
			return FLUME_OK;
		int rc = call_check(hub_of(group), told ? &group->call : group->given, err);
		if (rc)
			return rc;
		sleep_once(group);
	}
}

static int run_on_workers(struct group *group, struct flume_err *err)
{
	group->runs = 1;
	if (!pool_offer(hub_of(group)->pool, &group->task)) {
		group->runs = 0;
		return flume_fail(err, FLUME_LIMITED, "no thread could be started for it");
	}
	if (settles_within(group, SOON_NS))
		return FLUME_OK;
	press(group, atomic_load(&group->next) < group->n ? (unsigned)group->n - 1 : 0);
	return await(group, err);
}

static int run_with_workers(struct group *group, size_t most, struct flume_err *err)
{
	size_t others = (most < group->n ? most : group->n) - 1;
	if (others && pool_submit(hub_of(group)->pool, &group->task, (unsigned)others))
		group->runs = others;
	run_branches(group, true);
	take_back(group);
	return await(group, err);
}

int group_run_all(struct group *group, size_t most, struct flume_err *err)
{
	int rc =
		group->in_place ? run_in_place(group, err) : run_with_workers(group, most, err);
	return rc ? rc : call_check(hub_of(group), group->given, err);
}

int group_run_first(struct group *group, void **item, struct flume_err *err)
{
	int rc = group->in_place ? run_in_place(group, err) : run_on_workers(group, err);
	if (!rc)
		rc = call_check(hub_of(group), group->given, err);
	size_t won = progress_winner(atomic_load(&group->progress));
	if (rc || !won)
		return rc ? rc : GROUP_NONE;
	struct branch *branch = &group->branches[won - 1];
	hub_of(group)->type.free(*item);
	*item = branch->item;
	branch->item = NULL;
	return branch->rc;
}

/* ---- closing ---- */

/* Everything that is not running any more, and nobody else's. */
static void drop_items(struct group *group, size_t from)
{
	for (size_t i = from; i < group->n; i++)
		drop_item(group, &group->branches[i]);
}

static void leave_running(struct group *group, size_t begun)
{
	group->left = group->parallel->pipeline;
	pipeline_keep(group->left);
	flume_cancel_request(&group->cancel);
	drop_items(group, begun);
}

/* Is the group the caller's alone?  If not, it may be gone. */
static bool leave(struct group *group)
{
	take_back(group);
	size_t runs = group->runs;
	size_t begun = atomic_exchange(&group->next, group->n);
	uint64_t progress = atomic_load(&group->progress);
	if (begun > group->n)
		begun = group->n;
	if (progress_ended(progress) < begun)
		leave_running(group, begun);
	else
		drop_items(group, 0);
	cancel_unfollow(&group->cancel);
	if (progress_retired(progress) != runs)
		progress = atomic_fetch_or(&group->progress, PROGRESS_LEFT);
	return progress_retired(progress) == runs;
}

void group_close(struct group *group)
{
	if (group->in_place || leave(group))
		group_free(group);
}

/* ---- results ---- */

static int error_of(const struct group *group, size_t i, struct flume_err *err)
{
	const struct branch *branch = &group->branches[i];
	if (branch->rc < 0)
		*err = branch->err ? *branch->err : no_room;
	return branch->rc;
}

size_t group_failures(const struct group *group)
{
	size_t failures = 0;
	for (size_t i = 0; i < group->n; i++)
		failures += group->branches[i].rc < 0;
	return failures;
}

int group_first_error(const struct group *group, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; i < group->n && rc >= 0; i++)
		rc = error_of(group, i, err);
	return rc < 0 ? rc : FLUME_OK;
}

int group_last_error(const struct group *group, struct flume_err *err)
{
	return error_of(group, atomic_load(&group->failed), err);
}

const struct flume_result *group_results(struct group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		const struct branch *branch = &group->branches[i];
		group->results[i] = (struct flume_result){
			.name = group->parallel->children.at[i]->name,
			.item = branch->rc == FLUME_OK ? branch->item : NULL,
			.err = branch->rc < 0 ? branch->err ? branch->err : &no_room : NULL,
		};
	}
	return group->results;
}
