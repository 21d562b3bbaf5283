/* Many children, a few at a time, each on a clone; the item passes as it was. */
#include "lib/connector/group.h"
#include "lib/schema/fields.h"

struct worker_pool {
	struct parallel parallel;
	size_t workers;
};

static const struct flume_field fields[] = {
	{"children", FLUME_FIELD_NODES, .required = true, .min = 1,
	 .about = "Run on clones of the item, which passes unchanged."},
	{"workers", FLUME_FIELD_COUNT, .fallback = "4",
	 .about = "How many children run at the same time, at most."},
	{0},
};

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct worker_pool *pool = (const struct worker_pool *)step;
	struct group *group;
	int rc = group_open(&group, &pool->parallel, call, *item, err);
	if (rc)
		return step_blame(step, rc, err);
	rc = group_run_all(group, pool->workers, err);
	if (!rc)
		rc = group_first_error(group, err);
	group_close(group);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	struct worker_pool *pool = builder_get(builder, sizeof *pool);
	if (!pool || !parallel_build(builder, node, builder_slow(builder), &pool->parallel))
		return NULL;
	pool->parallel.step = (struct step){run, name};
	pool->workers = (size_t)fields_count(fields, node, "workers");
	return &pool->parallel.step;
}

const struct connector connector_worker_pool = {
	.type = "worker-pool",
	.about = "Runs its children a few at a time and waits for all of them.",
	.fields = fields,
	.build = build,
};
