/*
 * All children at once, each on a clone.  What they leave is for the reducer; without one they
 * work for their effects, and the item passes as it was.
 */
#include "lib/connector/group.h"

struct concurrent {
	struct parallel parallel;
	flume_merge_fn *merge; /* NULL: there is no reducer */
	void *arg;
	struct step reducer; /* only its name, for errors */
};

static const struct flume_field fields[] = {
	{"children", FLUME_FIELD_NODES, .required = true, .min = 1,
	 .about = "Run at the same time, each on a clone of the item."},
	{"reducer", FLUME_FIELD_REDUCER,
	 .about = "Merges the results into the item; without it the item passes unchanged."},
	{0},
};

static int reduce(const struct concurrent *concurrent, struct group *group,
		  const struct flume_call *call, void **item, struct flume_err *err)
{
	const struct flume_result *results = group_results(group);
	err_clear(err);
	int rc = concurrent->merge(call, item, results, concurrent->parallel.children.n,
				   concurrent->arg, err);
	return step_outcome(&concurrent->reducer, rc, err);
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct concurrent *concurrent = (const struct concurrent *)step;
	struct group *group;
	int rc = group_open(&group, &concurrent->parallel, call, *item, err);
	if (rc)
		return step_blame(step, rc, err);
	rc = group_run_all(group, concurrent->parallel.children.n, err);
	if (!rc)
		rc = concurrent->merge ? reduce(concurrent, group, call, item, err)
				       : group_first_error(group, err);
	group_close(group);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	const flume_value *named = flume_value_get(node, "reducer");
	struct concurrent *concurrent = builder_get(builder, sizeof *concurrent);
	if (!concurrent ||
	    !parallel_build(builder, node, builder_slow(builder), &concurrent->parallel))
		return NULL;
	concurrent->parallel.step = (struct step){run, name};
	if (!named)
		return &concurrent->parallel.step;
	const struct flume_component *reducer =
		builder_component(builder, FLUME_REDUCER, named);
	if (!reducer)
		return NULL;
	concurrent->parallel.keeps = true;
	concurrent->merge = reducer->merge;
	concurrent->arg = reducer->arg;
	concurrent->reducer.name = reducer->name;
	return &concurrent->parallel.step;
}

const struct connector connector_concurrent = {
	.type = "concurrent",
	.about = "Runs its children at the same time and waits for all of them.",
	.fields = fields,
	.build = build,
};
