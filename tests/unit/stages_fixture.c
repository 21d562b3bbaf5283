#include "tests/unit/stages_fixture.h"

#include "agent/document/document.h"

#include <stdio.h>
#include <string.h>

const char *stages_serve(const char *name, int id)
{
	static char version[64];
	char body[32];
	struct flume_pipeline_info info;
	struct document *document;
	struct share *share = traffic_enter(engine_get_traffic(site.engine), name);
	flume_binding *binding = flume_factory_dup_binding(site.factory, name);
	flume_pipeline *running = flume_binding_dup_pipeline(binding);
	snprintf(body, sizeof body, "{\"id\": %d}", id);
	ck_assert_int_eq(document_parse(&document, body, strlen(body), NULL), 0);
	flume_pipeline *candidate =
		share ? share_pick(share, document, body, strlen(body)) : NULL;
	flume_pipeline *served = candidate ? candidate : running;
	void *item = document;
	(void)flume_pipeline_process(served, NULL, &item, NULL);
	flume_pipeline_read(served, &info);
	snprintf(version, sizeof version, "%s", info.version);
	document_free(item);
	if (share)
		share_offer(share, body, strlen(body));
	traffic_leave(share);
	flume_pipeline_unref(running);
	flume_binding_unref(binding);
	return version;
}

int stages_serve_ids(int from, int n)
{
	int by_candidate = 0;
	for (int id = from; id < from + n; id++)
		by_candidate += !strcmp(stages_serve("a", id), "1.1.0");
	return by_candidate;
}

void stages_offer(const char *canary, int mark)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_put("a", 6, marking("1.1.0", mark, canary));
}
