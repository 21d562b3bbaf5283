#include "agent/engine/extra.h"

#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

/* What else a `canary` may have is for the schema's author to say. */
static void check_keys(const flume_value *root, flume_report *report)
{
	for (size_t i = 0; i < flume_value_size(root); i++) {
		const flume_value *key = flume_value_key(root, i);
		const char *name = key ? flume_value_text(key) : "cases";
		if (strcmp(name, "cases") != 0 && strcmp(name, "max_latency") != 0 &&
		    strncmp(name, "x-", 2) != 0)
			flume_report_add(report, "unknown-key", "canary", key, NULL,
					 "unknown key '%s': extra cases have 'cases' and "
					 "'max_latency' alone",
					 name);
	}
	if (flume_value_type(root) == FLUME_MAP && !flume_value_get(root, "cases"))
		flume_report_add(report, "missing-key", "canary", root, NULL,
				 "'cases' is missing: a list of inputs and what must come of "
				 "them");
}

static int check(const flume_value *root, flume_report *report)
{
	size_t before = flume_report_size(report);
	check_keys(root, report);
	if (flume_report_size(report) > before)
		return FLUME_REJECTED;
	return flume_canary_check(root, report);
}

static int wrap(flume_schema **out, const flume_value *root, flume_report *report)
{
	struct text t = {0};
	char *canary = flume_value_dup_json(root);
	if (!canary)
		return FLUME_NOMEM;
	text_addf(&t, "{\"canary\":%s}", canary);
	free(canary);
	int rc = t.failed ? FLUME_NOMEM
			  : flume_schema_parse(out, t.s, t.len, FLUME_JSON, NULL, report);
	text_fini(&t);
	return rc;
}

int extra_read(flume_schema **out, const char *text, size_t len, enum flume_format format,
	       flume_report *report)
{
	flume_value *root;
	int rc = flume_value_parse(&root, text, len, format, NULL, report);
	if (rc)
		return rc;
	rc = check(root, report);
	if (!rc)
		rc = wrap(out, root, report);
	flume_value_free(root);
	return rc;
}
