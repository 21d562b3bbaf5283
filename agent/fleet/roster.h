/* roster.h - what the store wants and what each live node says, kept up to date key by key.  Pure. */
#ifndef FLUME_AGENT_FLEET_ROSTER_H
#define FLUME_AGENT_FLEET_ROSTER_H

#include "agent/fleet/view.h"
#include "lib/base/map.h"

struct fleet_roster {                  /* all zero is an empty one */
	struct map nodes;              /* to struct fleet_said */
	struct map wants[FLEET_KINDS]; /* to revisions */
	int64_t revision;              /* of the store */
};

/* 0 or FLUME_NOMEM.  `revision` 0: it is not wanted any more. */
int fleet_roster_want(struct fleet_roster *, enum fleet_kind, const char *name,
		      int64_t revision);
/* Keeps `said`, also when it fails. */
int fleet_roster_say(struct fleet_roster *, struct fleet_said *);
void fleet_roster_leave(struct fleet_roster *, const char *node);
/* `only`: a name, lent; NULL: all.  NULL when out of memory. */
struct fleet_view *fleet_roster_view(const struct fleet_roster *, const char *only);
void fleet_roster_fini(struct fleet_roster *);

#endif
