/*
 * Again, on the original item.  Each attempt but the last runs on a clone, so a failed one
 * leaves no marks on the next.
 */
#include "lib/connector/connector.h"
#include "lib/schema/fields.h"
#include "lib/schema/get.h"

struct retry {
	struct step step;
	const struct hub *hub;
	const struct step *child;
	int64_t attempts;
	int64_t backoff_ns; /* 0: none */
};

static const struct flume_field fields[] = {
	{"child", FLUME_FIELD_NODE, .required = true, .about = "What to try."},
	{"attempts", FLUME_FIELD_COUNT, .fallback = "3", .min = 1, .max = 1000,
	 .about = "How often at the most, the first time included."},
	{"backoff", FLUME_FIELD_DURATION,
	 .about = "The pause after the first failure; it doubles with each further one."},
	{0},
};

/* The pause after attempt `i` (from 0): doubled each time, an hour at the most. */
static int64_t pause_ns(const struct retry *retry, int64_t i)
{
	const int64_t most = 3600 * INT64_C(1000000000);
	int64_t pause = retry->backoff_ns;
	while (i-- > 0 && pause < most)
		pause *= 2;
	return pause < most || retry->backoff_ns > most ? pause : most;
}

/* Sleeps, but never past the deadline.  0, or why the call is over. */
static int wait(const struct retry *retry, const struct flume_call *call, int64_t i,
		struct flume_err *err)
{
	const struct hub *hub = retry->hub;
	if (retry->backoff_ns) {
		int64_t until = hub_in(hub, pause_ns(retry, i));
		if (call->deadline_ns && call->deadline_ns < until)
			until = call->deadline_ns;
		hub->clock.sleep(hub->clock.arg, until, call->cancel);
	}
	return call_check(hub, call, err);
}

static int attempt(const struct retry *retry, const struct flume_call *call, void **item,
		   struct flume_err *err)
{
	const struct flume_item_type *type = &retry->hub->type;
	void *clone = type->clone(*item);
	if (!clone)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = step_run(retry->child, call, &clone, err);
	if (rc < 0) {
		type->free(clone);
		return rc;
	}
	type->free(*item);
	*item = clone;
	return rc;
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct retry *retry = (const struct retry *)step;
	int rc = FLUME_OK;
	for (int64_t i = 0; i < retry->attempts; i++) {
		if (i > 0 && (rc = wait(retry, call, i - 1, err)))
			break;
		if (i + 1 == retry->attempts)
			rc = step_run(retry->child, call, item, err);
		else
			rc = attempt(retry, call, item, err);
		if (rc >= 0)
			return rc;
		hub_emit(retry->hub, &(struct flume_event){.kind = FLUME_EVENT_RETRY_FAILED,
							   .name = step->name,
							   .err = err,
							   .call = call});
	}
	return step_blame(step, rc, err);
}

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	struct retry *retry = builder_get(builder, sizeof *retry);
	if (!retry)
		return NULL;
	retry->step = (struct step){run, name};
	retry->hub = builder_hub(builder);
	retry->attempts = fields_count(fields, node, "attempts");
	retry->backoff_ns = fields_duration(fields, node, "backoff");
	retry->child = builder_repeated(builder, VALUE_GET(node, "child"), retry->attempts);
	if (retry->backoff_ns)
		builder_may_block(builder);
	return retry->child ? &retry->step : NULL;
}

const struct connector connector_retry = {
	.type = "retry",
	.about = "Tries its child again, on the original item, up to `attempts` times.",
	.fields = fields,
	.named_if = "backoff",
	.build = build,
};
