/*
 * What may change while requests go on: who may ask and write, and how much of what.
 *
 * Rules are looked at once for each request, in a read section of a few hundred nanoseconds, so they
 * are neither copied nor locked.
 */
#include "agent/http/inside.h"

#include <stdlib.h>

#define NS_PER_S 1000000000LL

#define OR(value, otherwise) ((value) ? (value) : (otherwise))

struct rules *rules_new(const struct http_options *options)
{
	struct rules *rules = calloc(1, sizeof *rules);
	if (!rules)
		return NULL;
	if (guard_init(&rules->guard, options->listen, options->node, options->allow_hosts,
		       options->token)) {
		free(rules);
		return NULL;
	}
	counted_init(&rules->counted);
	return rules;
}

static void rules_free(struct rules *rules)
{
	guard_fini(&rules->guard);
	free(rules);
}

const struct rules *rules_enter(const struct http *http)
{
	return (const struct rules *)live_enter(&http->rules);
}

void rules_put(struct http *http, struct rules *rules)
{
	struct rules *before =
		(struct rules *)live_swap(&http->rules, rules ? &rules->counted : NULL);
	if (!before)
		return;
	live_settle();
	rules_free(before);
}

void rules_limits(struct http *http, const struct http_options *options)
{
	http->max_body = OR(options->max_body, 1U << 20);
	http->timeout_ns = OR(options->timeout_ns, 30 * NS_PER_S);
	http->drain_ns = OR(options->drain_ns, 10 * NS_PER_S);
}

int http_change(struct http *http, const struct http_options *options, struct flume_err *err)
{
	struct rules *rules = rules_new(options);
	if (!rules)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int r = taps_redact(&http->taps, options->tap_redact, err);
	if (r) {
		rules_free(rules);
		return r;
	}
	/* From here on nothing fails. */
	rules_put(http, rules);
	rules_limits(http, options);
	return 0;
}
