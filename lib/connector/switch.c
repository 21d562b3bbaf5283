/*
 * One of many ways, by a word the condition says about the item.  A condition may be cut short
 * when the call is over, or not know; what it says then decides nothing.
 */
#include "lib/connector/connector.h"
#include "lib/schema/get.h"

#include <stdlib.h>
#include <string.h>

struct route {
	const char *word;
	const struct step *step;
};

struct choice {
	struct step step;
	const struct hub *hub;
	flume_pick_fn *pick;
	void *arg;
	struct route *routes; /* sorted by word */
	size_t n;
	const struct step *otherwise; /* NULL passes through */
};

static const struct flume_field fields[] = {
	{"condition", FLUME_FIELD_CONDITION, .required = true, .about = "Names the route."},
	{"routes", FLUME_FIELD_ROUTES, .required = true, .about = "The ways, by name."},
	{"default", FLUME_FIELD_NODE,
	 .about = "Runs for every name without a route; without it the item passes."},
	{0},
};

static int by_word(const void *a, const void *b)
{
	return strcmp(((const struct route *)a)->word, ((const struct route *)b)->word);
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct choice *choice = (const struct choice *)step;
	char scratch[256];
	struct flume_call asking = call_asking(call, err);
	struct route key = {choice->pick(&asking, *item, choice->arg, scratch), NULL};
	const struct route *route =
		key.word ? bsearch(&key, choice->routes, choice->n, sizeof key, by_word) : NULL;
	const struct step *way = route ? route->step : choice->otherwise;
	int rc = call_answered(choice->hub, call, err);
	if (!rc)
		call_turn(call, step, route ? route->word : way ? "default" : "");
	if (!rc && way)
		rc = step_run(way, call, item, err);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static bool build_routes(struct builder *builder, const flume_value *routes,
			 struct choice *choice)
{
	choice->n = flume_value_size(routes);
	choice->routes = builder_get(builder, choice->n * sizeof *choice->routes);
	for (size_t i = 0; choice->routes && i < choice->n; i++) {
		struct route *route = &choice->routes[i];
		route->word = flume_value_text(flume_value_key(routes, i));
		route->step = builder_node(builder, flume_value_at(routes, i));
		if (!route->step)
			return false;
	}
	if (choice->routes)
		qsort(choice->routes, choice->n, sizeof *choice->routes, by_word);
	return choice->routes;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	const flume_value *otherwise = VALUE_GET(node, "default");
	const struct flume_component *condition =
		builder_component(builder, FLUME_CONDITION, VALUE_GET(node, "condition"));
	struct choice *choice = builder_get(builder, sizeof *choice);
	if (!condition || !choice || !build_routes(builder, VALUE_GET(node, "routes"), choice))
		return NULL;
	choice->step = (struct step){run, name};
	choice->hub = builder_hub(builder);
	choice->pick = condition->pick;
	choice->arg = condition->arg;
	choice->otherwise = otherwise ? builder_node(builder, otherwise) : NULL;
	return choice->otherwise || !otherwise ? &choice->step : NULL;
}

const struct connector connector_switch = {
	.type = "switch",
	.about = "Runs the route that a condition names.",
	.fields = fields,
	.named_by = "condition",
	.build = build,
};
