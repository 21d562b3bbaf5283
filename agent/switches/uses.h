/* uses.h - inside this room: which of the schemas that run ask which switch. */
#ifndef FLUME_AGENT_SWITCHES_USES_H
#define FLUME_AGENT_SWITCHES_USES_H

#include "agent/engine/guest.h"
#include "lib/base/map.h"

struct uses {                /* all zero is an empty one */
	uint64_t as_of;      /* engine_get_commits, and one more; 0: never */
	struct map switches; /* name to a struct map of the names of schemas */
};

struct uses_from {
	flume_factory *factory;
	const struct engine *engine;
	const flume_value *components; /* of the node; may be NULL */
};
/* Lent until the next call; looks at the schemas again when they have changed.  0 or FLUME_NOMEM. */
int uses_find(struct uses *, const struct uses_from *, const char *name,
	      const struct map **out);
void uses_fini(struct uses *);

#endif
