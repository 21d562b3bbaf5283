/* unopened.h - channels where schemas are only checked. */
#ifndef FLUME_AGENT_OUTSIDE_UNOPENED_H
#define FLUME_AGENT_OUTSIDE_UNOPENED_H

#include "lib/flume.h"

/* For flume_maker.make: a channel that opens nothing and takes nothing. */
int unopened_make(const flume_value *decl, const char *path, flume_scope *,
		  struct flume_component *out, flume_report *);

#endif
