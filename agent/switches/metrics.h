/* metrics.h - what is counted of switches: see agent/metric/metric.h. */
#ifndef FLUME_AGENT_SWITCHES_METRICS_H
#define FLUME_AGENT_SWITCHES_METRICS_H

#include "agent/metric/metric.h"
#include "agent/switches/switches.h"

extern const struct metric switches_metrics[];
/* Those that change with every document; the others are on the engine's page. */
void switches_write_counts(struct switches *, struct text *out);

#endif
