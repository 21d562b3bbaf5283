/* status_watch.h - inside agent/cmd: the fleet at a glance, until somebody ends it. */
#ifndef FLUME_AGENT_CMD_STATUS_WATCH_H
#define FLUME_AGENT_CMD_STATUS_WATCH_H

#include "agent/cmd/follow.h"

/* On a terminal a picture that changes; else the whole once and then a line for each change.  As JSON
 * the whole, each time.  `timeout_ns` 0: no end.  An exit code. */
int status_watch(const struct follow_from *, int64_t timeout_ns, bool json);

#endif
