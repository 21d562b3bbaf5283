/*
 * So long and no longer.  The child works on a clone, for it may still be at it when the caller
 * has the item back.
 */
#include "lib/connector/group.h"
#include "lib/schema/fields.h"

struct timeout {
	struct parallel parallel;
	int64_t ns;
	const char *text; /* as the schema says it */
};

#define DURATION "30s"

static const struct flume_field fields[] = {
	{"child", FLUME_FIELD_NODE, .required = true, .about = "What may take too long."},
	{"duration", FLUME_FIELD_DURATION, .fallback = DURATION,
	 .about = "After this the step fails, whatever the child does."},
	{0},
};

static bool wins(const struct parallel *parallel, const struct flume_call *call, int rc,
		 const void *item)
{
	(void)parallel, (void)call, (void)rc, (void)item;
	return true;
}

/* With the time it has in `call`. */
static int run_within(const struct timeout *timeout, const struct flume_call *call, void **item,
		      bool own, struct flume_err *err)
{
	struct group *group;
	int rc = group_open(&group, &timeout->parallel, call, *item, err);
	if (rc)
		return rc;
	rc = group_run_first(group, item, err);
	if (rc == GROUP_NONE)
		rc = group_last_error(group, err);
	else if (rc == FLUME_TIMED_OUT && own)
		flume_fail(err, rc, "not done within %s", timeout->text);
	group_close(group);
	return rc;
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct timeout *timeout = (const struct timeout *)step;
	struct flume_call within = *call;
	int64_t until = hub_in(timeout->parallel.hub, timeout->ns);
	bool own = !call->deadline_ns || until < call->deadline_ns;
	if (own)
		within.deadline_ns = until;
	int rc = run_within(timeout, &within, item, own, err);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	const flume_value *duration = flume_value_get(node, "duration");
	struct timeout *timeout = builder_get(builder, sizeof *timeout);
	if (!timeout ||
	    !parallel_build(builder, node, builder_slow(builder), &timeout->parallel))
		return NULL;
	timeout->parallel.step = (struct step){run, name};
	timeout->parallel.wins = wins;
	timeout->ns = fields_duration(fields, node, "duration");
	timeout->text = duration ? flume_value_text(duration) : DURATION;
	return &timeout->parallel.step;
}

const struct connector connector_timeout = {
	.type = "timeout",
	.about = "Fails when its child takes too long.",
	.fields = fields,
	.build = build,
};
