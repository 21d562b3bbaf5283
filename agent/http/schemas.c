/* GET /schemas: what runs, by name. */
#include "agent/http/inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_member(struct text *out, const char *name, const char *value)
{
	text_addf(out, "\"%s\":", name);
	text_add_json(out, value, strlen(value));
	text_add_char(out, ',');
}

/* Version and digest are those of the pipeline, so that they fit the generation beside them. */
static void add_schema(struct text *out, const char *name, const flume_pipeline *pipeline)
{
	struct flume_pipeline_info info;
	flume_pipeline_read(pipeline, &info);
	text_add_char(out, '{');
	add_member(out, "name", name);
	add_member(out, "version", info.version);
	add_member(out, "digest", info.digest);
	text_addf(out, "\"generation\":%" PRIu64 "}", info.generation);
}

static void run(struct request *r)
{
	char **names = flume_factory_dup_binding_names(r->http->factory);
	if (!names) {
		answer_status(&r->answer, MHD_HTTP_SERVICE_UNAVAILABLE);
		return;
	}
	struct text out = {0};
	text_add(&out, "{\"schemas\":[");
	size_t empty = out.len;
	for (size_t i = 0; names[i]; i++) {
		flume_pipeline *pipeline = request_dup_pipeline(r, names[i]);
		if (!pipeline)
			continue; /* removed since the names were listed */
		if (out.len > empty)
			text_add(&out, ",\n");
		add_schema(&out, names[i], pipeline);
		flume_pipeline_unref(pipeline);
	}
	text_add(&out, "]}\n");
	free((void *)names);
	answer_take_text(&r->answer, MHD_HTTP_OK, ANSWER_JSON, &out);
}

const struct http_resource resource_schemas = {
	"/schemas",
	{{.name = "GET", .run = run}},
};
