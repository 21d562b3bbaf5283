#include "agent/document/operand.h"

#include "agent/document/paths.h"

#include <stdio.h>
#include <stdlib.h>

const struct flume_field operand_fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the value to compare."},
	{.name = "value",
	 .type = FLUME_FIELD_SCALAR,
	 .required = true,
	 .about = "The constant to compare it with; numbers compare by value."},
	{0},
};

static void done(void *arg)
{
	struct operand *operand = arg;
	path_fini(&operand->path);
	document_free(operand->constant);
	free(operand);
}

static int fill(struct operand *operand, const flume_value *decl, const char *at,
		flume_report *report)
{
	char place[512];
	snprintf(place, sizeof place, "%s.value", at);
	int bad_path = paths_field(&operand->path, decl, at, report);
	if (bad_path == FLUME_NOMEM)
		return bad_path;
	int rc = document_from_value(&operand->constant, flume_value_get(decl, "value"), place,
				     report);
	if (!rc)
		operand->value = document_root(operand->constant);
	return rc ? rc : bad_path;
}

int operand_make(struct flume_component *out, flume_test_fn *test, const flume_value *decl,
		 const char *at, flume_report *report)
{
	struct operand *operand = calloc(1, sizeof *operand);
	int rc = operand ? fill(operand, decl, at, report) : FLUME_NOMEM;
	if (rc) {
		if (operand)
			done(operand);
		return rc;
	}
	out->test = test;
	out->prompt = true;
	out->arg = operand;
	out->done = done;
	return FLUME_OK;
}

int operand_make_ordered(struct flume_component *out, flume_test_fn *test,
			 const flume_value *decl, const char *at, flume_report *report)
{
	struct flume_component made = *out;
	int order, rc = operand_make(&made, test, decl, at, report);
	if (rc)
		return rc;
	const struct operand *operand = made.arg;
	if (!document_view_compare(&operand->value, &operand->value, &order)) {
		char place[512];
		snprintf(place, sizeof place, "%s.value", at);
		flume_report_add(report, "bad-value", place, flume_value_get(decl, "value"),
				 NULL, "%s has no order; expected a number or a text",
				 document_kind_text(operand->value.kind));
		made.done(made.arg);
		return FLUME_REJECTED;
	}
	*out = made;
	return FLUME_OK;
}

bool operand_compare(const struct operand *operand, const struct document *document,
		     int *out_order)
{
	struct document_view view;
	return document_get(document, &operand->path, &view) &&
	       document_view_compare(&view, &operand->value, out_order);
}
