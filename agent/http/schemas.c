/*
 * GET /schemas: what runs, by name.
 *
 * The tag is made of names and digests, so two nodes that run the same schemas have the same.
 */
#include "agent/http/inside.h"
#include "agent/http/listed.h"
#include "lib/base/digest.h"

#include <stdlib.h>
#include <string.h>

/* Version and digest are those of the pipeline, so that they fit the generation beside them. */
static void add_schema(struct listed *list, const char *name,
		       const struct flume_pipeline_info *info)
{
	listed_add(list);
	listed_text(list, "name", name);
	listed_text(list, "version", info->version);
	listed_text(list, "digest", info->digest);
	listed_number(list, "generation", info->generation);
}

static void add_all(struct listed *list, char **names, flume_pipeline **pipelines)
{
	listed_begin(list, "schemas");
	for (size_t i = 0; names[i]; i++) {
		struct flume_pipeline_info info;
		if (!pipelines[i])
			continue; /* removed since the names were listed */
		flume_pipeline_read(pipelines[i], &info);
		add_schema(list, names[i], &info);
	}
	listed_end(list);
}

static void make_tag(char **names, flume_pipeline **pipelines, char out[DIGEST_SIZE])
{
	struct digest digest;
	digest_init(&digest);
	for (size_t i = 0; names[i]; i++) {
		struct flume_pipeline_info info;
		if (!pipelines[i])
			continue;
		flume_pipeline_read(pipelines[i], &info);
		digest_add(&digest, names[i], strlen(names[i]) + 1);
		digest_add(&digest, info.digest, strlen(info.digest) + 1);
	}
	digest_end(&digest, out);
}

static void show(struct request *r, char **names, flume_pipeline **pipelines)
{
	struct listed list = {.n = 0};
	char tag[DIGEST_SIZE];
	make_tag(names, pipelines, tag);
	if (!request_may_read(r, tag, &list.format))
		return;
	add_all(&list, names, pipelines);
	answer_take_text(&r->answer, HTTP_OK,
			 list.format == FLUME_YAML ? ANSWER_YAML : ANSWER_JSON, &list.out);
}

static void run(struct request *r)
{
	char **names = flume_factory_dup_binding_names(r->http->factory);
	size_t n = 0;
	while (names && names[n])
		n++;
	flume_pipeline **pipelines = names ? calloc(n + 1, sizeof(flume_pipeline *)) : NULL;
	for (size_t i = 0; pipelines && i < n; i++)
		pipelines[i] = request_dup_pipeline(r, names[i]);
	if (pipelines)
		show(r, names, pipelines);
	else
		answer_status(&r->answer, HTTP_UNAVAILABLE);
	for (size_t i = 0; pipelines && i < n; i++)
		flume_pipeline_unref(pipelines[i]);
	free((void *)pipelines);
	free((void *)names);
}

const struct http_resource resource_schemas = {
	"/schemas",
	NULL,
	{{.name = "GET", .run = run}},
};
