/* status_print.h - inside agent/cmd: the fleet at a glance, as text. */
#ifndef FLUME_AGENT_CMD_STATUS_PRINT_H
#define FLUME_AGENT_CMD_STATUS_PRINT_H

#include "agent/fleet/view.h"
#include "lib/base/text.h"

/* Lines; without control characters. */
void status_print(struct text *, const struct fleet_view *);

#endif
