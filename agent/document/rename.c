#include "agent/document/kinds.h"
#include "agent/document/moves.h"
#include "agent/document/paths.h"

#include <stdio.h>

static const struct flume_field fields[] = {
	{.name = "fields",
	 .type = FLUME_FIELD_TEXT_MAP,
	 .required = true,
	 .about = "Old paths, each with its new one; all at once, missing ones are fine."},
	{0},
};

static int add_move(struct moves *moves, const flume_value *map, size_t i, const char *at,
		    flume_report *report)
{
	char place[512];
	const flume_value *key = flume_value_key(map, i);
	snprintf(place, sizeof place, "%s.fields.%s", at, flume_value_text(key));
	struct path from = {0}, to = {0};
	int bad_from = paths_compile(&from, key, place, report);
	int rc = bad_from == FLUME_NOMEM
			 ? bad_from
			 : paths_compile(&to, flume_value_at(map, i), place, report);
	if (!bad_from && !rc) {
		moves_add(moves, from, to);
		return FLUME_OK;
	}
	path_fini(&from);
	path_fini(&to);
	return rc ? rc : bad_from;
}

static int fill(struct moves *moves, const flume_value *map, const char *at,
		flume_report *report)
{
	int rc = moves_refuse_many(map, at, report);
	for (size_t i = 0;
	     i < flume_value_size(map) && moves->n < DOCUMENT_MOVES && rc != FLUME_NOMEM; i++) {
		int failed = add_move(moves, map, i, at, report);
		rc = failed ? failed : rc;
	}
	return rc ? rc : moves_end(moves, map, at, report);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct moves *moves = moves_new();
	if (!moves)
		return FLUME_NOMEM;
	int rc = fill(moves, flume_value_get(decl, "fields"), path, report);
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

const struct flume_maker kind_rename = {
	.of = FLUME_PROCESSOR,
	.kind = "rename",
	.about = "Moves fields to other paths; what stood there goes.",
	.fields = fields,
	.example = "{kind: rename, fields: {cust: customer, 'items[0].no': first}}",
	.make = make,
};
