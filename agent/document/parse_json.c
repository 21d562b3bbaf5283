#include "agent/document/bounded.h"
#include "agent/document/kinds.h"
#include "agent/document/parsing.h"

#include <stdlib.h>

static const struct flume_field fields[] = {PARSING_FIELDS, {0}};

static int parse(const struct parsing *parsing, const struct document_view *view,
		 struct document *document, const void *arg, struct flume_err *err)
{
	(void)arg;
	return bounded_set_json(document, &parsing->to, view->text, view->len, err);
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	return parsing_run(arg, *item, true, parse, NULL, err);
}

static void done(void *arg)
{
	parsing_fini(arg);
	free(arg);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct parsing *parsing = calloc(1, sizeof *parsing);
	int rc = parsing ? parsing_make(parsing, fields, decl, path, report) : FLUME_NOMEM;
	if (rc) {
		if (parsing)
			done(parsing);
		return rc;
	}
	out->run = run;
	out->prompt = true;
	out->arg = parsing;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_parse_json = {
	.of = FLUME_PROCESSOR,
	.kind = "parse-json",
	.about = "Reads a text that holds JSON; its value takes the place of the text.",
	.fields = fields,
	.example = "{kind: parse-json, field: payload, to: order}",
	.make = make,
};
