#include "agent/http/call.h"

#include "lib/base/suggest.h"

#include <stdlib.h>

bool call_enter(struct call_side *side, const struct request *r, const char *name)
{
	struct flume_pipeline_info info;
	flume_pipeline *pipeline = request_dup_pipeline(r, name);
	if (!pipeline)
		return false;
	struct share *share = traffic_enter(engine_get_traffic(r->http->engine), name);
	flume_pipeline_read(pipeline, &info);
	*side = (struct call_side){
		.name = info.schema_id,
		.pipeline = pipeline,
		.share = share,
		.may_block =
			flume_pipeline_may_block(pipeline) || (share && share_may_block(share)),
		.generation = info.generation,
	};
	return true;
}

void call_leave(struct call_side *side)
{
	traffic_leave(side->share);
	flume_pipeline_unref(side->pipeline);
}

flume_pipeline *call_pick(const struct call_side *side, const struct document *document,
			  const char *body, size_t len)
{
	return side->share ? share_pick(side->share, document, body, len) : NULL;
}

void call_describe(struct answer *a, const struct call_side *side,
		   const flume_pipeline *candidate)
{
	struct flume_pipeline_info info;
	flume_pipeline_read(candidate ? candidate : side->pipeline, &info);
	answer_header(a, "Flume-Schema", info.schema_id);
	answer_header(a, "Flume-Version", info.version);
	answer_header_number(a, "Flume-Generation", candidate ? 0 : info.generation);
	if (candidate)
		answer_header(a, "Flume-Trial", "live");
}

int call_document(const struct call_side *side, flume_pipeline *candidate,
		  const struct flume_call *call, struct document **document,
		  struct flume_err *err)
{
	void *item = *document;
	int result = flume_pipeline_process(candidate ? candidate : side->pipeline, call, &item,
					    err);
	*document = item;
	return result;
}

void call_show(const struct request *r, const struct call_side *side,
	       const flume_pipeline *candidate, const struct call_end *end)
{
	struct taps *taps = &r->http->taps;
	struct flume_pipeline_info info;
	if (!taps_wanted(taps))
		return;
	flume_pipeline_read(candidate ? candidate : side->pipeline, &info);
	taps_offer(taps, &(struct tap_call){
				 .name = side->name,
				 .version = info.version,
				 .request = r->id,
				 .generation = candidate ? 0 : info.generation,
				 .result = end->result,
				 .err = end->err,
				 .took_ns = end->took_ns,
				 .input = end->body,
				 .input_len = end->len,
				 .output = end->document,
			 });
}

void call_offer(const struct call_side *side, const char *body, size_t len)
{
	if (side->share)
		share_offer(side->share, body, len);
}

void call_answer_unknown(struct request *r)
{
	char **names = flume_factory_dup_binding_names(r->http->factory);
	size_t n = 0;
	while (names && names[n])
		n++;
	const char *near = names ? suggest(r->name, (const char *const *)names, n) : NULL;
	answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found",
			near ? "no pipeline '%s'; did you mean '%s'?" : "no pipeline '%s'",
			r->name, near);
	free((void *)names);
}
