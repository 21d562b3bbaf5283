/* places.h - the paths that the canary of a schema names: what may differ, and what live goes by. */
#ifndef FLUME_AGENT_DOCUMENT_PLACES_H
#define FLUME_AGENT_DOCUMENT_PLACES_H

#include "lib/flume.h"

/* A finding for each that is no path.  `canary` may be NULL, and has passed the check of its
 * structure.  Returns 0, FLUME_REJECTED or FLUME_NOMEM. */
int places_check(const flume_value *canary, flume_report *);

#endif
