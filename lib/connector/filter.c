/*
 * One of two ways, by a question about the item.  A predicate may be cut short when the call is
 * over, or not know; what it says then decides nothing.
 */
#include "lib/connector/connector.h"
#include "lib/schema/get.h"

struct filter {
	struct step step;
	const struct hub *hub;
	flume_test_fn *test;
	void *arg;
	const struct step *then, *otherwise; /* otherwise: NULL passes through */
};

static const struct flume_field fields[] = {
	{"predicate", FLUME_FIELD_PREDICATE, .required = true, .about = "The question."},
	{"then", FLUME_FIELD_NODE, .required = true, .about = "Runs when the answer is yes."},
	{"else", FLUME_FIELD_NODE, .about = "Runs when it is no; without it the item passes."},
	{0},
};

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct filter *filter = (const struct filter *)step;
	struct flume_call asking = call_asking(call, err);
	bool yes = filter->test(&asking, *item, filter->arg);
	const struct step *way = yes ? filter->then : filter->otherwise;
	int rc = call_answered(filter->hub, call, err);
	if (!rc)
		call_turn(call, step, yes ? "then" : way ? "else" : "");
	if (!rc && way)
		rc = step_run(way, call, item, err);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	const flume_value *otherwise = VALUE_GET(node, "else");
	const struct flume_component *predicate =
		builder_component(builder, FLUME_PREDICATE, VALUE_GET(node, "predicate"));
	struct filter *filter = builder_get(builder, sizeof *filter);
	if (!predicate || !filter)
		return NULL;
	filter->step = (struct step){run, name};
	filter->hub = builder_hub(builder);
	filter->test = predicate->test;
	filter->arg = predicate->arg;
	filter->then = builder_node(builder, VALUE_GET(node, "then"));
	filter->otherwise = otherwise ? builder_node(builder, otherwise) : NULL;
	return filter->then && (filter->otherwise || !otherwise) ? &filter->step : NULL;
}

const struct connector connector_filter = {
	.type = "filter",
	.about = "Runs one child or another by a predicate.",
	.fields = fields,
	.named_by = "predicate",
	.build = build,
};
