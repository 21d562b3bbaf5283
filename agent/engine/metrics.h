/*
 * metrics.h - what the engine counts: see agent/metric/metric.h.
 */
#ifndef FLUME_AGENT_ENGINE_METRICS_H
#define FLUME_AGENT_ENGINE_METRICS_H

#include "agent/metric/metric.h"

extern const struct metric engine_metrics[];
extern const struct metric config_metrics[];

#endif
