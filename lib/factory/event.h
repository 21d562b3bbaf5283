/*
 * event.h - inside lib/factory: work that is told of when it begins and when it ends.
 */
#ifndef FLUME_FACTORY_EVENT_H
#define FLUME_FACTORY_EVENT_H

#include "lib/component/component.h"
#include "lib/connector/hub.h"

/* Three events in a row: started, completed, failed.  Lends its texts. */
struct stage {
	const struct hub *hub;
	enum flume_event_kind started;
	const char *id;
	const flume_schema *schema;
	int64_t began_ns;
};

/* Tells that it begins; `id` is "" for a schema that has no place in the store. */
struct stage stage_begin(const struct hub *, enum flume_event_kind started, const char *id,
			 const flume_schema *);
/* Tells how it ended, a failure with the first finding of `report`, and returns `rc`. */
int stage_end(const struct stage *, int rc, const flume_report *);

/* The first finding as an error; without one, the words of the code. */
void findings_err(struct flume_err *, int rc, const flume_report *);

void emit_registered(const struct hub *, const struct component *);
void emit_removed(const struct hub *, const struct component *);

#endif
