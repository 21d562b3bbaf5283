/* metrics.h - all that /metrics shows. */
#ifndef FLUME_AGENT_HTTP_METRICS_H
#define FLUME_AGENT_HTTP_METRICS_H

#include "agent/metric/metric.h"

/* The tables of all rooms, in the order in which they are shown; NULL ends them. */
extern const struct metric *const metrics_tables[];

#endif
