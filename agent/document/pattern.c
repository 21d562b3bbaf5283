#include "agent/document/pattern.h"

#include <stdio.h>

int pattern_make(struct regex **out, const flume_value *decl, const char *at,
		 flume_report *report)
{
	char place[512];
	struct flume_err err = {0};
	const flume_value *pattern = flume_value_get(decl, "pattern");
	int rc = regex_compile(out, flume_value_text(pattern), &err);
	if (rc != FLUME_INVALID)
		return rc;
	snprintf(place, sizeof place, "%s.pattern", at);
	flume_report_add(report, "bad-pattern", place, pattern, NULL, "%s", err.text);
	return FLUME_REJECTED;
}
