/* The same question to several; the first to answer is taken, and the others are told to stop. */
#include "lib/connector/group.h"

static const struct flume_field fields[] = {
	{"children", FLUME_FIELD_NODES, .required = true, .min = 1,
	 .about = "Run at the same time, each on a clone of the item."},
	{0},
};

static bool wins(const struct parallel *race, const struct flume_call *call, int rc,
		 const void *item)
{
	(void)race, (void)call, (void)rc, (void)item;
	return true;
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	struct group *group;
	int rc = group_open(&group, (const struct parallel *)step, call, *item, err);
	if (rc)
		return step_blame(step, rc, err);
	rc = group_run_first(group, item, err);
	if (rc == GROUP_NONE)
		rc = group_last_error(group, err);
	group_close(group);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	struct parallel *race = builder_get(builder, sizeof *race);
	if (!race || !parallel_build(builder, node, builder_slow(builder), race))
		return NULL;
	race->step = (struct step){run, name};
	race->wins = wins;
	return &race->step;
}

const struct connector connector_race = {
	.type = "race",
	.about = "Runs its children at the same time and takes the first that succeeds.",
	.fields = fields,
	.build = build,
};
