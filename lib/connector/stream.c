/*
 * A copy leaves by a channel; the item goes on.  In a canary run nothing leaves the process, so
 * the copy is not even made.
 */
#include "lib/connector/connector.h"
#include "lib/schema/fields.h"
#include "lib/schema/get.h"

struct stream {
	struct step step;
	const struct hub *hub;
	flume_send_fn *send;
	void *arg;
	int64_t timeout_ns; /* 0: as long as the call */
	struct steps after; /* may be none */
};

static const struct flume_field fields[] = {
	{"stream", FLUME_FIELD_CHANNEL, .required = true,
	 .about = "The channel that gets a copy."},
	{"stream_timeout", FLUME_FIELD_DURATION,
	 .about = "How long the channel may take; without it, as long as the call may."},
	{"child", FLUME_FIELD_NODE, .about = "Runs on the item afterwards."},
	{"children", FLUME_FIELD_NODES, .min = 1,
	 .about = "Run on the item afterwards, in order."},
	{0},
};

static int send_copy(const struct stream *stream, const struct flume_call *call,
		     const void *item, struct flume_err *err)
{
	void *copy = stream->hub->type.clone(item);
	if (!copy)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	struct flume_call sending = *call;
	if (stream->timeout_ns) {
		int64_t until = hub_in(stream->hub, stream->timeout_ns);
		if (!sending.deadline_ns || until < sending.deadline_ns)
			sending.deadline_ns = until;
	}
	err_clear(err);
	int rc = stream->send(&sending, copy, stream->arg, err);
	if (rc < 0 && err->code != rc)
		flume_fail(err, rc, "the channel failed: %s", flume_code_text(rc));
	return rc < 0 ? rc : FLUME_OK;
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct stream *stream = (const struct stream *)step;
	int rc = FLUME_OK;
	if (!(call->flags & FLUME_CALL_CANARY))
		rc = send_copy(stream, call, *item, err);
	for (size_t i = 0; !rc && i < stream->after.n; i++) {
		rc = call_check(stream->hub, call, err);
		if (!rc)
			rc = step_run(stream->after.at[i], call, item, err);
	}
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static bool build_after(struct builder *builder, const flume_value *node, struct steps *out)
{
	const flume_value *child = VALUE_GET(node, "child");
	const flume_value *children = VALUE_GET(node, "children");
	if (children)
		return builder_nodes(builder, children, out);
	if (!child)
		return true;
	out->at = builder_get(builder, sizeof *out->at);
	out->n = 1;
	return out->at && (out->at[0] = builder_node(builder, child));
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	const struct flume_component *channel =
		builder_component(builder, FLUME_CHANNEL, VALUE_GET(node, "stream"));
	struct stream *stream = builder_get(builder, sizeof *stream);
	builder_may_block(builder);
	if (!channel || !stream || !build_after(builder, node, &stream->after))
		return NULL;
	stream->step = (struct step){run, name};
	stream->hub = builder_hub(builder);
	stream->send = channel->send;
	stream->arg = channel->arg;
	stream->timeout_ns = fields_duration(fields, node, "stream_timeout");
	return &stream->step;
}

const struct connector connector_stream = {
	.type = "stream",
	.form = true,
	.about = "Sends a copy of the item to a channel and goes on.",
	.fields = fields,
	.named_by = "stream",
	.either = {"child", "children"},
	.build = build,
};
