/* A word with the error before it goes up: recover, change it, or leave it. */
#include "lib/connector/connector.h"
#include "lib/schema/get.h"

#include <string.h>

struct handle {
	struct step step;
	const struct step *child;
	flume_handle_fn *handle;
	void *arg;
};

static const struct flume_field fields[] = {
	{"error_handler", FLUME_FIELD_ERROR_HANDLER, .required = true,
	 .about = "Sees the child's error and the item it left."},
	{"child", FLUME_FIELD_NODE, .required = true, .about = "What may fail."},
	{0},
};

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct handle *handle = (const struct handle *)step;
	int rc = step_run(handle->child, call, item, err);
	if (rc >= 0)
		return rc;
	char place[sizeof err->path];
	memcpy(place, err->path, sizeof place);
	handle->handle(call, err, item, handle->arg);
	if (err->code >= 0) {
		rc = err->code == FLUME_DROPPED ? FLUME_DROPPED : FLUME_OK;
		err->code = FLUME_OK;
		return rc;
	}
	if (!*err->path) /* other words, but for what happened there */
		memcpy(err->path, place, sizeof place);
	return step_blame(step, err->code, err);
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	const struct flume_component *handler = builder_component(
		builder, FLUME_ERROR_HANDLER, VALUE_GET(node, "error_handler"));
	struct handle *handle = builder_get(builder, sizeof *handle);
	if (!handler || !handle)
		return NULL;
	handle->step = (struct step){run, name};
	handle->handle = handler->handle;
	handle->arg = handler->arg;
	handle->child = builder_node(builder, VALUE_GET(node, "child"));
	return handle->child ? &handle->step : NULL;
}

const struct connector connector_handle = {
	.type = "handle",
	.about =
		"Lets an error handler recover from its child's error, change it, or leave it.",
	.fields = fields,
	.named_by = "error_handler",
	.build = build,
};
