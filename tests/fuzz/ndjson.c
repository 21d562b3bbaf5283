/*
 * Bytes that say where to cut, and lines: whatever the cuts, each line has what it has alone, worked
 * on in the plainest way.
 */
#include "agent/ndjson/ndjson.h"

#include "agent/document/document.h"
#include "agent/document/kinds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST ((size_t)40)

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

/* {"id"} has to be there; "t" is dropped. */
static flume_pipeline *build(void)
{
	static const char text[] =
		"components: {processors: {r: {kind: require, fields: [id]},\n"
		"  d: {kind: drop}, s: {kind: set, fields: {x: 1}}},\n"
		"  predicates: {t: {kind: exists, field: t}}}\n"
		"type: sequence\n"
		"children: [{ref: r}, {ref: s},\n"
		"  {type: filter, predicate: t, then: {ref: d}}]\n";
	flume_factory *factory = NULL;
	flume_schema *schema = NULL;
	flume_pipeline *pipeline = NULL;
	require(!flume_factory_new(&factory, &(struct flume_options){.type = &document_type},
				   NULL) &&
			!document_register(factory, NULL) &&
			!flume_schema_parse(&schema, text, sizeof text - 1, FLUME_YAML, NULL,
					    NULL) &&
			!flume_schema_build(schema, factory, &pipeline, NULL),
		"a pipeline");
	flume_schema_unref(schema);
	flume_factory_free(factory);
	return pipeline;
}

/* ---- the plain way ---- */

static void tell(void *arg, const struct ndjson_refusal *r)
{
	text_addf(arg, "%" PRIu64 " %d %s ", r->line, r->code, r->step);
	text_add_json(arg, r->input, r->len);
	text_add_char(arg, '\n');
}

static void plain_line(flume_pipeline *pipeline, uint64_t number, const char *s, size_t len,
		       struct text *out, struct text *told)
{
	struct ndjson_refusal why = {.line = number, .step = "", .input = s};
	struct document *document = NULL;
	struct flume_err err = {0};
	len -= len && s[len - 1] == '\r';
	why.len = len;
	size_t blank = 0;
	while (blank < len && memchr(" \t\r", s[blank], 3))
		blank++;
	if (len > MOST) {
		why.code = FLUME_INVALID;
		why.len = MOST;
		tell(told, &why);
		return;
	}
	if (blank == len)
		return;
	why.code = document_parse(&document, s, len, &err);
	void *item = document;
	if (!why.code)
		why.code = flume_pipeline_process(pipeline, NULL, &item, &err);
	document = item;
	if (why.code < 0) {
		why.step = err.path;
		tell(told, &why);
	} else if (!why.code) {
		char *json = document_dump(document, NULL);
		require(json, "memory");
		text_add(out, json);
		text_add(out, "\n");
		free(json);
	}
	document_free(document);
}

static uint64_t plain(flume_pipeline *pipeline, const char *s, size_t len, struct text *out,
		      struct text *told)
{
	uint64_t lines = 0;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(s + at, '\n', len - at);
		size_t n = end ? (size_t)(end - s) - at : len - at;
		plain_line(pipeline, ++lines, s + at, n, out, told);
		at += n + 1;
	}
	return lines;
}

/* ---- the engine ---- */

/* A piece is a block of its own, so that the sanitizer sees a look beyond it. */
static size_t feed(struct ndjson *n, const char *s, size_t len, struct text *out, size_t full)
{
	size_t taken = 0;
	char *piece = malloc(len ? len : 1);
	require(piece, "memory");
	memcpy(piece, s, len);
	require(!ndjson_feed(n, piece, len, &taken, out, full), "feeding goes well");
	require(taken <= len, "no more is taken than there is");
	require(taken == len || out->len >= full, "all is taken, unless it is full");
	free(piece);
	return taken;
}

static void feed_all(struct ndjson *n, const uint8_t *cuts, size_t n_cuts, const char *s,
		     size_t len, struct text *all)
{
	struct text out = {0};
	for (size_t at = 0, i = 0; at < len; i++) {
		size_t step = n_cuts ? (size_t)cuts[i % n_cuts] + 1 : len;
		at += feed(n, s + at, step < len - at ? step : len - at, &out, 16);
		text_add_n(all, out.s ? out.s : "", out.len);
		out.len = 0;
	}
	text_fini(&out);
	require(!ndjson_end(n, all), "the end goes well");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static flume_pipeline *pipeline;
	struct text out = {0}, told = {0}, plain_out = {0}, plain_told = {0};
	size_t n_cuts = size ? data[0] % 8 : 0;
	if (size < 1 + n_cuts)
		return 0;
	if (!pipeline)
		pipeline = build();
	const char *s = (const char *)data + 1 + n_cuts;
	size_t len = size - 1 - n_cuts;
	struct ndjson n = {.pipeline = pipeline, .most = MOST, .refused = tell, .arg = &told};
	feed_all(&n, data + 1, n_cuts, s, len, &out);
	uint64_t lines = plain(pipeline, s, len, &plain_out, &plain_told);
	require(n.lines == lines, "all lines are counted");
	require(n.read == n.written + n.dropped + n.rejected, "each has one end");
	require(out.len == plain_out.len && (!out.len || !memcmp(out.s, plain_out.s, out.len)),
		"results are the same");
	require(told.len == plain_told.len &&
			(!told.len || !memcmp(told.s, plain_told.s, told.len)),
		"refusals are the same");
	ndjson_fini(&n);
	text_fini(&out);
	text_fini(&told);
	text_fini(&plain_out);
	text_fini(&plain_told);
	return 0;
}
