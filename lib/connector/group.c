/*
 * The caller's side.  One that leaves children running first gives the group a reference to the
 * pipeline, so everything they use is there until they end, and a factory that is being freed
 * waits for them.  The last to leave frees the group.
 *
 * The caller sleeps on the very token that its children look at: who wins requests it, which
 * wakes the caller and tells the others to stop, and a cancel of the call comes down to it.
 *
 * Waking a thread costs more than most children take.  So where the caller can only wait, one
 * run is asked for at first, and a runner that ends early goes on with the next child; the
 * caller asks for more when nothing has come of it after a microsecond or two.
 */
#include "lib/connector/runner.h"

#include <stdlib.h>

#define MOMENT_NS 1000000 /* for a worker, between looks whether another came yet */

/* ---- opening ---- */

static bool copy_for_all(struct group *group)
{
	for (size_t i = 0; i < group->n; i++)
		if (!branch_copy(group, &group->branches[i]))
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
		return group_no_memory(err);
	if (!group->in_place) {
		cancel_init(&group->cancel);
		cancel_follow(&group->cancel, call->cancel);
		group->call.cancel = &group->cancel;
		if (!copy_for_all(group)) {
			group_close(group);
			return group_no_memory(err);
		}
	}
	*out = group;
	return FLUME_OK;
}

/* ---- handing over ---- */

static void take_back(struct group *group)
{
	group->runs -= pool_retract(group_hub(group)->pool, &group->task);
}

/* What came of the runs so far is not enough.  A worker to whom nobody comes does it all. */
static void press(struct group *group, unsigned more)
{
	group->runs += more;
	unsigned back = pool_press(group_hub(group)->pool, &group->task, more);
	group->runs -= back;
	if (back)
		runner_help(group);
}

/* ---- waiting ---- */

static bool waits(void *group)
{
	return !group_is_settled(group);
}

static void sleep_once(struct group *group)
{
	const struct flume_clock *clock = &group_hub(group)->clock, *real = flume_clock_real();
	if (pool_must_press(group_hub(group)->pool, &group->task)) {
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
	if (pool_linger(group_hub(group)->pool, waits, group))
		return FLUME_OK;
	atomic_fetch_or(&group->progress, PROGRESS_ASLEEP);
	for (;;) {
		bool told = flume_cancel_requested(&group->cancel);
		if (group_is_settled(group))
			return FLUME_OK;
		int rc = call_check(group_hub(group), told ? &group->call : group->given, err);
		if (rc)
			return rc;
		sleep_once(group);
	}
}

static int run_on_workers(struct group *group, struct flume_err *err)
{
	group->runs = 1;
	if (!pool_offer(group_hub(group)->pool, &group->task)) {
		group->runs = 0;
		return flume_fail(err, FLUME_LIMITED, "no thread could be started for it");
	}
	if (pool_glance(group_hub(group)->pool, waits, group))
		return FLUME_OK;
	press(group, atomic_load(&group->next) < group->n ? (unsigned)group->n - 1 : 0);
	return await(group, err);
}

static int run_with_workers(struct group *group, size_t most, struct flume_err *err)
{
	size_t others = (most < group->n ? most : group->n) - 1;
	if (others && pool_submit(group_hub(group)->pool, &group->task, (unsigned)others))
		group->runs = others;
	runner_help(group);
	take_back(group);
	return await(group, err);
}

int group_run_all(struct group *group, size_t most, struct flume_err *err)
{
	int rc = group->in_place ? runner_in_place(group, err)
				 : run_with_workers(group, most, err);
	return rc ? rc : call_check(group_hub(group), group->given, err);
}

int group_run_first(struct group *group, void **item, struct flume_err *err)
{
	int rc = group->in_place ? runner_in_place(group, err) : run_on_workers(group, err);
	if (!rc)
		rc = call_check(group_hub(group), group->given, err);
	size_t won = progress_winner(atomic_load(&group->progress));
	if (rc || !won)
		return rc ? rc : GROUP_NONE;
	struct branch *branch = &group->branches[won - 1];
	group_hub(group)->type.free(*item);
	*item = branch->item;
	branch->item = NULL;
	return branch->rc;
}

/* ---- closing ---- */

/* Everything that is not running any more, and nobody else's. */
static void drop_items(struct group *group, size_t from)
{
	for (size_t i = from; i < group->n; i++)
		branch_drop(group, &group->branches[i]);
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

static const struct flume_err no_room = {FLUME_NOMEM, "", "out of memory"};

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
