/*
 * GET /fleet: all nodes, as this one reads them from etcd when it is asked.
 *
 * The page says when it was read, and Age how long ago; its tag is of all the rest, so who has seen
 * the fleet as it is hears 304.
 */
#include "agent/http/fleet.h"

#include "agent/fleet/page.h"
#include "agent/http/etag.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void answer_failed(struct request *r, const struct flume_err *err)
{
	if (err->code == FLUME_CANCELLED) {
		answer_closing(&r->answer);
		return;
	}
	if (err->code == FLUME_NOMEM) {
		answer_status(&r->answer, HTTP_UNAVAILABLE);
		return;
	}
	answer_problemf(
		&r->answer, HTTP_UNAVAILABLE,
		err->code == FLUME_REFUSED ? "not-allowed" : "etcd",
		"what the nodes do is in etcd, and that cannot be read: %s; /status has "
		"this node alone",
		err->text);
	answer_header(&r->answer, "Retry-After", "1");
}

static void answer_sheet(struct request *r, const struct fleet_sheet *sheet)
{
	struct answer *a = &r->answer;
	char *none_match = NULL;
	if (request_dup_list(r, "If-None-Match", &none_match)) {
		answer_status(a, HTTP_UNAVAILABLE);
		return;
	}
	answer_headerf(a, "ETag", "W/\"%s\"", sheet->tag);
	answer_headerf(a, "Age", "%" PRId64, sheet->age_ns / INT64_C(1000000000));
	if (none_match && etag_listed(none_match, sheet->tag, true)) {
		answer_status(a, HTTP_NOT_MODIFIED);
	} else {
		char *copy = malloc(sheet->len + 1);
		if (copy)
			memcpy(copy, sheet->json, sheet->len + 1);
		answer_take(a, HTTP_OK, ANSWER_JSON, copy, sheet->len);
	}
	free(none_match);
}

static void on_page(void *arg, const struct fleet_sheet *sheet, const struct flume_err *err)
{
	struct request *r = arg;
	if (sheet)
		answer_sheet(r, sheet);
	else
		answer_failed(r, err);
	request_ready(r);
}

void fleet_push(struct request *r)
{
	fleet_page_ask(r->http->fleet, on_page, r);
}

static void run(struct request *r)
{
	if (!r->http->fleet)
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "no-etcd",
				"this agent follows no etcd, so it knows of no other node; "
				"/status is this one");
	else if (request_wait(r))
		edits_push(r->http->edits, r, EDIT_FLEET);
}

const struct http_resource resource_fleet = {
	"/fleet",
	NULL,
	{{.name = "GET", .compressed = true, .run = run}},
};
