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
static bool add_schema(struct text *out, flume_factory *factory, const char *name)
{
	flume_binding *binding = flume_factory_dup_binding(factory, name);
	flume_pipeline *pipeline = binding ? flume_binding_dup_pipeline(binding) : NULL;
	if (pipeline) {
		struct flume_pipeline_info info;
		flume_pipeline_read(pipeline, &info);
		text_add_char(out, '{');
		add_member(out, "name", name);
		add_member(out, "version", info.version);
		add_member(out, "digest", info.digest);
		text_addf(out, "\"generation\":%" PRIu64 "}", info.generation);
	}
	flume_pipeline_unref(pipeline);
	flume_binding_unref(binding);
	return pipeline;
}

static void run(struct request *r)
{
	char **names = flume_factory_dup_binding_names(r->http->factory);
	if (!names) {
		answer_status(&r->answer, MHD_HTTP_SERVICE_UNAVAILABLE);
		return;
	}
	struct text out = {0}, row = {0};
	const char *comma = "";
	text_add(&out, "{\"schemas\":[");
	for (size_t i = 0; names[i]; i++) {
		size_t before = out.len;
		text_add(&out, comma);
		if (add_schema(&out, r->http->factory, names[i]))
			comma = ",\n";
		else
			out.len = before;
	}
	text_fini(&row);
	text_add(&out, "]}\n");
	free((void *)names);
	answer_take_text(&r->answer, MHD_HTTP_OK, ANSWER_JSON, &out);
}

const struct http_resource resource_schemas = {
	"/schemas",
	{{.name = "GET", .run = run}},
};
