/* GET /metrics: what the engine pinned up, what this room and the channels and switches counted, and the process. */
#include "agent/http/metrics.h"

#include "agent/engine/metrics.h"
#include "agent/http/inside.h"
#include "agent/http/process.h"
#include "agent/outside/counts.h"
#include "agent/switches/metrics.h"

enum { CONNECTIONS, IN_FLIGHT };

static const struct metric server_metrics[] = {
	[CONNECTIONS] = {"flume_http_connections",
			 METRIC_GAUGE,
			 "Connections that are open.",
			 {NULL}},
	[IN_FLIGHT] = {"flume_http_requests_in_flight",
		       METRIC_GAUGE,
		       "Requests that are not answered yet.",
		       {NULL}},
	{0},
};

const struct metric *const metrics_tables[] = {
	engine_metrics, config_metrics, switches_metrics, server_metrics,
	meters_metrics, counts_metrics, process_metrics,  NULL,
};

static void write_server(const struct serve *serve, struct text *out)
{
	metric_begin(out, &server_metrics[CONNECTIONS]);
	metric_add(out, &server_metrics[CONNECTIONS], NULL, serve_connections(serve));
	metric_begin(out, &server_metrics[IN_FLIGHT]);
	metric_add(out, &server_metrics[IN_FLIGHT], NULL, serve_active(serve));
}

static void run(struct request *r)
{
	struct text out = {0};
	const struct page *page = board_take(r->http->board);
	text_add(&out, page->metrics);
	board_release(r->http->board, page);
	meters_write(r->http->meters, &out);
	write_server(r->http->serve, &out);
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
