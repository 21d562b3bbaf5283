/*
 * Three rules make leaving safe.
 *
 * A child belongs to who took its number from `next`: a worker, the caller, or, for those that
 * nobody began, the one who closes.  What a child leaves belongs to who comes second to its
 * `state`: the runner that ends finds that the caller has left, and frees it; or the caller that
 * leaves finds it done, and takes or frees it.  And a caller that leaves a child running gives
 * the group a reference to the pipeline first, so everything the child uses is there until it
 * ends, and a factory that is being freed waits for it.
 *
 * The caller sleeps on the very token that its children look at: a winner who requests it wakes
 * the caller and tells the others to stop, and a cancel of the call comes down to it.
 *
 * Handing over to a thread that sleeps costs more than most children do, so only one run is
 * asked for at first when the caller cannot run children itself; a runner that ends early goes
 * on with the next child.  The caller asks for more when nothing has come of it after some
 * microseconds.
 */
#include "lib/connector/group.h"

#include "lib/base/cancel.h"
#include "lib/base/spin.h"

#include <stddef.h>
#include <stdlib.h>

#define SOON_NS  2000  /* when only one run was asked for, wait so long for more ... */
#define AWAKE_NS 20000 /* ... and so long before going to sleep                      */

enum { OPEN, DONE, LEFT }; /* states of a branch */

struct branch {
	void *item; /* NULL until its child runs, when in place */
	int rc;
	atomic_int state;
	struct flume_err err; /* when rc is negative */
};

struct group {
	struct task task;
	atomic_uint refs; /* the caller, and a run each */
	const struct parallel *parallel;
	const struct flume_call *given; /* while the caller is here */
	const void *original;           /* likewise                 */
	struct flume_call call;         /* of the children          */
	struct flume_cancel cancel;     /* theirs too, but in place */
	flume_pipeline *left;           /* kept for those left behind; NULL: there are none */
	bool in_place;
	size_t n;
	atomic_size_t next, done;
	atomic_size_t winner; /* n: nobody */
	atomic_size_t failed; /* the last one */
	atomic_bool asleep;   /* the caller */
	struct flume_result *results;
	struct branch branches[];
};

static const struct hub *hub_of(const struct group *group)
{
	return group->parallel->hub;
}

static void free_item(const struct group *group, void *item)
{
	if (item)
		hub_of(group)->type.free(item);
}

/* ---- opening ---- */

static int no_memory(struct flume_err *err)
{
	return flume_fail(err, FLUME_NOMEM, "out of memory");
}

static void *copy_item(const struct group *group)
{
	return hub_of(group)->type.clone(group->original);
}

static bool clone_all(struct group *group)
{
	for (size_t i = 0; i < group->n; i++)
		if (!(group->branches[i].item = copy_item(group)))
			return false;
	return true;
}

static void run_task(struct task *task);

static struct group *group_new(const struct parallel *parallel, const struct flume_call *call,
			       const void *item)
{
	size_t n = parallel->children.n;
	struct group *group;
	group = malloc(sizeof *group + n * (sizeof *group->branches + sizeof *group->results));
	if (!group)
		return NULL;
	atomic_init(&group->task.wanted, 0);
	group->task.run = run_task;
	atomic_init(&group->refs, 1);
	group->parallel = parallel;
	group->given = call;
	group->original = item;
	group->call = *call;
	group->left = NULL;
	group->in_place = parallel->in_place;
	group->n = n;
	atomic_init(&group->next, 0);
	atomic_init(&group->done, 0);
	atomic_init(&group->winner, n);
	atomic_init(&group->failed, 0);
	atomic_init(&group->asleep, false);
	group->results = (struct flume_result *)&group->branches[n];
	for (size_t i = 0; i < n; i++) {
		group->branches[i].item = NULL;
		atomic_init(&group->branches[i].state, OPEN);
	}
	return group;
}

int group_open(struct group **out, const struct parallel *parallel,
	       const struct flume_call *call, const void *item, struct flume_err *err)
{
	struct group *group = group_new(parallel, call, item);
	if (!group)
		return no_memory(err);
	if (!parallel->in_place) {
		cancel_init(&group->cancel);
		cancel_follow(&group->cancel, call->cancel);
		group->call.cancel = &group->cancel;
		if (!clone_all(group)) {
			group_close(group);
			return no_memory(err);
		}
	}
	*out = group;
	return FLUME_OK;
}

/* ---- running ---- */

/* Has the caller nothing to wait for any more? */
static bool is_settled(const struct group *group)
{
	return atomic_load(&group->winner) < group->n || atomic_load(&group->done) == group->n;
}

/* The branch has ended.  Whoever left takes everything else along, so after the exchange
 * nothing but the group is looked at. */
static void settle(struct group *group, size_t i, bool wins)
{
	struct branch *branch = &group->branches[i];
	size_t nobody = group->n;
	bool failed = branch->rc < 0;
	if (atomic_exchange(&branch->state, DONE) == LEFT) {
		free_item(group, branch->item);
		return;
	}
	if (wins)
		atomic_compare_exchange_strong(&group->winner, &nobody, i);
	else if (failed)
		atomic_store(&group->failed, i);
	atomic_fetch_add(&group->done, 1);
	if (atomic_load(&group->asleep) && is_settled(group))
		flume_cancel_request(&group->cancel);
}

static void run_branch(struct group *group, size_t i)
{
	const struct parallel *parallel = group->parallel;
	struct branch *branch = &group->branches[i];
	int rc = call_check(parallel->hub, &group->call, &branch->err);
	if (!rc)
		rc = step_run(parallel->children.at[i], &group->call, &branch->item,
			      &branch->err);
	branch->rc = rc;
	settle(group, i,
	       rc >= 0 && parallel->wins &&
		       parallel->wins(parallel, &group->call, rc, branch->item));
}

static void run_branches(struct group *group)
{
	size_t i;
	while (!is_settled(group) && (i = atomic_fetch_add(&group->next, 1)) < group->n)
		run_branch(group, i);
}

static int run_in_place(struct group *group, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; i < group->n && !is_settled(group); i++) {
		if ((rc = call_check(hub_of(group), group->given, err)))
			return rc;
		if (!(group->branches[i].item = copy_item(group)))
			return no_memory(err);
		atomic_store(&group->next, i + 1);
		run_branch(group, i);
	}
	return FLUME_OK;
}

static void group_unref(struct group *group)
{
	if (atomic_fetch_sub(&group->refs, 1) != 1)
		return;
	flume_pipeline *left = group->left;
	if (!group->in_place)
		cancel_fini(&group->cancel);
	free(group);
	if (left)
		pipeline_release(left);
}

static void run_task(struct task *task)
{
	struct group *group = (struct group *)((char *)task - offsetof(struct group, task));
	run_branches(group);
	group_unref(group);
}

/* ---- handing over ---- */

static bool hand_over(struct group *group, size_t runs)
{
	atomic_fetch_add(&group->refs, (unsigned)runs);
	if (pool_submit(hub_of(group)->pool, &group->task, (unsigned)runs))
		return true;
	atomic_fetch_sub(&group->refs, (unsigned)runs);
	return false;
}

static void take_back(struct group *group)
{
	unsigned runs = pool_retract(hub_of(group)->pool, &group->task);
	if (runs)
		atomic_fetch_sub(&group->refs, runs);
}

/* What came of one run is not enough.  A worker to whom nobody else can come does it all. */
static void press(struct group *group)
{
	unsigned more = 0;
	if (atomic_load(&group->next) < group->n)
		more = (unsigned)group->n - 1;
	atomic_fetch_add(&group->refs, more);
	unsigned back = pool_press(hub_of(group)->pool, &group->task, more);
	if (!back)
		return;
	atomic_fetch_sub(&group->refs, back);
	run_branches(group);
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

/* A child may request the token it was given.  Who ends requests it too, but settles first. */
static int await(struct group *group, struct flume_err *err)
{
	const struct hub *hub = hub_of(group);
	if (settles_within(group, AWAKE_NS))
		return FLUME_OK;
	atomic_store(&group->asleep, true);
	for (;;) {
		bool told = flume_cancel_requested(&group->cancel);
		if (is_settled(group))
			return FLUME_OK;
		int rc = call_check(hub, told ? &group->call : group->given, err);
		if (rc)
			return rc;
		if (group->call.deadline_ns)
			hub->clock.sleep(hub->clock.arg, group->call.deadline_ns,
					 &group->cancel);
		else
			cancel_wait(&group->cancel);
	}
}

static int run_on_workers(struct group *group, struct flume_err *err)
{
	if (!hand_over(group, 1))
		return flume_fail(err, FLUME_LIMITED, "no thread could be started for it");
	if (settles_within(group, SOON_NS))
		return FLUME_OK;
	press(group);
	return await(group, err);
}

static int run_with_workers(struct group *group, size_t most, struct flume_err *err)
{
	size_t others = (most < group->n ? most : group->n) - 1;
	if (others)
		hand_over(group, others);
	run_branches(group);
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
	size_t winner = atomic_load(&group->winner);
	if (rc || winner == group->n)
		return rc ? rc : GROUP_NONE;
	struct branch *branch = &group->branches[winner];
	free_item(group, *item);
	*item = branch->item;
	branch->item = NULL;
	return branch->rc;
}

/* ---- closing ---- */

static bool any_runs(const struct group *group, size_t begun)
{
	for (size_t i = 0; i < begun; i++)
		if (atomic_load(&group->branches[i].state) == OPEN)
			return true;
	return false;
}

static void leave(struct group *group, size_t begun)
{
	take_back(group);
	if (any_runs(group, begun)) {
		group->left = group->parallel->pipeline;
		pipeline_keep(group->left);
		flume_cancel_request(&group->cancel);
	}
	cancel_unfollow(&group->cancel);
}

void group_close(struct group *group)
{
	size_t begun = atomic_exchange(&group->next, group->n);
	if (begun > group->n)
		begun = group->n;
	if (!group->in_place)
		leave(group, begun);
	for (size_t i = 0; i < group->n; i++) {
		struct branch *branch = &group->branches[i];
		if (i >= begun || atomic_exchange(&branch->state, LEFT) == DONE)
			free_item(group, branch->item);
	}
	group_unref(group);
}

/* ---- results ---- */

static int error_of(const struct group *group, size_t i, struct flume_err *err)
{
	*err = group->branches[i].err;
	return group->branches[i].rc;
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
	for (size_t i = 0; i < group->n; i++)
		if (group->branches[i].rc < 0)
			return error_of(group, i, err);
	return FLUME_OK;
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
			.err = branch->rc < 0 ? &branch->err : NULL,
		};
	}
	return group->results;
}

/* ---- building ---- */

bool parallel_build(struct builder *builder, const flume_value *node, size_t slow,
		    struct parallel *out)
{
	const flume_value *children = flume_value_get(node, "children");
	out->hub = builder_hub(builder);
	out->pipeline = builder_pipeline(builder);
	if (children) {
		if (!builder_nodes(builder, children, &out->children))
			return false;
	} else {
		out->children.at = builder_get(builder, sizeof *out->children.at);
		out->children.n = 1;
		if (!out->children.at || !(out->children.at[0] = builder_node(
						   builder, flume_value_get(node, "child"))))
			return false;
	}
	out->in_place = builder_slow(builder) == slow;
	if (!out->in_place)
		builder_may_block(builder);
	return true;
}
