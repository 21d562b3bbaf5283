/*
 * The first result that is good enough.  The predicate is asked where the child ran, so a slow
 * one holds up nobody else.
 */
#include "lib/connector/group.h"

struct contest {
	struct parallel parallel;
	flume_test_fn *test;
	void *arg;
	const char *predicate;
};

static const struct flume_field fields[] = {
	{"predicate", FLUME_FIELD_PREDICATE, .required = true,
	 .about = "What a result has to meet."},
	{"children", FLUME_FIELD_NODES, .required = true, .min = 1,
	 .about = "Run at the same time, each on a clone of the item."},
	{0},
};

static bool wins(const struct parallel *parallel, const struct flume_call *call, int rc,
		 const void *item)
{
	const struct contest *contest = (const struct contest *)parallel;
	return rc == FLUME_OK && contest->test(call, item, contest->arg);
}

static int nobody(const struct contest *contest, const struct group *group,
		  struct flume_err *err)
{
	struct flume_err last;
	size_t n = contest->parallel.children.n, failed = group_failures(group);
	if (!failed)
		return flume_fail(err, FLUME_FAILED, "none of %zu results meets '%s'", n,
				  contest->predicate);
	group_last_error(group, &last);
	if (failed == n)
		return flume_fail(err, FLUME_FAILED,
				  "all %zu children failed, the last with: %s", n, last.text);
	return flume_fail(
		err, FLUME_FAILED,
		"none of %zu results meets '%s'; %zu of %zu children failed, the last with: %s",
		n - failed, contest->predicate, failed, n, last.text);
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct contest *contest = (const struct contest *)step;
	struct group *group;
	int rc = group_open(&group, &contest->parallel, call, *item, err);
	if (rc)
		return step_blame(step, rc, err);
	rc = group_run_first(group, item, err);
	if (rc == GROUP_NONE)
		rc = nobody(contest, group, err);
	group_close(group);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	struct contest *contest = builder_get(builder, sizeof *contest);
	size_t slow = builder_slow(builder);
	const struct flume_component *predicate =
		builder_component(builder, FLUME_PREDICATE, flume_value_get(node, "predicate"));
	if (!contest || !predicate || !parallel_build(builder, node, slow, &contest->parallel))
		return NULL;
	contest->parallel.step = (struct step){run, name};
	contest->parallel.wins = wins;
	contest->test = predicate->test;
	contest->arg = predicate->arg;
	contest->predicate = predicate->name;
	return &contest->parallel.step;
}

const struct connector connector_contest = {
	.type = "contest",
	.about = "Runs its children at the same time and takes the first result that meets a "
		 "predicate.",
	.fields = fields,
	.named_by = "predicate",
	.build = build,
};
