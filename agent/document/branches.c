#include "agent/document/branches.h"

#include "agent/document/settings.h"

int branches_read(bool *out_skip, const struct flume_field *table, const flume_value *decl,
		  const char *at, flume_report *report)
{
	static const char *const words[] = {"fail", "skip", NULL};
	unsigned word;
	int rc = setting_choice(&word, words, table, decl, "on_failure", at, report);
	if (!rc)
		*out_skip = word;
	return rc;
}

int branches_failure(const struct flume_result *results, size_t n, struct flume_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (results[i].err)
			return flume_fail(err, results[i].err->code, "%.64s: %s",
					  results[i].name, results[i].err->text);
	return FLUME_OK;
}
