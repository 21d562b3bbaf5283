#include "lib/factory/event.h"

#include <stdio.h>

#define FLUME_X(id, name, about) {name, about},
static const struct {
	const char *name, *about;
} events[] = {FLUME_EVENTS(FLUME_X)};
#undef FLUME_X

const char *flume_event_name(enum flume_event_kind kind)
{
	return (unsigned)kind < FLUME_EVENT_COUNT ? events[kind].name : "unknown";
}

const char *flume_event_about(enum flume_event_kind kind)
{
	return (unsigned)kind < FLUME_EVENT_COUNT ? events[kind].about : "";
}

void findings_err(struct flume_err *err, int rc, const flume_report *report)
{
	const struct flume_issue *first = flume_report_get_issue(report, 0);
	*err = (struct flume_err){0};
	flume_fail(err, rc, "%s", first ? first->text : flume_code_text(rc));
	if (first)
		snprintf(err->path, sizeof err->path, "%s", first->path);
}

/* ---- stages ---- */

static void tell(const struct stage *stage, enum flume_event_kind kind,
		 const struct flume_err *err)
{
	if (!hub_heard(stage->hub))
		return;
	hub_emit(stage->hub, &(struct flume_event){
				     .kind = kind,
				     .duration_ns = hub_since(stage->hub, stage->began_ns),
				     .schema_id = stage->id,
				     .version = flume_schema_get_version(stage->schema),
				     .err = err,
			     });
}

struct stage stage_begin(const struct hub *hub, enum flume_event_kind started, const char *id,
			 const flume_schema *schema)
{
	struct stage stage = {hub, started, id, schema, HUB_UNTIMED};
	tell(&stage, started, NULL);
	stage.began_ns = hub_began(hub);
	return stage;
}

int stage_end(const struct stage *stage, int rc, const flume_report *report)
{
	struct flume_err err;
	if (rc)
		findings_err(&err, rc, report);
	tell(stage, stage->started + (rc ? 2 : 1), rc ? &err : NULL);
	return rc;
}

/* ---- components ---- */

static void emit_component(const struct hub *hub, enum flume_event_kind first,
			   const struct component *component)
{
	hub_emit(hub, &(struct flume_event){.kind = first + component->kind,
					    .name = component->is.name});
}

void emit_registered(const struct hub *hub, const struct component *component)
{
	emit_component(hub, FLUME_EVENT_PROCESSOR_REGISTERED, component);
}

void emit_removed(const struct hub *hub, const struct component *component)
{
	emit_component(hub, FLUME_EVENT_PROCESSOR_REMOVED, component);
}

/* The rows that are counted on to stand in a row. */
_Static_assert(FLUME_EVENT_CHANNEL_REGISTERED ==
		       FLUME_EVENT_PROCESSOR_REGISTERED + (int)FLUME_CHANNEL,
	       "one event for each kind of component, in their order");
_Static_assert(FLUME_EVENT_CHANNEL_REMOVED ==
		       FLUME_EVENT_PROCESSOR_REMOVED + (int)FLUME_CHANNEL,
	       "one event for each kind of component, in their order");
_Static_assert(FLUME_EVENT_SCHEMA_VALIDATION_FAILED ==
		       FLUME_EVENT_SCHEMA_VALIDATION_STARTED + 2,
	       "started, completed, failed");
_Static_assert(FLUME_EVENT_SCHEMA_BUILD_FAILED == FLUME_EVENT_SCHEMA_BUILD_STARTED + 2,
	       "started, completed, failed");
