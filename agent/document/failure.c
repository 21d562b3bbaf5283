#include "agent/document/failure.h"

#include "agent/document/settings.h"

int failure_read(enum failure *out, const struct flume_field *table, const flume_value *decl,
		 const char *at, flume_report *report)
{
	static const char *const words[] = {"fail", "nullify", "remove", "keep", NULL};
	unsigned word;
	int rc = setting_choice(&word, words, table, decl, "on_failure", at, report);
	if (!rc)
		*out = (enum failure)word;
	return rc;
}

int failure_end(enum failure how, int rc, struct document *document, const struct path *at,
		struct flume_err *err)
{
	if (rc != FLUME_FAILED || how == FAILURE_FAILS)
		return rc;
	if (how == FAILURE_NULLS)
		return document_set_null(document, at, err);
	if (how == FAILURE_REMOVES)
		document_remove(document, at);
	return FLUME_OK;
}
