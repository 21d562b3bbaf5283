#include "agent/http/verdict.h"

#include <stdlib.h>
#include <string.h>

static const char *text_at(const flume_value *map, const char *key)
{
	const flume_value *v = map ? flume_value_get(map, key) : NULL;
	return v ? flume_value_text(v) : "";
}

static int64_t number_at(const flume_value *map, const char *key)
{
	return strtoll(text_at(map, key), NULL, 10);
}

/* The word of a decision, or what a failed attempt said. */
static const char *reason_of(const flume_value *schema, const flume_value *attempted)
{
	const char *reason = text_at(schema, "reason");
	return *reason ? reason : text_at(attempted, "error");
}

static struct verdict refusal(const flume_value *schema, int64_t revision)
{
	const flume_value *attempted = flume_value_get(schema, "attempted");
	const char *state = text_at(schema, "state");
	bool ours = number_at(attempted, "revision") == revision;
	struct verdict v = {.stage = ours ? text_at(attempted, "stage") : "",
			    .reason = reason_of(schema, ours ? attempted : NULL),
			    .errors = ours ? flume_value_get(attempted, "errors") : NULL};
	if (!strcmp(state, "held"))
		v.kind = VERDICT_HELD;
	else if (ours && (!strcmp(state, "rejected") || !strcmp(state, "rolled-back")))
		v.kind = VERDICT_REJECTED;
	return v;
}

struct verdict verdict_read(const flume_value *status, const char *what, const char *name,
			    const char *digest, int64_t revision)
{
	const flume_value *schemas = flume_value_get(status, what);
	const flume_value *schema = schemas ? flume_value_get(schemas, name) : NULL;
	if (!schema)
		return (struct verdict){.kind = digest ? VERDICT_NONE : VERDICT_GONE};
	const flume_value *running = flume_value_get(schema, "running");
	int64_t wanted = number_at(flume_value_get(schema, "wanted"), "revision");
	if (wanted < revision)
		return (struct verdict){.kind = VERDICT_NONE};
	if (digest && !strcmp(text_at(running, "digest"), digest))
		return (struct verdict){.kind = VERDICT_RUNS,
					.generation = number_at(running, "generation")};
	if (wanted > revision)
		return (struct verdict){.kind = VERDICT_SUPERSEDED};
	return refusal(schema, revision);
}

int64_t verdict_heard(const flume_value *status, const char *what, const char *name)
{
	const flume_value *schemas = flume_value_get(status, what);
	const flume_value *schema = schemas ? flume_value_get(schemas, name) : NULL;
	const flume_value *wanted = schema ? flume_value_get(schema, "wanted") : NULL;
	bool deleted = !strcmp(text_at(wanted, "deleted"), "true");
	return deleted ? 0 : number_at(wanted, "revision");
}
