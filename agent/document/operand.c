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

int operand_make(struct operand **out, const flume_value *decl, const char *at,
		 flume_report *report)
{
	char place[512];
	struct operand *operand = calloc(1, sizeof *operand);
	if (!operand)
		return FLUME_NOMEM;
	snprintf(place, sizeof place, "%s.value", at);
	int bad_path = paths_field(&operand->path, decl, at, report);
	int rc = bad_path == FLUME_NOMEM
			 ? bad_path
			 : document_from_value(&operand->constant,
					       flume_value_get(decl, "value"), place, report);
	if (bad_path || rc) {
		operand_free(operand);
		return rc ? rc : bad_path;
	}
	operand->value = document_root(operand->constant);
	*out = operand;
	return FLUME_OK;
}

int operand_make_ordered(struct operand **out, const flume_value *decl, const char *at,
			 flume_report *report)
{
	struct operand *operand = NULL;
	int order, rc = operand_make(&operand, decl, at, report);
	if (rc)
		return rc;
	if (!document_view_compare(&operand->value, &operand->value, &order)) {
		char place[512];
		snprintf(place, sizeof place, "%s.value", at);
		flume_report_add(report, "bad-value", place, flume_value_get(decl, "value"),
				 NULL, "%s has no order; expected a number or a text",
				 document_kind_text(operand->value.kind));
		operand_free(operand);
		return FLUME_REJECTED;
	}
	*out = operand;
	return FLUME_OK;
}

void operand_free(void *arg)
{
	struct operand *operand = arg;
	if (!operand)
		return;
	path_fini(&operand->path);
	document_free(operand->constant);
	free(operand);
}

bool operand_compare(const struct operand *operand, const struct document *document,
		     int *out_order)
{
	struct document_view view;
	return document_get(document, &operand->path, &view) &&
	       document_view_compare(&view, &operand->value, out_order);
}
