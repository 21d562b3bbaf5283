/* The leaf: a processor, or the whole of another schema. */
#include "lib/connector/connector.h"
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

/* A processor that failed without saying why, or that made up an outcome. */
static int unclear(const struct step *step, int rc, struct flume_err *err)
{
	if (rc > 0)
		rc = flume_fail(err, FLUME_FAILED, "returned %d, which means nothing", rc);
	else if (err->code != rc)
		flume_fail(err, rc, "%s", flume_code_text(rc));
	return step_blame(step, rc, err);
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct ref *ref = (const struct ref *)step;
	err_clear(err);
	int rc = ref->run(call, item, ref->arg, err);
	if (rc == FLUME_OK || rc == FLUME_DROPPED)
		return rc;
	return unclear(step, rc, err);
}

struct group { /* a schema in the place of a processor */
	struct step step;
	const struct step *root;
};

static int run_group(const struct step *step, const struct flume_call *call, void **item,
		     struct flume_err *err)
{
	int rc = step_run(((const struct group *)step)->root, call, item, err);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	const char *to = value_text(VALUE_GET(node, "ref"));
	const struct flume_component *processor =
		builder_component(builder, FLUME_PROCESSOR, to);
	if (processor) {
		struct ref *ref = builder_get(builder, sizeof *ref);
		if (!ref)
			return NULL;
		*ref = (struct ref){{run, name}, processor->run, processor->arg};
		return &ref->step;
	}
	struct group *group = builder_get(builder, sizeof *group);
	const struct step *root = group ? builder_schema(builder, to) : NULL;
	if (!root)
		return NULL;
	*group = (struct group){{run_group, name}, root};
	return &group->step;
}

const struct connector connector_ref = {
	.type = "ref",
	.form = true,
	.about = "Runs a processor or, where none has that name, another schema.",
	.fields = fields,
	.named_by = "ref",
	.build = build,
};
