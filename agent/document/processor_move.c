/*
 * Where rename says a new path for each field, move says one place for all of them: they keep their
 * last keys.  `fields: [street, billing.city], to: address` makes address.street and address.city.
 */
#include "agent/document/kinds.h"
#include "agent/document/moves.h"
#include "agent/document/paths.h"
#include "agent/document/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Paths of what to move, all at once; missing ones are fine."},
	{.name = "to",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Path of the object to move them into, under their last keys; without it, "
		  "the document itself."},
	{0},
};

/* The last key of `from` as it is written, behind `into` and a dot. */
static int compile_to(struct path *out, const struct path *from, const char *into)
{
	size_t begin = from->count > 1 ? from->steps[from->count - 2].end + 1 : 0;
	const char *key = from->text + begin;
	size_t size = strlen(into) + strlen(key) + 2;
	char *text = malloc(size);
	if (!text)
		return FLUME_NOMEM;
	snprintf(text, size, "%s%s%s", into, *into ? "." : "", key);
	int rc = path_compile(out, text, NULL);
	free(text);
	return rc;
}

static int add_move(struct moves *moves, const flume_value *list, size_t i, const char *into,
		    const char *at, flume_report *report)
{
	char place[512];
	struct path from = {0}, to = {0};
	snprintf(place, sizeof place, "%s.fields[%zu]", at, i);
	int rc = paths_compile(&from, flume_value_at(list, i), place, report);
	if (rc)
		return rc;
	if (from.steps[from.count - 1].key)
		rc = compile_to(&to, &from, into);
	else
		rc = FLUME_INVALID;
	if (!rc) {
		moves_add(moves, from, to);
		return FLUME_OK;
	}
	if (rc == FLUME_INVALID) {
		flume_report_add(report, "bad-path", place, flume_value_at(list, i),
				 "use 'rename'", "'%.64s' cannot keep its last key", from.text);
		rc = FLUME_REJECTED;
	}
	path_fini(&from);
	return rc;
}

static int fill(struct moves *moves, const flume_value *decl, const char *at,
		flume_report *report)
{
	struct path into = {0};
	const flume_value *list = flume_value_get(decl, "fields");
	const char *text = setting_text(fields, decl, "to");
	int rc = moves_refuse_many(list, at, report), failed = FLUME_OK;
	if (text)
		failed = paths_key(&into, decl, "to", at, report);
	rc = failed ? failed : rc;
	for (size_t i = 0; !failed && i < flume_value_size(list) && moves->n < DOCUMENT_MOVES &&
			   rc != FLUME_NOMEM;
	     i++) {
		int bad = add_move(moves, list, i, text ? text : "", at, report);
		rc = bad ? bad : rc;
	}
	path_fini(&into);
	return rc ? rc : moves_end(moves, list, at, report);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct moves *moves = moves_new();
	if (!moves)
		return FLUME_NOMEM;
	int rc = fill(moves, decl, path, report);
	if (rc) {
		moves_free(moves);
		return rc;
	}
	out->run = moves_run;
	out->prompt = true;
	out->arg = moves;
	out->done = moves_free;
	return FLUME_OK;
}

const struct flume_maker kind_move = {
	.of = FLUME_PROCESSOR,
	.kind = "move",
	.about = "Moves fields into one object, or out of others, under their own keys.",
	.fields = fields,
	.example = "{kind: move, fields: [id, total], to: order}",
	.make = make,
};
