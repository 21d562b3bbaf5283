/* The leaf: a processor, or the whole of another schema. */
#include "lib/connector/connector.h"
#include "lib/connector/leaf.h"
#include "lib/schema/get.h"

struct ref {
	struct step step;
	flume_run_fn *run;
	void *arg;
};

static const struct flume_field fields[] = {
	{"ref", FLUME_FIELD_REF, .required = true,
	 .about = "The processor to run; where there is none of that name, the schema."},
	{0},
};

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct ref *ref = (const struct ref *)step;
	err_clear(err);
	return step_outcome(step, ref->run(call, item, ref->arg, err), err);
}

struct whole { /* a schema in the place of a processor */
	struct step step;
	const struct step *root;
};

static int run_whole(const struct step *step, const struct flume_call *call, void **item,
		     struct flume_err *err)
{
	int rc = step_run(((const struct whole *)step)->root, call, item, err);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

struct step *ref_build(struct builder *builder, const flume_value *to, const char *name)
{
	const struct flume_component *processor =
		builder_component(builder, FLUME_PROCESSOR, to);
	if (processor) {
		struct ref *ref = builder_take(builder, sizeof *ref);
		if (!ref)
			return NULL;
		*ref = (struct ref){{run, name}, processor->run, processor->arg};
		return &ref->step;
	}
	struct whole *whole = builder_get(builder, sizeof *whole);
	const struct step *root = whole ? builder_schema(builder, value_text(to)) : NULL;
	if (!root)
		return NULL;
	*whole = (struct whole){{run_whole, name}, root};
	return &whole->step;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	return ref_build(builder, VALUE_GET(node, "ref"), name);
}

const struct connector connector_ref = {
	.type = "ref",
	.form = true,
	.about = "Runs a processor or, where none has that name, another schema.",
	.fields = fields,
	.named_by = "ref",
	.build = build,
};
