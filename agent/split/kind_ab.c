#include "agent/split/kinds.h"

#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "switch",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Name of the A/B switch.  While there is none, no route is named."},
	{0},
};

struct ab {
	struct switchboard *board;
	struct switch_slot *slot;
};

static const char *pick(const struct flume_call *call, const void *item, void *arg,
			char scratch[256])
{
	enum ab_why why;
	const struct ab *ab = arg;
	return slot_ask(ab->slot, call, item, scratch, &why) ? scratch : NULL;
}

static void done(void *arg)
{
	struct ab *ab = arg;
	switchboard_unref(ab->board);
	free(ab);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)path;
	(void)report;
	struct ab *ab = malloc(sizeof *ab);
	int rc = ab ? kind_slot(decl, scope, &ab->board, &ab->slot) : FLUME_NOMEM;
	if (rc) {
		free(ab);
		return rc;
	}
	out->pick = pick;
	out->prompt = true;
	out->arg = ab;
	out->done = done;
	return FLUME_OK;
}

const struct board_kind kind_ab = {
	.row = {
		.of = FLUME_CONDITION,
		.kind = "ab",
		.about = "The variant of an A/B switch that the document is in.",
		.fields = fields,
		.example = "{kind: ab, switch: checkout-layout}",
		.make = make,
	}};
