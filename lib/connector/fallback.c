/*
 * A second way when the first fails.  The first runs on a clone, so that what it did before it
 * failed does not show.
 */
#include "lib/connector/connector.h"
#include "lib/schema/get.h"

struct fallback {
	struct step step;
	const struct hub *hub;
	struct steps children; /* exactly two */
};

static const struct flume_field fields[] = {
	{"children", FLUME_FIELD_NODES, .required = true, .min = 2, .max = 2,
	 .about = "The first way, and the one to take when it fails."},
	{0},
};

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct fallback *fallback = (const struct fallback *)step;
	const struct hub *hub = fallback->hub;
	void *attempt = hub->type.clone(*item);
	if (!attempt)
		return step_blame(step, flume_fail(err, FLUME_NOMEM, "out of memory"), err);
	int rc = step_run(fallback->children.at[0], call, &attempt, err);
	if (rc >= 0) {
		hub->type.free(*item);
		*item = attempt;
		return rc;
	}
	hub->type.free(attempt);
	rc = call_check(hub, call, err);
	if (!rc) {
		call_turn(call, step, "fallback");
		rc = step_run(fallback->children.at[1], call, item, err);
	}
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	struct fallback *fallback = builder_get(builder, sizeof *fallback);
	if (!fallback ||
	    !builder_nodes(builder, VALUE_GET(node, "children"), &fallback->children))
		return NULL;
	fallback->step = (struct step){run, name};
	fallback->hub = builder_hub(builder);
	return &fallback->step;
}

static const char *const labels[] = {"(primary)", "(fallback)"};

const struct connector connector_fallback = {
	.type = "fallback",
	.about = "Runs its second child on the original item when the first fails.",
	.fields = fields,
	.labels = labels,
	.build = build,
};
