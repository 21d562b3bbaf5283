/* version.h - which of two versions is the later one, as the agent and its commands see it.  Pure. */
#ifndef FLUME_AGENT_ENGINE_VERSION_H
#define FLUME_AGENT_ENGINE_VERSION_H

#include "lib/flume.h"

/* As flume_version_compare; and two whole numbers, of any length, have the order of their values. */
int version_order(const char *a, const char *b);

#endif
