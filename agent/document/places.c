/*
 * The library checks the structure of a canary and leaves the paths in it to whoever knows the
 * documents.  Found here, a wrong one is told by `flume lint` and not at the end of a shadow.
 */
#include "agent/document/places.h"

#include "agent/document/paths.h"

#include <stdio.h>

/* The first that is fatal wins; of the others one is enough. */
static int both(int a, int b)
{
	return a == FLUME_NOMEM || !b ? a : b;
}

static int check_one(const flume_value *text, const char *at, flume_report *report)
{
	struct path path;
	int rc = paths_compile(&path, text, at, report);
	if (!rc)
		path_fini(&path);
	return rc;
}

static int check_except(const flume_value *canary, const char *key, flume_report *report)
{
	const flume_value *list = flume_value_get(flume_value_get(canary, key), "except");
	size_t n = list ? flume_value_size(list) : 0;
	int rc = 0;
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		char at[64];
		snprintf(at, sizeof at, "canary.%s.except[%zu]", key, i);
		rc = both(rc, check_one(flume_value_at(list, i), at, report));
	}
	return rc;
}

int places_check(const flume_value *canary, flume_report *report)
{
	const flume_value *by = flume_value_get(flume_value_get(canary, "live"), "by");
	int rc = both(check_except(canary, "compare", report),
		      check_except(canary, "shadow", report));
	return both(rc, by ? check_one(by, "canary.live.by", report) : 0);
}
