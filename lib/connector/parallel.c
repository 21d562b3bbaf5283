#include "lib/connector/group.h"

static bool build_child(struct builder *builder, const flume_value *child, struct steps *out)
{
	out->n = 1;
	out->at = builder_get(builder, sizeof *out->at);
	return out->at && (out->at[0] = builder_node(builder, child));
}

bool parallel_build(struct builder *builder, const flume_value *node, size_t slow,
		    struct parallel *out)
{
	const flume_value *children = flume_value_get(node, "children");
	const flume_value *child = flume_value_get(node, "child");
	out->hub = builder_hub(builder);
	out->pipeline = builder_pipeline(builder);
	if (children ? !builder_nodes(builder, children, &out->children)
		     : !build_child(builder, child, &out->children))
		return false;
	out->in_place = builder_slow(builder) == slow;
	if (!out->in_place)
		builder_may_block(builder);
	return true;
}
