/* fleet.h - inside agent/http: on the loop's thread, GET /fleet. */
#ifndef FLUME_AGENT_HTTP_FLEET_H
#define FLUME_AGENT_HTTP_FLEET_H

#include "agent/http/inside.h"

/* Takes the request, which waits, and makes it ready with its answer. */
void fleet_push(struct request *);

#endif
