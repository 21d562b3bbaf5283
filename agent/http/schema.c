/* GET, PUT, DELETE /schemas/NAME: one schema. */
#include "agent/document/places.h"
#include "agent/http/inside.h"
#include "agent/http/media.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- GET ---- */

static void answer_schema(struct request *r, const flume_schema *schema)
{
	struct answer *a = &r->answer;
	enum flume_format format;
	if (!request_may_read(r, flume_schema_get_digest(schema), &format))
		return;
	char *text;
	size_t len;
	if (format == flume_schema_get_format(schema)) {
		/* As it was received. */
		const char *original = flume_schema_get_text(schema, &len);
		text = malloc(len + 1);
		if (text)
			memcpy(text, original, len);
	} else {
		text = flume_schema_dup_text(schema, format);
		len = text ? strlen(text) : 0;
	}
	answer_take(a, HTTP_OK, format == FLUME_YAML ? ANSWER_YAML : ANSWER_JSON, text, len);
}

static void get(struct request *r)
{
	flume_schema *schema = flume_factory_dup_schema(r->http->factory, r->name);
	if (schema)
		answer_schema(r, schema);
	else
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found", "no schema '%s'",
				r->name);
	flume_schema_unref(schema);
}

/* ---- PUT and DELETE ---- */

static bool has_good_name(struct request *r)
{
	bool good = source_name_good(r->name);
	if (!good)
		answer_problemf(
			&r->answer, HTTP_BAD_REQUEST, "bad-name",
			"'%.200s' cannot name a schema: expected a lower-case letter or a "
			"digit, then those, '.', '_' or '-', 128 characters at the most",
			r->name);
	return good;
}

static bool may_change(struct request *r)
{
	if (r->http->read_only)
		answer_problemf(&r->answer, HTTP_CONFLICT, "read-only", "%s",
				r->http->read_only);
	return !r->answer.status;
}

static void begin_put(struct request *r)
{
	const char *type = request_header(r, "Content-Type");
	if (!has_good_name(r) || (!request_flag(r, "dry_run") && !may_change(r)))
		return;
	if (!media_type(type, &r->format))
		answer_problemf(&r->answer, HTTP_UNSUPPORTED_TYPE, "bad-type",
				"a schema is application/yaml or application/json, not %s",
				type);
}

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

static void put(struct request *r)
{
	const char *no_pipeline = "";
	if (r->http->through) /* only the text is kept there */
		r->format = slurp_guess(r->body.s ? r->body.s : "", r->body.len);
	if (request_flag(r, "dry_run"))
		request_to_worker(r, no_pipeline, check_on_worker);
	else if (r->http->through)
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
	(void)has_good_name(r);
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
