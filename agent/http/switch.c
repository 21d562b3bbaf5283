/* GET, PUT, DELETE /switches/NAME: one A/B switch. */
#include "agent/http/inside.h"
#include "agent/source/slurp.h"

#include <stdio.h>

static void answer_unknown(struct request *r)
{
	answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found", "no switch '%s'", r->name);
}

static void get(struct request *r)
{
	struct shelf *shelf = r->http->shelf;
	const struct shelf_view *view = shelf ? shelf_take(shelf) : NULL;
	const struct shelf_item *item = view ? shelf_find(view, r->name) : NULL;
	if (item)
		request_show(r, ab_document(item->sw));
	else
		answer_unknown(r);
	if (view)
		shelf_release(shelf, view);
}

/* ---- PUT and DELETE ---- */

static void begin_put(struct request *r)
{
	if (!r->http->shelf)
		answer_unknown(r);
	else
		(void)request_may_set(r, "switch");
}

static int check(struct request *r, flume_report *report)
{
	struct ab_switch *sw;
	int rc = ab_parse(&sw, r->name, r->body.s ? r->body.s : "", r->body.len, r->format,
			  report);
	if (rc)
		return rc;
	snprintf(r->digest, sizeof r->digest, "%s", flume_schema_get_digest(ab_document(sw)));
	ab_unref(sw);
	return 0;
}

/* False, with the answer given, when there are findings. */
static bool is_clean(struct request *r)
{
	flume_report *report = flume_report_new();
	int rc = report ? check(r, report) : FLUME_NOMEM;
	if (rc == FLUME_NOMEM)
		answer_status(&r->answer, HTTP_UNAVAILABLE);
	else if (rc)
		answer_rejected(&r->answer, report);
	flume_report_free(report);
	return !rc;
}

static void put(struct request *r)
{
	if (r->http->writes_through) /* only the text is kept there */
		r->format = slurp_guess(r->body.s ? r->body.s : "", r->body.len);
	if (!is_clean(r))
		return;
	if (request_flag(r, "dry_run"))
		answer_status(&r->answer, HTTP_NO_CONTENT);
	else if (request_wait(r))
		edits_push(r->http->edits, r, EDIT_SET_SWITCH);
}

static void begin_delete(struct request *r)
{
	if (!r->http->shelf)
		answer_unknown(r);
	else if (request_good_name(r, "switch"))
		(void)request_may_change(r);
}

static void delete (struct request *r)
{
	if (request_wait(r))
		edits_push(r->http->edits, r, EDIT_DELETE_SWITCH);
}

const struct http_resource resource_switch = {
	"/switches/",
	NULL,
	{
		{.name = "GET", .run = get},
		{.name = "PUT", .changes = true, .begin = begin_put, .run = put},
		{.name = "DELETE", .changes = true, .begin = begin_delete, .run = delete},
	},
};
