#include "agent/split/kinds.h"

#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	{.name = "switch",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Name of the A/B switch.  While there is none, the answer is no."},
	{.name = "variant",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "The variant to ask for."},
	{0},
};

struct flag {
	struct switchboard *board;
	struct switch_slot *slot;
	const char *variant; /* of the declaration */
};

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	char variant[AB_NAME];
	enum ab_why why;
	const struct flag *flag = arg;
	return slot_ask(flag->slot, call, item, variant, &why) &&
	       !strcmp(variant, flag->variant);
}

static void done(void *arg)
{
	struct flag *flag = arg;
	switchboard_unref(flag->board);
	free(flag);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)path;
	(void)report;
	struct flag *flag = malloc(sizeof *flag);
	int rc = flag ? kind_slot(decl, scope, &flag->board, &flag->slot) : FLUME_NOMEM;
	if (rc) {
		free(flag);
		return rc;
	}
	flag->variant = flume_value_text(flume_value_get(decl, "variant"));
	out->test = test;
	out->prompt = true;
	out->arg = flag;
	out->done = done;
	return FLUME_OK;
}

const struct board_kind kind_flag = {
	.row = {
		.of = FLUME_PREDICATE,
		.kind = "flag",
		.about = "Is the document in this variant of an A/B switch?",
		.fields = fields,
		.example = "{kind: flag, switch: checkout-layout, variant: compact}",
		.make = make,
	}};
