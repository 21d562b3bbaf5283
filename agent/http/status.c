/* GET /status, /healthz, /readyz: the page that the engine pinned up last. */
#include "agent/http/inside.h"

#include <stdlib.h>
#include <string.h>

static void copy(struct request *r, unsigned status, const char *type, const char *text)
{
	answer_take(&r->answer, status, type, strdup(text), strlen(text));
}

static void status(struct request *r)
{
	const struct page *page = board_take(r->http->board);
	copy(r, HTTP_OK, ANSWER_JSON, page->status);
	board_release(r->http->board, page);
}

static void healthz(struct request *r)
{
	copy(r, HTTP_OK, ANSWER_TEXT, "ok\n");
}

static void readyz(struct request *r)
{
	const struct page *page = board_take(r->http->board);
	bool ready = request_flag(r, "settled") ? page->settled : page->ready;
	const char *text = ready ? "ready\n" : "not ready\n";
	copy(r, ready ? HTTP_OK : HTTP_UNAVAILABLE, ANSWER_TEXT,
	     request_flag(r, "verbose") ? page->why : text);
	board_release(r->http->board, page);
}

const struct http_resource resource_status = {
	"/status",
	NULL,
	{{.name = "GET", .compressed = true, .run = status}},
};
const struct http_resource resource_healthz = {
	"/healthz",
	NULL,
	{{.name = "GET", .run = healthz}},
};
const struct http_resource resource_readyz = {
	"/readyz",
	NULL,
	{{.name = "GET", .run = readyz}},
};
