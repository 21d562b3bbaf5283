#include "agent/document/parsing.h"

#include "agent/document/paths.h"
#include "agent/document/room.h"

int parsing_make(struct parsing *parsing, const struct flume_field *table,
		 const flume_value *decl, const char *at, flume_report *report)
{
	bool to = flume_value_get(decl, "to");
	int rc = failure_read(&parsing->failure, table, decl, at, report);
	int bad_from = paths_field(&parsing->from, decl, at, report), bad_to = FLUME_OK;
	if (bad_from != FLUME_NOMEM)
		bad_to = paths_key(&parsing->to, decl, to ? "to" : "field", at,
				   to ? report : NULL);
	if (bad_from == FLUME_NOMEM || bad_to == FLUME_NOMEM)
		return FLUME_NOMEM;
	return rc ? rc : bad_from ? bad_from : bad_to;
}

void parsing_fini(struct parsing *parsing)
{
	path_fini(&parsing->from);
	path_fini(&parsing->to);
}

int parsing_run(const struct parsing *parsing, struct document *document, bool texts,
		parsing_fn *parse, const void *arg, struct flume_err *err)
{
	struct document_view view;
	int rc;
	if (!document_get(document, &parsing->from, &view) || view.kind == DOCUMENT_NULL)
		return FLUME_OK;
	if (texts && view.kind != DOCUMENT_TEXT)
		rc = flume_fail(err, FLUME_FAILED, "%.160s: %s, not a text", parsing->from.text,
				document_kind_text(view.kind));
	else if (view.kind == DOCUMENT_TEXT && view.len > ROOM_MOST)
		rc = flume_fail(err, FLUME_FAILED, "%.160s: longer than 1 MiB",
				parsing->from.text);
	else
		rc = parse(parsing, &view, document, arg, err);
	return failure_end(parsing->failure, rc, document, &parsing->to, err);
}
