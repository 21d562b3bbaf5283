/* One after the other; each child gets what the one before left. */
#include "lib/connector/sequence.h"
#include "lib/schema/get.h"

struct sequence {
	struct step step;
	const struct hub *hub;
	struct steps children;
	bool prompt; /* all of them */
};

#define CLOCKED \
	8 /* prompt children between two looks at the clock, which costs more than they do */

const struct flume_field sequence_fields[] = {
	{"children", FLUME_FIELD_NODES, .required = true, .min = 1,
	 .about = "The steps, in order."},
	{0},
};

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct sequence *sequence = (const struct sequence *)step;
	for (size_t i = 0; i < sequence->children.n; i++) {
		/* Whoever runs a step has just looked. */
		bool clocked = i && !(sequence->prompt && i % CLOCKED);
		int rc = clocked ? call_check(sequence->hub, call, err)
				 : call_check_behind_prompt(call, err);
		if (!rc)
			rc = step_run(sequence->children.at[i], call, item, err);
		if (rc)
			return rc < 0 ? step_blame(step, rc, err) : rc;
	}
	return FLUME_OK;
}

struct step *sequence_build(struct builder *builder, const flume_value *node, const char *name)
{
	struct sequence *sequence = builder_get(builder, sizeof *sequence);
	size_t slow = builder_slow(builder);
	if (!sequence ||
	    !builder_nodes(builder, VALUE_GET(node, "children"), &sequence->children))
		return NULL;
	sequence->step = (struct step){run, name};
	sequence->hub = builder_hub(builder);
	sequence->prompt = builder_slow(builder) == slow;
	return &sequence->step;
}

const struct connector connector_sequence = {
	.type = "sequence",
	.about = "Runs its children in order and stops at the first error.",
	.fields = sequence_fields,
	.build = sequence_build,
};
