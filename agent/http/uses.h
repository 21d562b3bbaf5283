/* uses.h - inside agent/http: who needs a schema that is to go. */
#ifndef FLUME_AGENT_HTTP_USES_H
#define FLUME_AGENT_HTTP_USES_H

#include "agent/http/inside.h"

/* True, with the answer given, when a schema that runs here refers to the one that the request names, or
 * a switch sends documents to it. */
bool uses_answer(struct request *);

#endif
