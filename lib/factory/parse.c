/* Reading schemas for a factory: with its limits, and told to its listeners. */
#include "lib/factory/event.h"
#include "lib/factory/factory.h"

static void emit(const struct hub *hub, enum flume_event_kind kind, const char *path,
		 int64_t began_ns, const flume_schema *schema, const struct flume_err *err)
{
	hub_emit(hub, &(struct flume_event){
			      .kind = kind,
			      .duration_ns = hub_since(hub, began_ns),
			      .name = path,
			      .version = schema ? flume_schema_get_version(schema) : "",
			      .err = err,
		      });
}

static void emit_parsed(const struct hub *hub, const char *path, int64_t began_ns, int rc,
			const flume_schema *schema, const flume_report *report)
{
	struct flume_err err;
	if (rc)
		findings_err(&err, rc, report);
	emit(hub, rc ? FLUME_EVENT_SCHEMA_PARSE_FAILED : FLUME_EVENT_SCHEMA_PARSED, path,
	     began_ns, rc ? NULL : schema, rc ? &err : NULL);
}

/* What was read but is no schema was a file all the same. */
static void emit_loaded(const struct hub *hub, const char *path, int64_t began_ns, int rc,
			const flume_schema *schema, const flume_report *report)
{
	struct flume_err err;
	if (!rc || rc == FLUME_SYNTAX) {
		emit(hub, FLUME_EVENT_SCHEMA_FILE_LOADED, path, began_ns, rc ? NULL : schema,
		     NULL);
		emit_parsed(hub, path, began_ns, rc, schema, report);
	} else {
		findings_err(&err, rc, report);
		emit(hub, FLUME_EVENT_SCHEMA_FILE_FAILED, path, began_ns, NULL, &err);
	}
}

int flume_factory_parse_schema(flume_factory *factory, flume_schema **out, const char *text,
			       size_t len, enum flume_format format, flume_report *given)
{
	const struct hub *hub = factory->hub;
	flume_report *own = given ? NULL : flume_report_new();
	flume_report *report = given ? given : own;
	int64_t began_ns = hub_began(hub);
	int rc = flume_schema_parse(out, text, len, format, &hub->limits, report);
	emit_parsed(hub, "", began_ns, rc, rc ? NULL : *out, report);
	flume_report_free(own);
	return rc;
}

int flume_factory_load_schema(flume_factory *factory, flume_schema **out, const char *path,
			      flume_report *given)
{
	const struct hub *hub = factory->hub;
	flume_report *own = given ? NULL : flume_report_new();
	flume_report *report = given ? given : own;
	int64_t began_ns = hub_began(hub);
	int rc = flume_schema_load(out, path, &hub->limits, report);
	emit_loaded(hub, path, began_ns, rc, rc ? NULL : *out, report);
	flume_report_free(own);
	return rc;
}
