/* view_json.h - the fleet at a glance as JSON: what `flume status -o json` and GET /fleet say. */
#ifndef FLUME_AGENT_FLEET_VIEW_JSON_H
#define FLUME_AGENT_FLEET_VIEW_JSON_H

#include "agent/fleet/view.h"
#include "lib/base/text.h"

/* One object and a line feed.  `at`: "2026-11-27T16:00:00Z", when the store was read.  Returns the
 * offset behind `at` and the store's revision: what follows is the same as long as the fleet is. */
size_t fleet_view_json(struct text *, const struct fleet_view *, const char *at);
/* A member of an object; without those of its members that are not known. */
void fleet_add_version(struct text *, const char *key, const struct fleet_version *);

#endif
