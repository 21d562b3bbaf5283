/* GET, PUT, DELETE /schemas/NAME: one schema. */
#include "agent/document/places.h"
#include "agent/http/inside.h"
#include "agent/source/slurp.h"

#include <stdio.h>

/* ---- GET ---- */

static void get(struct request *r)
{
	flume_schema *schema = flume_factory_dup_schema(r->http->factory, r->name);
	if (schema)
		request_show(r, schema);
	else
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found", "no schema '%s'",
				r->name);
	flume_schema_unref(schema);
}

/* ---- PUT and DELETE ---- */

static int check(struct request *r, flume_report *report)
{
	flume_schema *schema;
	int result = flume_schema_parse(&schema, r->body.s ? r->body.s : "", r->body.len,
					r->format, NULL, report);
	if (result)
		return result;
	snprintf(r->digest, sizeof r->digest, "%s", flume_schema_get_digest(schema));
	result = flume_schema_check(schema, r->http->factory, report);
	if (!result)
		result = places_check(flume_schema_get_canary(schema), report);
	flume_schema_unref(schema);
	return result;
}

/* False, with the answer given, when there are findings. */
static bool is_clean(struct request *r)
{
	flume_report *report = flume_report_new();
	int result = report ? check(r, report) : FLUME_NOMEM;
	if (result == FLUME_NOMEM)
		answer_status(&r->answer, HTTP_UNAVAILABLE);
	else if (result)
		answer_rejected(&r->answer, report);
	flume_report_free(report);
	return !result;
}

static bool check_on_worker(struct request *r)
{
	if (is_clean(r))
		answer_status(&r->answer, HTTP_NO_CONTENT);
	return true;
}

/* What cannot run here is not written for all nodes to see. */
static bool write_on_worker(struct request *r)
{
	if (!is_clean(r))
		return true;
	edits_push(r->http->edits, r, EDIT_SET);
	return false;
}

static void begin_put(struct request *r)
{
	(void)request_may_set(r, "schema");
}

static void put(struct request *r)
{
	const char *no_pipeline = "";
	if (r->http->writes_through) /* only the text is kept there */
		r->format = slurp_guess(r->body.s ? r->body.s : "", r->body.len);
	if (request_flag(r, "dry_run"))
		request_to_worker(r, no_pipeline, check_on_worker);
	else if (r->http->writes_through)
		request_to_worker(r, no_pipeline, write_on_worker);
	else if (request_wait(r))
		edits_push(r->http->edits, r, EDIT_SET);
}

/* Where the schemas belong to a store that has deleted this one, and that is held, whoever asks
 * for it agrees with the store. */
static void delete (struct request *r)
{
	if (request_wait(r))
		edits_push(r->http->edits, r, r->http->read_only ? EDIT_CONFIRM : EDIT_DELETE);
}

static void begin_delete(struct request *r)
{
	(void)request_good_name(r, "schema");
}

const struct http_resource resource_schema = {
	"/schemas/",
	NULL,
	{
		{.name = "GET", .run = get},
		{.name = "PUT", .changes = true, .begin = begin_put, .run = put},
		{.name = "DELETE", .changes = true, .begin = begin_delete, .run = delete},
	},
};
