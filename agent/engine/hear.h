/* hear.h - inside agent/engine: what steps of the pipelines say of themselves goes to the log. */
#ifndef FLUME_AGENT_ENGINE_HEAR_H
#define FLUME_AGENT_ENGINE_HEAR_H

#include "lib/flume.h"

/* A positive ticket for flume_factory_unlisten, or a negative code. */
int engine_hear(flume_factory *);

#endif
