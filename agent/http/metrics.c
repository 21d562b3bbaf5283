/* GET /metrics: what the engine pinned up, what this room, the switches and the channels counted, and the
 * process. */
#include "agent/http/metrics.h"

#include "agent/engine/metrics.h"
#include "agent/http/inside.h"
#include "agent/http/process.h"
#include "agent/outside/counts.h"
#include "agent/switches/switches.h"

const struct metric *const metrics_tables[] = {
	engine_metrics,  config_metrics, switches_metrics, meters_metrics, counts_metrics,
	process_metrics, NULL,
};

static void run(struct request *r)
{
	struct text out = {0};
	const struct page *page = board_take(r->http->board);
	text_add(&out, page->metrics);
	board_release(r->http->board, page);
	meters_write(r->http->meters, &out);
	if (r->http->switches)
		switches_write_counts(r->http->switches, &out);
	counts_write(&out);
	process_write(&out);
	answer_take_text(&r->answer, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &out);
}

const struct http_resource resource_metrics = {
	"/metrics",
	NULL,
	{{.name = "GET", .compressed = true, .run = run}},
};
