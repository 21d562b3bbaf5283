#include "agent/http/uses.h"

#include "agent/http/front.h"

#include <stdlib.h>
#include <string.h>

static bool refers(const flume_value *value, const char *name)
{
	for (size_t i = 0; i < flume_value_size(value); i++) {
		const flume_value *below = flume_value_at(value, i);
		const flume_value *key = flume_value_key(value, i);
		if (key && !strcmp(flume_value_text(key), "ref") &&
		    !strcmp(flume_value_text(below), name))
			return true;
		if (refers(below, name))
			return true;
	}
	return false;
}

/* A component of its own hides the schema. */
static bool has_own(const flume_value *root, const char *name)
{
	const flume_value *components = flume_value_get(root, "components");
	const flume_value *own = components ? flume_value_get(components, "processors") : NULL;
	return own && flume_value_get(own, name);
}

bool uses_answer(struct request *r)
{
	char **ids = flume_factory_dup_schema_ids(r->http->factory);
	for (size_t i = 0; ids && ids[i] && !r->answer.status; i++) {
		flume_schema *schema = flume_factory_dup_schema(r->http->factory, ids[i]);
		const flume_value *root = schema ? flume_schema_get_root(schema) : NULL;
		if (root && strcmp(ids[i], r->name) != 0 && !has_own(root, r->name) &&
		    refers(root, r->name))
			answer_problemf(&r->answer, HTTP_CONFLICT, "in-use",
					"schema '%s' refers to it", ids[i]);
		flume_schema_unref(schema);
	}
	if (!ids)
		answer_status(&r->answer, HTTP_UNAVAILABLE);
	else if (!r->answer.status && front_needs(r->http, r->name))
		answer_problemf(&r->answer, HTTP_CONFLICT, "in-use",
				"a switch sends documents to it");
	free((void *)ids);
	return r->answer.status;
}
