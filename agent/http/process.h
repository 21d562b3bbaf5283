/* process.h - what the system counts of this process, under the names that all exporters use. */
#ifndef FLUME_AGENT_HTTP_PROCESS_H
#define FLUME_AGENT_HTTP_PROCESS_H

#include "agent/metric/metric.h"

extern const struct metric process_metrics[];
void process_write(struct text *out);

#endif
