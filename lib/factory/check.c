/* A schema against a factory without a place in its store: nothing can refer back to it. */
#include "lib/base/report.h"
#include "lib/factory/event.h"
#include "lib/factory/factory.h"

#include <string.h>

static bool store_has(void *arg, const char *id)
{
	flume_schema *schema = flume_factory_dup_schema(arg, id);
	flume_schema_unref(schema);
	return schema;
}

static char *no_cycle(void *arg, const char *id)
{
	(void)arg;
	(void)id;
	return NULL;
}

static char **store_dup_ids(void *arg)
{
	return flume_factory_dup_schema_ids(arg);
}

static flume_schema *store_dup(void *arg, const char *id)
{
	return flume_factory_dup_schema(arg, id);
}

static int check(flume_schema *schema, flume_factory *factory, struct flume_scope *scope,
		 flume_report *report)
{
	const struct store_view store = {store_has, no_cycle, store_dup_ids, factory};
	struct stage stage =
		stage_begin(factory->hub, FLUME_EVENT_SCHEMA_VALIDATION_STARTED, "", schema);
	int rc = build_scope(scope, &factory->registry, schema);
	if (!rc)
		rc = check_schema(schema, scope, &store, &factory->hub->limits, NULL, report);
	return stage_end(&stage, rc, report);
}

static int build(flume_schema *schema, flume_factory *factory, struct flume_scope *scope,
		 flume_pipeline **out, flume_report *report)
{
	const struct build_source from = {factory->hub, &factory->registry, store_dup, factory};
	struct stage stage =
		stage_begin(factory->hub, FLUME_EVENT_SCHEMA_BUILD_STARTED, "", schema);
	int rc = build_pipeline(out, &from, schema, scope, "", report);
	if (!rc)
		pipeline_hand_out(*out);
	return stage_end(&stage, rc, report);
}

int flume_schema_check(flume_schema *schema, flume_factory *factory, flume_report *given)
{
	if (!factory)
		return check_schema(schema, NULL, NULL, NULL, NULL, given);
	flume_report own = {0};
	struct flume_scope scope;
	int rc = check(schema, factory, &scope, given ? given : &own);
	scope_fini(&scope);
	report_fini(&own);
	return rc;
}

int flume_schema_build(flume_schema *schema, flume_factory *factory, flume_pipeline **out,
		       flume_report *given)
{
	flume_report own = {0}, *report = given ? given : &own;
	struct flume_scope scope;
	int rc = check(schema, factory, &scope, report);
	if (!rc)
		rc = build(schema, factory, &scope, out, report);
	scope_fini(&scope);
	report_fini(&own);
	return rc;
}
