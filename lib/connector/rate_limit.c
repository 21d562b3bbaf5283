/* No more than so many at a time: who finds the bucket empty waits for a token of its own. */
#include "lib/connector/bucket.h"
#include "lib/connector/connector.h"
#include "lib/schema/fields.h"

#include <math.h>

#define NS_PER_S 1e9

struct limiter {
	struct step step;
	const struct hub *hub;
	const struct step *child;
	struct bucket *bucket;
	double interval_ns;
	int64_t burst;
};

static const struct flume_field fields[] = {
	{"child", FLUME_FIELD_NODE, .required = true, .about = "What must not run too often."},
	{"requests_per_second", FLUME_FIELD_NUMBER, .fallback = "10",
	 .about = "How many calls a second, in the long run."},
	{"burst_size", FLUME_FIELD_COUNT, .fallback = "1", .min = 1, .max = 1000000,
	 .about = "How many at once after a quiet time."},
	{0},
};

static int refuse(const struct limiter *limiter, const struct flume_call *call, int64_t left_ns,
		  struct flume_err *err)
{
	int64_t ms = left_ns / 1000000 + (left_ns % 1000000 != 0);
	int rc = flume_fail(err, FLUME_LIMITED,
			    "too many at a time: the next turn comes in %lld ms, after the "
			    "deadline of the call",
			    (long long)ms);
	hub_emit(limiter->hub, &(struct flume_event){
				       .kind = FLUME_EVENT_RATE_LIMITED,
				       .name = limiter->step.name,
				       .schema_id = limiter->bucket->state.seat.schema_id,
				       .err = err,
				       .call = call,
			       });
	return rc;
}

static int wait(const struct limiter *limiter, const struct flume_call *call, int64_t now,
		struct flume_err *err)
{
	const struct hub *hub = limiter->hub;
	struct promise token;
	int64_t before = call->deadline_ns ? call->deadline_ns : INT64_MAX;
	if (!bucket_promise(limiter->bucket, now, before, &token))
		return refuse(limiter, call, token.at_ns - now, err);
	int rc = FLUME_OK;
	while (!rc && hub_now(hub) < token.at_ns) {
		hub->clock.sleep(hub->clock.arg, token.at_ns, call->cancel);
		rc = call_check(hub, call, err);
	}
	if (rc)
		bucket_give_back(limiter->bucket, &token);
	return rc;
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct limiter *limiter = (const struct limiter *)step;
	int rc = FLUME_OK;
	if (!(call->flags & FLUME_CALL_CANARY)) {
		int64_t now = hub_now(limiter->hub);
		if (!bucket_take(limiter->bucket, now))
			rc = wait(limiter, call, now, err);
	}
	if (!rc)
		rc = step_run(limiter->child, call, item, err);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

static void adopt(struct state *state, const struct step *step, int64_t now_ns)
{
	const struct limiter *limiter = (const struct limiter *)step;
	bucket_adopt((struct bucket *)state, limiter->interval_ns, limiter->burst, now_ns);
}

static const char *says(const struct state *state, int64_t now_ns)
{
	return bucket_is_full((const struct bucket *)state, now_ns)
		       ? NULL
		       : "a rate-limit whose bucket is not full";
}

static const struct state_kind kind = {sizeof(struct bucket), adopt, says};

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	struct limiter *limiter = builder_get(builder, sizeof *limiter);
	if (!limiter)
		return NULL;
	limiter->step = (struct step){run, name};
	limiter->hub = builder_hub(builder);
	limiter->interval_ns = NS_PER_S / fields_number(fields, node, "requests_per_second");
	limiter->burst = fields_count(fields, node, "burst_size");
	if (isnan(limiter->interval_ns))
		return NULL;
	builder_may_block(builder);
	limiter->bucket = (struct bucket *)builder_state(builder, &kind, &limiter->step);
	limiter->child = builder_node(builder, flume_value_get(node, "child"));
	return limiter->bucket && limiter->child ? &limiter->step : NULL;
}

const struct connector connector_rate_limit = {
	.type = "rate-limit",
	.about = "Lets its child run so often a second; who comes too early waits.",
	.fields = fields,
	.build = build,
};
